"""A table as text cells, and its four printed forms: Markdown, TeX, Typst and HTML."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from itertools import groupby

from ifrp import paths

NOT_PUBLISHED, NOT_RUN, WORSE, USELESS, BEST, TIED, LOOKED = "–", "not run", "↓", "‡", "*", "=", "°"
HEADINGS = {
    "psnr": "PSNR (dB)", "ssim": "SSIM", "fsim": "FSIM", "fsimc": "FSIMc", "frr": "FRR (%)",
    "rank1": "Rank-1 (%)", "cosine": "Cosine",
}  # fmt: skip
DECIMALS = {
    "psnr": 2, "ssim": 3, "fsim": 3, "fsimc": 3, "psnr-colour": 2, "psnr-contrast": 2, "frr": 2, "fcr": 2, "rank1": 2,
    "rank1-distractors": 2, "cosine": 3, "time-per-epoch": 1,
}  # fmt: skip
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
    """

    caption: str
    columns: list[tuple[str, str]]
    rows: list[list[str]]
    notes: list[str]

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
        return "\n\n".join([f"**{self.caption}**", "\n".join(lines), *self.notes]) + "\n"

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
            r"\end{tabular}", *(rf"\par {_tex(note)}" for note in self.notes), r"\end{table}",
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
                *(f"<tr>{line}</tr>" for line in lines), "</table>", *(f"<p>{escape(note)}</p>" for note in self.notes),
                "</body></html>", "",
            ]
        )  # fmt: skip

    def _groups(self) -> list[tuple[str, int]]:
        """The headings that columns side by side share, and how many columns each has."""
        runs = groupby(group for group, _ in self.columns)
        return [(group, len(list(members))) for group, members in runs]

    def typst(self) -> str:
        """A figure around a table, as Typst markup."""
        groups = []
        for group, width in self._groups():
            groups += (
                [f"table.cell(colspan: {width}, align: center)[{_typst(group)}]"] if group else ["[]"] * width
            )
        sides = ", ".join("right" if group else "left" for group, _ in self.columns)
        cells = [
            [f"[{_typst(cell)}]" for cell in row] for row in ([name for _, name in self.columns], *self.rows)
        ]
        head = [
            *([", ".join(groups)] if any(group for group, _ in self.columns) else []),
            ", ".join(cells[0]),
        ]
        lines = [
            "#figure(", "  table(", f"    columns: {len(self.columns)},", f"    align: ({sides},),",
            f"    table.header({', '.join(head)}),", *(f"    {', '.join(row)}," for row in cells[1:]), "  ),",
            f"  caption: [{_typst(' '.join([self.caption + '.', *self.notes]))}],", ")",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _typst(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\#$*_`<>@[]~=" else letter for letter in text)


def _tex(text: str) -> str:
    return "".join(TEX.get(letter, letter) for letter in text)


def printed() -> dict[tuple[str, str, str, str], str]:
    """All values of the paper, as printed, by table, method, split and metric."""
    with paths.PUBLISHED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["table"], row["method"], row["split"], row["metric"]): row["value"] for row in rows}


def published(table: str) -> dict[tuple[str, str, str], str]:
    """Values of one table of the paper, as printed, by method, split and metric."""
    return {key[1:]: value for key, value in printed().items() if key[0] == table}


def number(value: float, decimals: int, sign: bool = False) -> str:
    """A number, its half rounded up, with a true minus sign, and a plus sign if asked for."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:{'+' if sign else ''}f}".replace("-", "−")


def bracketed(value: float, low: float, high: float, decimals: int) -> str:
    """A number and, in brackets, the two ends of its range."""
    return f"{number(value, decimals)} [{number(low, decimals)}, {number(high, decimals)}]"
