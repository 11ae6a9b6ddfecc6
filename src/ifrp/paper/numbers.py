"""Every number that a text may quote, by name, and the documents that quote them.

A document writes a number as `74<!--ifrp.seen.frr-->`; in Typst, `#n("ifrp.seen.frr", 0)`. A table stands between
`<!--table results/default/quality.md-->` and `<!--end-->`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ifrp import config as settings
from ifrp import paths, why
from ifrp.artifacts import atomic, card, read_card
from ifrp.errors import IfrpError
from ifrp.paper import DOCUMENTS
from ifrp.paper.grid import number

QUOTE = re.compile(r"([+−]?)(\d[\d,]*)(\.\d+)?<!--([^\s>]+?)-->")
TABLE = re.compile(r"(<!--table (\S+)-->\n).*?(<!--end-->)", re.DOTALL)


def experiments(config: settings.Config, document: str) -> list[str]:
    """The experiments whose numbers a document quotes.

    Raises:
        IfrpError: there is no such document.
    """
    if document not in DOCUMENTS:
        raise IfrpError(f"There is no document {document}; there are {', '.join(DOCUMENTS)}.")
    if document == "paper":
        return list(config.recovery.experiments)
    rows = (name for table in config.paper.ablations.values() for name in table.values() if name)
    return list(dict.fromkeys(rows))


def inputs(config: settings.Config, document: str) -> list[Path]:
    """What the numbers are taken from."""
    names = experiments(config, document)
    files = [paths.summary(name) for name in names]
    files += [paths.recovery_model(name) for name in names if paths.recovery_model(name).exists()]
    return [*files, paths.faces("test"), paths.faces("train"), paths.STYLE_DISTANCE, paths.PUBLISHED]


def collect(config: settings.Config, document: str) -> dict[str, float]:
    """Numbers by name.

    `<experiment>.<split>.<metric>` is a mean, in the metric's unit; `.low` and `.high` after it are the ends of its
    interval, `.n` the faces that were averaged. `<experiment>.<fact>` is what its training took: steps, epochs,
    training_seconds, parameters. `step.<rule>.seconds` and `.memory` (MB) are what a step of the workflow took on the
    way. `<set>.faces` and `<set>.people` count the stacks of faces, `distance.<style>` is that of an artwork from faces,
    and `published.<table>.<row>.<split>.<metric>` what the paper prints.
    """
    import csv

    import pandas as pd

    found: dict[str, float] = {}
    for name in experiments(config, document):
        table = pd.read_csv(paths.summary(name), keep_default_na=False)
        for row in table[table["style"] == ""].to_dict("records"):
            key = f"{name}.{row['split']}.{row['metric']}"
            found |= {
                key: row["value"],
                f"{key}.low": row["low"],
                f"{key}.high": row["high"],
                f"{key}.n": row["n"],
            }
        found |= _training(name)
    for split in ("train", "test"):
        table = pd.read_csv(paths.faces(split).with_suffix(".csv"), dtype={"person": str})
        found |= {f"{split}.faces": len(table), f"{split}.people": int(table["person"].nunique())}
    found |= _steps([paths.summary(name) for name in experiments(config, document)])
    distances = pd.read_csv(paths.STYLE_DISTANCE)
    for row in distances[distances["layer"] == "combined"].to_dict("records"):
        found[f"distance.{row['style']}"] = row["distance"]
    with paths.PUBLISHED.open(newline="") as file:
        for told in csv.DictReader(file):
            if ":" not in told["value"]:
                found[".".join(["published", *(told[k] for k in ("table", "method", "split", "metric"))])] = (
                    float(told["value"])
                )
    return found


def _steps(results: Sequence[Path]) -> dict[str, float]:
    """What each step on the way to some results took: seconds of all its jobs, and megabytes of the largest."""
    cards = {path: made for result in results for _, path, made in why.chain(result)}
    spent: dict[tuple[str, str], float] = {}
    memory: dict[str, float] = {}
    for made in cards.values():
        step = why.rule(made)
        job = (
            step,
            made["command"] if step == "evaluation_identity" else made["artifact"],
        )  # FRR and FCR are one job
        spent[job] = max(spent.get(job, 0), made["seconds"])
        memory[step] = max(memory.get(step, 0), made["peak_memory_mb"])
    seconds = {step: sum(value for (of, _), value in spent.items() if of == step) for step in memory}
    return {f"step.{step}.seconds": seconds[step] for step in memory} | {
        f"step.{step}.memory": memory[step] for step in memory
    }


def _training(experiment: str) -> dict[str, float]:
    model = paths.recovery_model(experiment)
    if not model.exists():
        return {}
    facts = read_card(model)["facts"]
    told = {key: facts[key] for key in ("steps", "epochs", "training_seconds")}
    told["parameters"] = sum(facts["parameters"].values())
    return {f"{experiment}.{key}": value for key, value in told.items()}


def write(config: settings.Config, document: str) -> None:
    """Writes the numbers of a document: a card whose facts they are."""
    told = {
        "document": document, "experiments": experiments(config, document), "experiment": config.paper.experiment,
        "source": config.faces.source, "size": config.faces.size, "top": config.evaluation.top,
        "judge": config.evaluation.recogniser, "runtime": settings.plain(config.runtime),
        "styles": {split: [row.name for row in settings.styles(config) if row.split == split]
                   for split in settings.STYLE_SPLITS},
        "ablations": list(config.paper.ablations),
    }  # fmt: skip
    with card(paths.numbers(document), told, config.seed, inputs(config, document)) as facts:
        facts.update(collect(config, document))


def known(folder: Path) -> dict[str, float]:
    """The numbers that are kept for the pages: those of `default` by their names, others as `<folder>:<name>`."""
    found: dict[str, float] = {}
    for path in sorted(folder.glob("*/numbers*.json")):
        prefix = "" if path.parent.name == "default" else f"{path.parent.name}:"
        found |= {f"{prefix}{key}": value for key, value in json.loads(path.read_text()).items()}
    return found


def keep(into: Path) -> None:
    """Copies the tables and numbers of the last run to where the pages show them from.

    Raises:
        IfrpError: there is no run to copy from.
    """
    if not paths.numbers("paper").exists():
        raise IfrpError(f"There is no {paths.numbers('paper')}: run `snakemake --cores all` first.")
    for path in [*paths.TABLES.glob("*.md"), *paths.TABLES.glob("*.csv"), paths.STYLE_DISTANCE]:
        with atomic(into / path.name) as new:
            new.write_bytes(path.read_bytes())
    for path in paths.RECOVERY_RESULTS.glob("*/curve.csv"):
        with atomic(into / f"curve-{path.parent.name}.csv") as new:
            new.write_bytes(path.read_bytes())
    for document in DOCUMENTS:
        if paths.numbers(document).exists():
            with atomic(into / paths.numbers(document).name) as new:
                facts = read_card(paths.numbers(document))["facts"]
                new.write_text(json.dumps(facts, indent=0, sort_keys=True) + "\n")


def quoted(page: Path, numbers: Mapping[str, float]) -> str:
    """A page with its numbers and tables as they should be.

    Args:
        page: a Markdown file.
        numbers: by name.

    Raises:
        IfrpError: it quotes a number or a table that is not there.
    """

    def put(match: re.Match[str]) -> str:
        sign, whole, decimals, key = match.groups()
        if key not in numbers:
            raise IfrpError(f"{page} quotes {key}, which is not among the numbers of any document.")
        text = number(numbers[key], len(decimals or ".") - 1, sign=sign == "+")
        whole, _, rest = text.partition(".")
        grouped = f"{int(whole):,}" if "," in match[2] else whole
        return f"{grouped}{'.' if rest else ''}{rest}<!--{key}-->"

    def lay(match: re.Match[str]) -> str:
        table = page.parent / match[2]
        if not table.exists():
            raise IfrpError(f"{page} shows the table {match[2]}, which does not exist.")
        return f"{match[1]}{table.read_text()}{match[3]}"

    return TABLE.sub(lay, QUOTE.sub(put, page.read_text()))


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
