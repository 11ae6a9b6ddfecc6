"""Pages that quote the numbers and tables of a run, and lists of all tables and figures.

A page writes a number as `74<!--ifrp.seen.frr-->`; in Typst, `#n("ifrp.seen.frr", 0)`. A table stands between
`<!--table results/default/quality.md-->` and `<!--end-->`, and what tables and figures there are between `<!--list tables-->` or
`<!--list figures-->` and `<!--end-->`. Between `<!--scores gpu: ifrp ifrp-plus-->` and `<!--end-->` stand FRR and FSIM of these
experiments of that run, below the published ones of IFRP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ifrp import paths, reference
from ifrp.artifacts import atomic, require_writable
from ifrp.config import STYLE_SPLITS
from ifrp.errors import IfrpError
from ifrp.paper import figures, tables
from ifrp.paper.documents import DOCUMENTS
from ifrp.paper.tables.cells import number
from ifrp.provenance import read_card

QUOTE = re.compile(r"([+−]?)(\d[\d,]*)(\.\d+)?<!--([^\s>]+?)-->")
TABLE = re.compile(r"(<!--table (\S+)-->\n).*?(<!--end-->)", re.DOTALL)
SCORES = re.compile(r"(<!--scores (\S+): ([^>]*?)-->\n).*?(<!--end-->)", re.DOTALL)
LIST = re.compile(r"(<!--list (tables|figures)-->\n).*?(<!--end-->)", re.DOTALL)


def known(folder: Path) -> dict[str, float]:
    """The numbers that are kept for the pages: those of `default` by their names, others as `<folder>:<name>`."""
    numbers: dict[str, float] = {}
    for path in sorted(folder.glob("*/numbers*.json")):
        prefix = "" if path.parent.name == "default" else f"{path.parent.name}:"
        numbers |= {f"{prefix}{key}": value for key, value in json.loads(path.read_text()).items()}
    return numbers


def keep(into: Path) -> None:
    """Copies the last run's tables, numbers, training curves and models' cards to where the pages show them from.

    Of the default run, also lists what `ifrp check --reference` compares with.

    Raises:
        IfrpError: there is no run to copy from.
    """
    if not paths.numbers("paper").exists():
        raise IfrpError(f"There is no {paths.numbers('paper')}: run `snakemake --cores all` first.")
    require_writable(into / paths.numbers("paper").name)
    files = [*paths.TABLES.glob("*.md"), *paths.TABLES.glob("*.csv"), paths.STYLE_DISTANCE]
    copies = {path: path.name for path in files}
    copies |= {path: f"curve-{path.parent.name}.csv" for path in paths.RECOVERY_RESULTS.glob("*/curve.csv")}
    copies |= {path: f"card-{path.name}" for path in paths.RECOVERY_MODELS.glob("*.json")}
    for path, name in copies.items():
        with atomic(into / name) as new:
            new.write_bytes(path.read_bytes())
    for document in DOCUMENTS:
        if paths.numbers(document).exists():
            with atomic(into / paths.numbers(document).name) as new:
                facts = read_card(paths.numbers(document))["facts"]
                new.write_text(json.dumps(facts, indent=0, sort_keys=True) + "\n")
    if into == paths.REFERENCE.parent:
        reference.write()


def quoted(page: Path, numbers: Mapping[str, float]) -> str:
    """A page with its numbers and tables as they should be.

    Args:
        page: a Markdown file.
        numbers: by name.

    Raises:
        IfrpError: it quotes a number or a table that is not there.
    """

    def asked(key: str) -> float:
        if key not in numbers:
            raise IfrpError(f"{page} quotes {key}, which is not among the numbers of any document.")
        return numbers[key]

    def put(match: re.Match[str]) -> str:
        sign, whole, decimals, key = match.groups()
        text = number(asked(key), len(decimals or ".") - 1, sign=sign == "+")
        whole, _, rest = text.partition(".")
        grouped = f"{int(whole):,}" if "," in match[2] else whole
        return f"{grouped}{'.' if rest else ''}{rest}<!--{key}-->"

    def lay(match: re.Match[str]) -> str:
        table = page.parent / match[2]
        if not table.exists():
            raise IfrpError(f"{page} shows the table {match[2]}, which does not exist.")
        return f"{match[1]}{table.read_text()}{match[3]}"

    def name(match: re.Match[str]) -> str:
        return f"{match[1]}{listed(match[2])}{match[3]}"

    def score(match: re.Match[str]) -> str:
        return f"{match[1]}{scored(match[2], match[3].split(), asked)}{match[4]}"

    return LIST.sub(name, SCORES.sub(score, TABLE.sub(lay, QUOTE.sub(put, page.read_text()))))


def scored(run: str, experiments: Sequence[str], numbers: Callable[[str], float]) -> str:
    """FRR and FSIM of IFRP as published, and of some experiments of a run, as a table in Markdown."""
    headings = ("", *(f"{metric}, {split}" for split in STYLE_SPLITS for metric in ("FRR", "FSIM")))
    prefix = "" if run == "default" else f"{run}:"
    rows = {"IFRP as published": ("published.identity.ifrp", "published.quality.ifrp")}
    rows |= {f"`{name}`": (f"{prefix}{name}", f"{prefix}{name}") for name in experiments}
    lines = [headings, ("---",) + ("--:",) * (len(headings) - 1)]
    for label, (identity, quality) in rows.items():
        values = [
            text
            for split in STYLE_SPLITS
            for text in (
                f"{number(numbers(f'{identity}.{split}.frr'), 1)} %",
                number(numbers(f"{quality}.{split}.fsim"), 2),
            )
        ]
        lines.append((label, *values))
    return _markdown(lines)


def listed(what: str) -> str:
    """All tables, or all figures, what each shows and where the paper has it, as a table in Markdown."""
    every = tables.every() if what == "tables" else figures.every()
    rows = [(f"`{part.name}`", part.shows, part.of_paper) for part in every.values()]
    lines = [(what.removesuffix("s"), "what it shows", "in the paper"), ("---",) * 3, *rows]
    return _markdown(lines)


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def refresh(pages: Sequence[Path], into: Path) -> None:
    """Keeps the last run's tables and numbers, and brings pages up to date with them.

    Raises:
        IfrpError: there is no run, or a page quotes what is not there; then no page is changed.
    """
    keep(into)
    numbers = known(into.parent)
    texts = {page: quoted(page, numbers) for page in pages}
    for page, text in texts.items():
        with atomic(page) as new:
            new.write_text(text)
