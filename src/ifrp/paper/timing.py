"""What recovery costs, from the cards of models and recovered faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import config as settings
from ifrp import paths
from ifrp.artifacts import read_card
from ifrp.paper.grid import NOT_PUBLISHED, WORSE, Grid, number, published

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "Cost of training and of recovery"
METRIC = "seconds of training, ms per face"


def inputs(config: settings.Config) -> list[Path]:
    """The recovered stacks of all experiments, and the published values."""
    names = [style.name for style in settings.styles(config)]
    stacks = [paths.recovered(experiment, n) for experiment in config.recovery.experiments for n in names]
    return [*stacks, paths.PUBLISHED]


def compare(config: settings.Config) -> pd.DataFrame:
    """One row per experiment: parameters, steps, faces seen in training, seconds, milliseconds per face, machine.

    An experiment without a model (its recovered faces say which) has no training columns.
    """
    import pandas as pd

    told = published("timing")
    rows = []
    for experiment in config.recovery.experiments:
        cards = [read_card(paths.recovered(experiment, style.name)) for style in settings.styles(config)]
        faces = sum(found["facts"]["faces"] for found in cards)
        spent = sum(found["facts"]["faces"] * found["facts"]["ms_per_face"] for found in cards)
        printed = told.get((experiment, "all", "inference"))
        rows.append(
            {
                "experiment": experiment, "method": settings.experiments.resolve(config, experiment).method,
                **_training(experiment, cards[0]),
                "published_ms_per_face": printed, "ms_per_face": spent / faces,
                "difference": None if printed is None else spent / faces - float(printed),
                "machine": _machine(cards[0]["machine"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _training(experiment: str, recovered: dict[str, Any]) -> dict[str, object]:
    model = paths.recovery_model(experiment)
    if str(model) not in recovered["inputs"]:
        return dict.fromkeys(("parameters", "steps", "faces_seen", "training_seconds", "training_machine"))
    found = read_card(model)
    facts = found["facts"]
    return {
        "parameters": sum(facts["parameters"].values()),
        "steps": facts["steps"],
        "faces_seen": facts["steps"] * found["settings"]["training"]["batch"],
        "training_seconds": facts["training_seconds"],
        "training_machine": _machine(found["machine"]),
    }


def _machine(told: dict[str, Any]) -> str:
    threads = told.get("threads", told["cores"])
    return str(told.get("gpu") or f"{told['processor']}, {threads} thread{'s' if threads != 1 else ''}")


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
        known = not pd.isna(row["difference"])
        slower = f" {WORSE}" if known and row["difference"] > 0 else ""
        rows.append(
            [
                str(row["experiment"]), *training,
                str(row["published_ms_per_face"]) if known else NOT_PUBLISHED, number(row["ms_per_face"], 2),
                number(row["difference"], 2, sign=True) + slower if known else "", str(row["machine"]),
            ]
        )  # fmt: skip
    notes = [
        "Parameters of all networks that are trained; faces seen counts each pair as often as it was shown.",
        f"{NOT_PUBLISHED} not published; {WORSE} slower than published. The paper does not name its GPU.",
    ]
    return Grid(CAPTION, columns, rows, notes)
