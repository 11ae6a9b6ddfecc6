"""What a score is worth: yardsticks (`ifrp.evaluation.yardsticks`) beside what the paper published of its method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import config as settings
from ifrp import paths
from ifrp.config import STYLE_SPLITS
from ifrp.paper.grid import DECIMALS, HEADINGS, NOT_PUBLISHED, Grid, bracketed, published

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "What a score is worth: faces that nobody recovered, and the published values of IFRP"
METRIC = "PSNR, SSIM, FSIM, FSIMc, FRR, rank-1, cosine"
METRICS = ("psnr", "ssim", "fsim", "fsimc", "frr", "rank1", "cosine")
METHOD = "ifrp"


def inputs(config: settings.Config) -> list[Path]:
    """The yardsticks, and the published values."""
    return [paths.YARDSTICKS, paths.PUBLISHED]


def compare(config: settings.Config) -> pd.DataFrame:
    """The yardsticks as they were written: yardstick, metric, value, low, high, n."""
    import pandas as pd

    return pd.read_csv(paths.YARDSTICKS)


def lay_out(values: pd.DataFrame) -> Grid:
    """One row per yardstick, then one per split of what was published."""
    rows = []
    for name, part in values.groupby("yardstick", sort=False):
        cells = part.set_index("metric").to_dict("index")
        row = [str(name)]
        for metric in METRICS:
            cell = cells[metric]
            row.append(bracketed(cell["value"], cell["low"], cell["high"], DECIMALS[metric]))
        rows.append(row)
    told = published("quality") | published("identity")
    for split in STYLE_SPLITS:
        cells_told = [told.get((METHOD, split, metric), NOT_PUBLISHED) for metric in METRICS]
        rows.append([f"published, {split}", *cells_told])
    columns = [("", "Faces"), *((HEADINGS[metric], "") for metric in METRICS)]
    notes = [
        "Against the true faces of the test. In brackets: 95 % bootstrap interval over people. The mean training face is of "
        "all constant faces the one with the least squared error in training; it finds only the few whose faces are nearest "
        "to it.",
        f"{NOT_PUBLISHED} not published.",
    ]
    return Grid(CAPTION, columns, rows, notes)
