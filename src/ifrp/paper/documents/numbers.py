"""Every number that a text may quote, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ifrp import paths, why
from ifrp.artifacts import read_table
from ifrp.config import STYLE_SPLITS, Config, styles
from ifrp.evaluation import summary
from ifrp.paper.documents import find
from ifrp.paper.tables.cells import printed
from ifrp.provenance import card, read_card


def collect(names: Sequence[str]) -> dict[str, float]:
    """Numbers of some experiments, and those of the run that they share, by name.

    `<experiment>.<split>.<metric>` is a mean, in the metric's unit; `.low` and `.high` after it are the ends of its
    interval, `.n` the faces that were averaged. `<experiment>.<fact>` is what its training took: steps, epochs,
    training_seconds, parameters. `step.<rule>.seconds` and `.memory` (MB) are what a step of the workflow took on the
    way. `<set>.faces` and `<set>.people` count the stacks of faces, `distance.<style>` is that of an artwork from faces,
    `exposure.<style>` the correlation of the luminances of its portraits and their faces,
    and `published.<table>.<row>.<split>.<metric>` what the paper prints.
    """
    from ifrp import stacks

    numbers: dict[str, float] = {}
    for name in names:
        for (split, metric), mean in summary.overall(name).items():
            key = f"{name}.{split}.{metric}"
            numbers[key] = mean["value"]
            numbers |= {f"{key}.{end}": mean[end] for end in ("low", "high", "n")}
        numbers |= _training(name)
    for split in ("train", "test"):
        people = stacks.read(paths.faces(split)).table["person"]
        numbers |= {f"{split}.faces": len(people), f"{split}.people": int(people.nunique())}
    numbers |= _steps([paths.summary(name) for name in names])
    distances = read_table(paths.STYLE_DISTANCE, ("layer", "style", "distance"))
    for row in distances[distances["layer"] == "combined"].to_dict("records"):
        numbers[f"distance.{row['style']}"] = row["distance"]
    exposures = read_table(paths.EXPOSURE, ("style", "correlation")).dropna(subset="correlation")
    for row in exposures.to_dict("records"):
        numbers[f"exposure.{row['style']}"] = row["correlation"]
    values = {".".join(("published", *cell)): value for cell, value in printed().items()}
    # 5:20 is no number
    return numbers | {key: float(value) for key, value in values.items() if ":" not in value}


def _steps(results: Sequence[Path]) -> dict[str, float]:
    """What each step on the way to some results took: seconds of all its jobs, and megabytes of the largest."""
    cards = {path: record for result in results for _, path, record in why.chain(result)}
    spent: dict[tuple[str, str], float] = {}
    memory: dict[str, float] = {}
    for record in cards.values():
        step = why.rule(record)
        # FRR and FCR are one job with two cards; every other card is of a job, or a part of one, of its own.
        job = record["command"] if step == "evaluation_identity" else record["artifact"]
        spent[step, job] = max(spent.get((step, job), 0), record["seconds"])
        memory[step] = max(memory.get(step, 0), record["peak_memory_mb"])
    seconds = {step: sum(value for (name, _), value in spent.items() if name == step) for step in memory}
    by_unit = {"seconds": seconds, "memory": memory}
    return {f"step.{step}.{unit}": value for unit, steps in by_unit.items() for step, value in steps.items()}


def _training(experiment: str) -> dict[str, float]:
    model = paths.recovery_model(experiment)
    if not model.exists():
        return {}
    facts = read_card(model)["facts"]
    numbers = {key: facts[key] for key in ("steps", "epochs", "training_seconds")}
    numbers["parameters"] = sum(facts["parameters"].values())
    return {f"{experiment}.{key}": value for key, value in numbers.items()}


def write(config: Config, document: str) -> None:
    """Writes the numbers of a document: a card whose facts they are, and whose settings say what they are about.

    Raises:
        IfrpError: there is no such document.
    """
    content = find(document)
    settings = {
        "experiment": config.paper.experiment, "source": config.faces.source, "size": config.faces.size,
        "top": config.evaluation.top, "evaluator": config.evaluation.recogniser,
        "styles": {split: [row.name for row in styles(config) if row.split == split]
                   for split in STYLE_SPLITS},
    }  # fmt: skip
    with card(paths.numbers(document), settings, config.seed, content.counts(config)) as facts:
        facts.update(collect(content.experiments(config)))
