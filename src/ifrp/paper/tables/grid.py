"""A table as text cells, and its forms: Markdown, TeX and HTML as printed, and Typst, which the documents lay out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from html import escape
from itertools import groupby
from typing import TypeAlias

TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "–": "--", "−": "$-$", "↓": r"$\downarrow$", "×": r"$\times$", "‡": r"$\ddagger$", "°": r"$^\circ$",
}  # fmt: skip
STYLE = (
    "body {font: 13px sans-serif} table {border-collapse: collapse} caption {font-weight: bold; padding: 8px}"
    "td, th {padding: 3px 8px; text-align: right; white-space: nowrap} td:first-child, th:first-child {text-align: left}"
    "tr:nth-child(even) {background: #f2f2f2} th {border-bottom: 1px solid #888}"
)


@dataclass(frozen=True)
class Grid:
    """A table ready to print.

    Attributes:
        caption: what it shows.
        columns: group and name of each column; columns side by side of one group share a heading and are set
            to the right; "" is no group.
        rows: cells, in plain text.
        notes: sentences below the table.
        legend: those before them that say the same of every table of its kind.
    """

    caption: str
    columns: list[tuple[str, str]]
    rows: list[list[str]]
    notes: list[str]
    legend: Sequence[str] = ()

    @property
    def sentences(self) -> list[str]:
        """All that is below the table."""
        return [*self.legend, *self.notes]

    def markdown(self) -> str:
        """A pipe table between caption and notes; the group is repeated in the heading of its columns."""
        heads = [f"{group} {name}".strip() for group, name in self.columns]
        cells = [heads, *self.rows]
        widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(heads))]
        lines = [
            "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells
        ]
        dashes = zip(("-" * (width - 1) for width in widths), self.columns, strict=True)
        sides = [line + ":" if group else ":" + line for line, (group, _) in dashes]
        lines.insert(1, "| " + " | ".join(sides) + " |")
        return "\n\n".join([f"**{self.caption}**", "\n".join(lines), *self.sentences]) + "\n"

    def latex(self) -> str:
        """A table environment; needs the package booktabs and nothing else."""
        groups, rules, start = [], [], 1
        for group, width in self._groups():
            groups.append(
                rf"\multicolumn{{{width}}}{{c}}{{{_tex(group)}}}" if group else " & ".join([""] * width)
            )
            if group:
                rules.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
            start += width
        head = [" & ".join(groups) + r" \\", " ".join(rules)] if rules else []
        sides = "".join("r" if group else "l" for group, _ in self.columns)
        body = [" & ".join(map(_tex, row)) + r" \\" for row in self.rows]
        lines = [
            r"\begin{table}", r"\centering\scriptsize", rf"\caption{{{_tex(self.caption)}}}",
            rf"\begin{{tabular}}{{{sides}}}", r"\toprule", *head,
            " & ".join(_tex(name) for _, name in self.columns) + r" \\", r"\midrule", *body, r"\bottomrule",
            r"\end{tabular}", *(rf"\par {_tex(note)}" for note in self.sentences), r"\end{table}",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """A page of its own, which asks for no other file."""
        groups = "".join(f'<th colspan="{width}">{escape(group)}</th>' for group, width in self._groups())
        heads = [name for _, name in self.columns]
        lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self.rows]
        return "\n".join(
            [
                "<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">', f"<title>{escape(self.caption)}</title>",
                f"<style>{STYLE}</style></head><body>", f"<table><caption>{escape(self.caption)}</caption>",
                *([f"<tr>{groups}</tr>"] if any(group for group, _ in self.columns) else []),
                f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in heads)}</tr>",
                *(f"<tr>{line}</tr>" for line in lines), "</table>", *(f"<p>{escape(note)}</p>" for note in self.sentences),
                "</body></html>", "",
            ]
        )  # fmt: skip

    def _groups(self) -> list[tuple[str, int]]:
        """The headings that columns side by side share, and how many columns each has."""
        runs = groupby(group for group, _ in self.columns)
        return [(group, len(list(members))) for group, members in runs]

    def typst(self) -> str:
        """A module with the grid as a dictionary: a document chooses columns and rows of it, see paper/style.typ."""
        entries = [f"  {field.name}: {_typst(getattr(self, field.name))},\n" for field in fields(self)]
        return f"#let grid = (\n{''.join(entries)})\n"


Texts: TypeAlias = "str | Sequence[Texts]"


def _typst(value: Texts) -> str:
    """A text, or texts in lists and tuples, as a literal of Typst, whose texts are escaped as those of JSON."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"({''.join(f'{_typst(item)}, ' for item in value)})"


def _tex(text: str) -> str:
    return "".join(TEX.get(letter, letter) for letter in text)
