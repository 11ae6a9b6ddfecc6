"""Reads YAML as people write it: no key twice, no plain word taken for something else, one sentence for what is wrong."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from ifrp.errors import IfrpError

LARGEST = 10 * 2**20
"""bytes of a file"""
MOST = 100_000
"""values in it, those that an alias repeats counted each time"""
PLAIN = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|\.(?:inf|Inf|INF))"
        r"|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    "null": (r"~|null|Null|NULL|", ("~", "n", "N", "")),
    "merge": (r"<<", "<"),
}
"""what unquoted text can be beside text: pattern and first characters, by YAML's name of the kind"""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with fewer surprises: `no`, dates, 1:30 (which is no 90) and 010 (which is no 8) are text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - so PyYAML declares it, and adds below


for _kind, (_pattern, _first) in PLAIN.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern})$"), list(_first))


def read(path: Path) -> dict[str, Any]:
    """The plain content of a YAML or JSON file of settings.

    Raises:
        IfrpError: it is missing or cannot be read, is not UTF-8, YAML or a mapping, has a key twice, or is far too large.
    """
    if not path.exists():
        raise IfrpError(
            f"There is no configuration file {path}: run from the project's root, or name one with --config."
        )
    values = parse(_text(path), str(path))
    if not isinstance(values, dict):
        raise IfrpError(
            f"{path} holds no configuration: it must be a mapping of sections such as faces and styles."
        )
    return values


def parse(text: str, where: str) -> Any:
    """The plain content of some YAML.

    Args:
        text: the YAML.
        where: what to call it in a sentence.

    Raises:
        IfrpError: as `read`.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        for count, _ in enumerate(_walk(node, [], where)):
            if count > MOST:
                raise IfrpError(f"{where} has more than {MOST:,} values, which is no configuration.")
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        tab = "\\t" in str(error.problem)
        problem = "a tab, where YAML wants blanks" if tab else error.problem or error.context
        raise IfrpError(f"{where}{line}, is not valid YAML: {problem}.") from error
    except RecursionError as error:
        raise IfrpError(f"{where} is not valid YAML: too many brackets within one another.") from error
    # A character or a number that is none; one of thousands of digits.
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).partition(";")[0].split())
        raise IfrpError(f"{where} is not valid YAML: {reason}.") from error


def refuse_twins(text: str, where: str) -> None:
    """Refuses a key that comes twice in some YAML; what is no YAML is for its reader to say.

    Raises:
        IfrpError: one does.
    """
    with suppress(yaml.YAMLError, RecursionError):
        node = _Loader(text).get_single_node()
        for _ in _walk(node, [], where) if node else ():
            pass


def _text(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise IfrpError(f"{path} has more than {LARGEST / 2**20:.0f} MB, which is no configuration.")
        content = path.read_bytes()
    except OSError as error:
        raise IfrpError(f"{path} cannot be read as a configuration file: {error.strerror}.") from error
    return decoded(content, path, "is not UTF-8: save the file with that encoding")


def decoded(content: bytes, path: Path, fault: str) -> str:
    """Text in UTF-8, with or without a byte order mark, or in UTF-16 with one.

    Args:
        content: of a file.
        path: of the file, for the sentence.
        fault: what to say of the line that is neither.

    Raises:
        IfrpError: there is one.
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise IfrpError(f"{path}, line {line}, {fault}.") from error


def _walk(node: yaml.Node, above: list[yaml.Node], where: str) -> Iterator[yaml.Node]:
    """All nodes, through aliases; refuses keys that come twice and what holds itself.

    Raises:
        IfrpError: see above.
    """
    if any(node is other for other in above):
        raise IfrpError(f"{where}, line {node.start_mark.line + 1}: an alias stands for what it is part of.")
    yield node
    if isinstance(node, yaml.MappingNode):
        _without_twins(node, where)
        inner = [part for pair in node.value for part in pair]
    else:
        inner = list(node.value) if isinstance(node, yaml.SequenceNode) else []
    for part in inner:
        yield from _walk(part, [*above, node], where)


def _without_twins(node: yaml.MappingNode, where: str) -> None:
    """Refuses a key that comes twice. What is merged in by `<<` may be said again, which is what it is for."""
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line, same = key.start_mark.line + 1, (key.tag, key.value)
        if same in lines:
            raise IfrpError(
                f"{where}: the key {key.value} is there twice, in line {lines[same]} and in line {line}; leave one out."
            )
        lines[same] = line
