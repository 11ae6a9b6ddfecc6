"""Tables that people hand in, read strictly: what does not fit is told with its line, and nothing is guessed or shifted."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ifrp.config.reading import decoded
from ifrp.errors import IfrpError, sentence

DELIMITERS = (",", ";", "\t")
"""of columns; semicolons are what spreadsheets write where the comma is the decimal sign"""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        line: where it ends in its file, counted from 1.
        cells: by column, without blanks around them.
    """

    line: int
    cells: dict[str, str]


def text(path: Path) -> str:
    """The content of a text file: UTF-8 with or without a byte order mark, or UTF-16 with one.

    Raises:
        IfrpError: it cannot be read, or is no text in these encodings.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise IfrpError(sentence(error, path)) from error
    found = decoded(content, path, "is no text in UTF-8: save it as CSV in UTF-8")
    if "\0" in found:
        line = found.count("\n", 0, found.index("\0")) + 1
        raise IfrpError(
            f"{path}, line {line}, has a character that no text has (NUL): save it as CSV in UTF-8."
        )
    return found


def read(path: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of a table whose columns are separated by commas, semicolons or tabs; empty ones are left out.

    Args:
        path: of the table; its first line names the columns.
        columns: those that it must have; it may have others.

    Raises:
        IfrpError: it cannot be read, lacks a column or has one twice, or a row has more or fewer values than the first line
            has names, or a quotation mark does not end.
    """
    content = text(path)
    delimiter = _delimiter(content, columns)
    lines = _lines(path, content, delimiter)
    _, names = next(lines, (1, list[str]()))
    missing = [name for name in columns if name not in names]
    if missing:
        raise IfrpError(
            f"{path} lacks the column {missing[0]}; it needs {', '.join(columns)}, and its first line names "
            f"{', '.join(filter(None, names))[:200] or 'none'}."
        )
    twice = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if twice:
        raise IfrpError(f"{path} has the column {twice[0]} twice: leave one.")
    rows = []
    for line, values in lines:
        surplus = any(values[len(names) :])
        if surplus or len(values) < len(names):
            raise IfrpError(
                f"{path}, line {line}, has {len(values)} values for {len(names)} columns: give each column one value, "
                'in quotation marks ("a, b") if it has a comma in it.'
            )
        rows.append(Row(line, dict(zip(names, values, strict=False))))
    return rows


def listed(path: Path, columns: Sequence[str] | None = None) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a list whose values are separated by blanks, as those of CelebA.

    Args:
        path: of the list.
        columns: of each row. Without them, the first line has a number, and the second names all columns but the first,
            which is called file.

    Raises:
        IfrpError: it cannot be read, or a row has more or fewer values than there are columns.
    """
    lines = text(path).splitlines()
    first = 2 if columns is None else 0
    names = ["file", *" ".join(lines[1:2]).split()] if columns is None else list(columns)
    rows = [line.split() for line in lines[first:]]
    for number, row in enumerate(rows, start=first + 1):
        if row and len(row) != len(names):
            raise IfrpError(
                f"{path}, line {number}, has {len(row)} values for {len(names)} columns: get it again."
            )
    return names, [row for row in rows if row]


def _delimiter(content: str, columns: Sequence[str]) -> str:
    first = content.split("\n", 1)[0]
    return max(
        DELIMITERS, key=lambda sign: len({name.strip(' "\r') for name in first.split(sign)} & {*columns})
    )


def _lines(path: Path, content: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(
        io.StringIO(content, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    ended = 0
    try:
        for values in reader:
            stripped, ended = [value.strip() for value in values], reader.line_num
            if any(stripped):
                yield ended, stripped
    except csv.Error as error:
        reason = "a quotation mark does not end" if "end of data" in str(error) else error
        raise IfrpError(f"{path}, line {ended + 1}, cannot be read as a row of a table: {reason}.") from error
