"""What recovery costs, from the cards of models and recovered faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.config import Config, experiments, styles
from ifrp.paper.part import training_cards
from ifrp.paper.tables.cells import NOT_PUBLISHED, WORSE, number, published
from ifrp.paper.tables.grid import Grid
from ifrp.paper.tables.table import Table
from ifrp.provenance import read_card

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "Cost of training and of recovery"


def recovered(config: Config) -> list[Path]:
    """The recovered stacks of all experiments."""
    names = [style.name for style in styles(config)]
    return [paths.recovered(experiment, n) for experiment in config.recovery.experiments for n in names]


def cards(config: Config) -> list[Path]:
    """The cards of those experiments that are trained."""
    return training_cards(config, config.recovery.experiments)


def spent(config: Config) -> pd.DataFrame:
    """One row per experiment: parameters, steps, faces seen in training, seconds, milliseconds per face, machine.

    An experiment without a model (its recovered faces say which) has no training columns.
    """
    import pandas as pd

    rows = []
    for experiment in config.recovery.experiments:
        cards = [read_card(paths.recovered(experiment, style.name)) for style in styles(config)]
        faces = sum(card["facts"]["faces"] for card in cards)
        milliseconds = sum(card["facts"]["faces"] * card["facts"]["ms_per_face"] for card in cards)
        rows.append(
            {
                "experiment": experiment, "method": experiments.resolve(config, experiment).method,
                **_training(experiment, cards[0]),
                "ms_per_face": milliseconds / faces, "machine": _machine(cards[0]["machine"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def compare(config: Config) -> pd.DataFrame:
    """The same, with the published milliseconds per face before ours, and the difference after."""
    milliseconds, values = published("timing"), spent(config)
    printed = [milliseconds.get((name, "all", "inference")) for name in values["experiment"]]
    pairs = zip(values["ms_per_face"], printed, strict=True)
    place = list(values).index("ms_per_face")
    values.insert(place, "published_ms_per_face", printed)
    values.insert(
        place + 2, "difference", [None if paper is None else ours - float(paper) for ours, paper in pairs]
    )
    return values


def _training(experiment: str, recovered: dict[str, Any]) -> dict[str, object]:
    model = paths.recovery_model(experiment)
    if str(model) not in recovered["inputs"]:
        return dict.fromkeys(("parameters", "steps", "faces_seen", "training_seconds", "training_machine"))
    card = read_card(model)
    facts = card["facts"]
    return {
        "parameters": sum(facts["parameters"].values()),
        "steps": facts["steps"],
        "faces_seen": facts["steps"] * card["settings"]["training"]["batch"],
        "training_seconds": facts["training_seconds"],
        "training_machine": _machine(card["machine"]),
    }


def _machine(machine: dict[str, Any]) -> str:
    threads = machine.get("threads", machine["cores"])
    return str(machine.get("gpu") or f"{machine['processor']}, {threads} thread{'s' if threads != 1 else ''}")


def lay_out(values: pd.DataFrame) -> Grid:
    """Arranges the costs for printing."""
    import pandas as pd

    columns = [
        ("", "Experiment"), ("Training", "parameters"), ("Training", "steps"), ("Training", "faces seen"),
        ("Training", "seconds"), ("Training", "machine"), ("ms per face", "published"), ("ms per face", "ours"),
        ("ms per face", "difference"), ("", "Machine"),
    ]  # fmt: skip
    rows = []
    for row in values.to_dict("records"):
        training = ["none", "", "", "", ""]
        if not pd.isna(row["steps"]):
            counts = [f"{int(row[key]):,}" for key in ("parameters", "steps", "faces_seen")]
            training = [*counts, number(row["training_seconds"], 0), row["training_machine"]]
        compared = not pd.isna(row["difference"])
        slower = f" {WORSE}" if compared and row["difference"] > 0 else ""
        rows.append(
            [
                str(row["experiment"]), *training,
                str(row["published_ms_per_face"]) if compared else NOT_PUBLISHED, number(row["ms_per_face"], 2),
                number(row["difference"], 2, sign=True) + slower if compared else "", str(row["machine"]),
            ]
        )  # fmt: skip
    notes = [
        "Parameters of all networks that are trained; faces seen counts each pair as often as it was shown.",
        f"{NOT_PUBLISHED} not published; {WORSE} slower than published. The paper does not name its GPU.",
    ]
    return Grid(CAPTION, columns, rows, notes)


TABLES = (
    Table(
        name="timing",
        module=__name__,
        shows="milliseconds per face; steps, faces, seconds and parameters of each training",
        of_paper="Sec. 3.3",
        reads=lambda config: [*recovered(config), paths.PUBLISHED],
        cards=cards,
        caption=CAPTION,
        compare=compare,
        lay_out=lay_out,
    ),
)
