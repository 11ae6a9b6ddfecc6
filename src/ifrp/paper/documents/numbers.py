"""Every number that a text may quote, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ifrp import config as settings
from ifrp import paths, why
from ifrp.artifacts import card, read_card
from ifrp.evaluation import summary
from ifrp.paper.documents import find
from ifrp.paper.tables.cells import printed


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
    of = find(document)
    about = {
        "experiment": config.paper.experiment, "source": config.faces.source, "size": config.faces.size,
        "top": config.evaluation.top, "judge": config.evaluation.recogniser,
        "styles": {split: [row.name for row in settings.styles(config) if row.split == split]
                   for split in settings.STYLE_SPLITS},
    }  # fmt: skip
    with card(paths.numbers(document), about, config.seed, of.counts(config)) as facts:
        facts.update(collect(of.experiments(config)))
