"""How much luck is in a training: the same experiment trained with several seeds (`paper.seeds`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import config as settings
from ifrp import paths
from ifrp.config import STYLE_SPLITS
from ifrp.evaluation.summary import overall
from ifrp.paper.grid import NOT_PUBLISHED, Grid, number, published

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "The same training with other seeds: the mean, the lowest and the highest of the runs"
METRIC = "PSNR, SSIM, FSIM, FRR"
COLUMNS = {"psnr": ("PSNR (dB)", 2), "ssim": ("SSIM", 3), "fsim": ("FSIM", 3), "frr": ("FRR (%)", 2)}


def inputs(config: settings.Config) -> list[Path]:
    """The summaries of all runs, and the published values."""
    return [
        *(paths.summary(name) for names in config.paper.seeds.values() for name in names),
        paths.PUBLISHED,
    ]


def compare(config: settings.Config) -> pd.DataFrame:
    """Columns row, split, metric, published (text), mean, low and high (of the runs), runs."""
    import pandas as pd

    told, rows = published("quality") | published("identity"), []
    for row, names in config.paper.seeds.items():
        found = [overall(name) for name in names]
        for split in STYLE_SPLITS:
            for metric in COLUMNS:
                values = [run[split, metric]["value"] for run in found if (split, metric) in run]
                if values:
                    spread = {"mean": sum(values) / len(values), "low": min(values), "high": max(values)}
                    of = {"row": row, "split": split, "metric": metric}
                    rows.append(
                        {**of, "published": told.get((row, split, metric)), **spread, "runs": len(values)}
                    )
    return pd.DataFrame(rows)


def lay_out(values: pd.DataFrame) -> Grid:
    """One row per experiment and split."""
    import pandas as pd

    rows = []
    for (row, split), part in values.groupby(["row", "split"], sort=False):
        cells, texts = (
            part.set_index("metric").to_dict("index"),
            [str(row), str(split), str(part["runs"].max())],
        )
        for metric, (_, decimals) in COLUMNS.items():
            cell = cells[metric]
            mean, low, high = (number(cell[key], decimals) for key in ("mean", "low", "high"))
            texts += [
                NOT_PUBLISHED if pd.isna(cell["published"]) else str(cell["published"]), f"{mean} [{low}, {high}]",
            ]  # fmt: skip
        rows.append(texts)
    groups = [(heading, name) for heading, _ in COLUMNS.values() for name in ("published", "ours")]
    columns = [("", "Experiment"), ("", "Styles"), ("", "Runs"), *groups]
    notes = [
        "In brackets: the lowest and the highest of the runs, which share data and differ in first weights and order."
    ]
    return Grid(CAPTION, columns, rows, notes)
