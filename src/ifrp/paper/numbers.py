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
from ifrp.evaluation import summary
from ifrp.paper import DOCUMENTS
from ifrp.paper.grid import number, printed

QUOTE = re.compile(r"([+−]?)(\d[\d,]*)(\.\d+)?<!--([^\s>]+?)-->")
TABLE = re.compile(r"(<!--table (\S+)-->\n).*?(<!--end-->)", re.DOTALL)


def check(document: str) -> None:
    """Refuses a document that there is not.

    Raises:
        IfrpError: there is no such document.
    """
    if document not in DOCUMENTS:
        raise IfrpError(f"There is no document {document}; there are {', '.join(DOCUMENTS)}.")


def experiments(config: settings.Config, document: str) -> list[str]:
    """The experiments whose numbers a document quotes."""
    if document == "paper":
        return list(config.recovery.experiments)
    rows = (name for table in config.paper.ablations.values() for name in table.values() if name)
    return list(dict.fromkeys(rows))


def inputs(names: Sequence[str]) -> list[Path]:
    """What the numbers of some experiments are taken from."""
    models = [paths.recovery_model(name) for name in names if paths.recovery_model(name).exists()]
    summaries = [paths.summary(name) for name in names]
    return [
        *summaries,
        *models,
        paths.faces("test"),
        paths.faces("train"),
        paths.STYLE_DISTANCE,
        paths.EXPOSURE,
        paths.PUBLISHED,
    ]


def collect(names: Sequence[str]) -> dict[str, float]:
    """Numbers of some experiments, and those of the run that they share, by name.

    `<experiment>.<split>.<metric>` is a mean, in the metric's unit; `.low` and `.high` after it are the ends of its
    interval, `.n` the faces that were averaged. `<experiment>.<fact>` is what its training took: steps, epochs,
    training_seconds, parameters. `step.<rule>.seconds` and `.memory` (MB) are what a step of the workflow took on the
    way. `<set>.faces` and `<set>.people` count the stacks of faces, `distance.<style>` is that of an artwork from faces,
    `exposure.<style>` the correlation of the luminances of its portraits and their faces,
    and `published.<table>.<row>.<split>.<metric>` what the paper prints.
    """
    import pandas as pd

    from ifrp import stacks

    found: dict[str, float] = {}
    for name in names:
        for (split, metric), mean in summary.overall(name).items():
            key = f"{name}.{split}.{metric}"
            found[key] = mean["value"]
            found |= {f"{key}.{end}": mean[end] for end in ("low", "high", "n")}
        found |= _training(name)
    for split in ("train", "test"):
        people = stacks.read(paths.faces(split)).table["person"]
        found |= {f"{split}.faces": len(people), f"{split}.people": int(people.nunique())}
    found |= _steps([paths.summary(name) for name in names])
    distances = pd.read_csv(paths.STYLE_DISTANCE)
    for row in distances[distances["layer"] == "combined"].to_dict("records"):
        found[f"distance.{row['style']}"] = row["distance"]
    exposures = pd.read_csv(paths.EXPOSURE).dropna(subset="correlation")
    for row in exposures.to_dict("records"):
        found[f"exposure.{row['style']}"] = row["correlation"]
    told = {".".join(("published", *of)): value for of, value in printed().items()}
    return found | {key: float(value) for key, value in told.items() if ":" not in value}  # 5:20 is no number


def _steps(results: Sequence[Path]) -> dict[str, float]:
    """What each step on the way to some results took: seconds of all its jobs, and megabytes of the largest."""
    cards = {path: made for result in results for _, path, made in why.chain(result)}
    spent: dict[tuple[str, str], float] = {}
    memory: dict[str, float] = {}
    for made in cards.values():
        step = why.rule(made)
        # FRR and FCR are one job with two cards; every other card is of a job, or a part of one, of its own.
        job = made["command"] if step == "evaluation_identity" else made["artifact"]
        spent[step, job] = max(spent.get((step, job), 0), made["seconds"])
        memory[step] = max(memory.get(step, 0), made["peak_memory_mb"])
    seconds = {step: sum(value for (of, _), value in spent.items() if of == step) for step in memory}
    found = {"seconds": seconds, "memory": memory}
    return {f"step.{step}.{unit}": value for unit, of in found.items() for step, value in of.items()}


def _training(experiment: str) -> dict[str, float]:
    model = paths.recovery_model(experiment)
    if not model.exists():
        return {}
    facts = read_card(model)["facts"]
    told = {key: facts[key] for key in ("steps", "epochs", "training_seconds")}
    told["parameters"] = sum(facts["parameters"].values())
    return {f"{experiment}.{key}": value for key, value in told.items()}


def write(config: settings.Config, document: str) -> None:
    """Writes the numbers of a document: a card whose facts they are, and whose settings say what they are about.

    Raises:
        IfrpError: there is no such document.
    """
    check(document)
    names = experiments(config, document)
    about = {
        "experiment": config.paper.experiment, "source": config.faces.source, "size": config.faces.size,
        "top": config.evaluation.top, "judge": config.evaluation.recogniser,
        "styles": {split: [row.name for row in settings.styles(config) if row.split == split]
                   for split in settings.STYLE_SPLITS},
    }  # fmt: skip
    with card(paths.numbers(document), about, config.seed, inputs(names)) as facts:
        facts.update(collect(names))


def known(folder: Path) -> dict[str, float]:
    """The numbers that are kept for the pages: those of `default` by their names, others as `<folder>:<name>`."""
    found: dict[str, float] = {}
    for path in sorted(folder.glob("*/numbers*.json")):
        prefix = "" if path.parent.name == "default" else f"{path.parent.name}:"
        found |= {f"{prefix}{key}": value for key, value in json.loads(path.read_text()).items()}
    return found


def keep(into: Path) -> None:
    """Copies the last run's tables, numbers, training curves and models' cards to where the pages show them from.

    Raises:
        IfrpError: there is no run to copy from.
    """
    if not paths.numbers("paper").exists():
        raise IfrpError(f"There is no {paths.numbers('paper')}: run `snakemake --cores all` first.")
    tables = [*paths.TABLES.glob("*.md"), *paths.TABLES.glob("*.csv"), paths.STYLE_DISTANCE]
    copies = {path: path.name for path in tables}
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
