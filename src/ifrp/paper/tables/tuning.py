"""What was tried on the validation people, and what it gave (`paper.tuning`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config
from ifrp.paper.tables.cells import digits, number
from ifrp.paper.tables.grid import Grid
from ifrp.paper.tables.table import Table
from ifrp.provenance import card_path, read_card

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "What was tried: PSNR of validation faces in training"
NEW = object()  # of a key that the first does not have
SHOWN = 5  # validations, at most
NO_EFFECT = ("checkpoint_minutes", "log_every", "validate_every", "validation_faces")  # on what is trained


def reads(config: Config) -> list[Path]:
    """The training curves, and the cards that say with which settings."""
    return [
        path
        for name in config.paper.tuning
        for path in (paths.training_curve(name), card_path(paths.recovery_model(name)))
    ]


def compare(config: Config) -> pd.DataFrame:
    """Every validation: columns experiment, change (settings that differ from the first's), faces_seen, psnr (dB)."""
    import pandas as pd

    parts, first = [], dict[str, Any]()
    for name in config.paper.tuning:
        settings = read_card(paths.recovery_model(name))["settings"]
        training = {key: value for key, value in settings["training"].items() if key not in NO_EFFECT}
        own = _flat(
            {"method": settings["method"], **settings["settings"], **training, "styles": settings["styles"]}
        )
        first = first or own
        change = ", ".join(f"{key} {value}" for key, value in own.items() if first.get(key, NEW) != value)
        curve = read_table(paths.training_curve(name), ["validation_psnr"]).dropna(subset="validation_psnr")
        seen = curve["step"] * settings["training"]["batch"]
        rows = {"experiment": name, "change": change, "faces_seen": seen, "psnr": curve["validation_psnr"]}
        parts.append(pd.DataFrame(rows))
    return pd.concat(parts, ignore_index=True)


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    flat = dict[str, Any]()
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": leaf for inner, leaf in _flat(value).items()}
        else:
            flat[key] = value
    return flat


def lay_out(values: pd.DataFrame) -> Grid:
    """One row per experiment; a column for each of some validations that all of them have."""
    by_name = {str(name): part for name, part in values.groupby("experiment", sort=False)}
    common = sorted(set.intersection(*(set(part["faces_seen"]) for part in by_name.values())))
    chosen = common[-1 :: -max(1, -(-len(common) // SHOWN))][::-1]
    rows = []
    for name, part in by_name.items():
        psnr = part.set_index("faces_seen")["psnr"]
        rows.append([name, part["change"].iloc[0], *(number(psnr[seen], digits("psnr")) for seen in chosen)])
    columns = [("", "Experiment"), ("", "Differs from the first in")]
    columns += [("PSNR (dB) by faces seen", f"{seen:,}") for seen in chosen]
    return Grid(
        CAPTION, columns, rows, ["The mean over the validation styles, on people that are in no other split."]
    )


TABLES = (
    Table(
        name="tuning",
        module=__name__,
        shows="what was tried on the validation people (`paper.tuning`)",
        document="ablations",
        reads=reads,
        settings=("paper.tuning",),
        wanted=lambda config: bool(config.paper.tuning),
        caption=CAPTION,
        compare=compare,
        lay_out=lay_out,
    ),
)
