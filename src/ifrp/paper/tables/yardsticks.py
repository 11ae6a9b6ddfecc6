"""What a score is worth: yardsticks (`ifrp.evaluation.yardsticks`) beside what the paper published of its method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import STYLE_SPLITS, Config
from ifrp.paper.tables.cells import HEADINGS, NOT_PUBLISHED, bracketed, digits, published
from ifrp.paper.tables.grid import Grid
from ifrp.paper.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "What a score is worth: faces that nobody recovered, and the published values of IFRP"
METRICS = ("psnr", "ssim", "fsim", "fsimc", "frr", "rank1", "cosine")
METHOD = "ifrp"


def reads(config: Config) -> list[Path]:
    """The yardsticks, and the published values."""
    return [paths.YARDSTICKS, paths.PUBLISHED]


def compare(config: Config) -> pd.DataFrame:
    """The yardsticks as they were written: yardstick, metric, value, low, high, n."""
    return read_table(paths.YARDSTICKS, ("yardstick", "metric", "value", "low", "high", "n"))


def lay_out(values: pd.DataFrame) -> Grid:
    """One row per yardstick, then one per split of what was published."""
    rows = []
    for name, part in values.groupby("yardstick", sort=False):
        cells = part.set_index("metric").to_dict("index")
        row = [str(name)]
        for metric in METRICS:
            cell = cells[metric]
            row.append(bracketed(cell["value"], cell["low"], cell["high"], digits(metric)))
        rows.append(row)
    printed = published("quality") | published("identity")
    for split in STYLE_SPLITS:
        texts = [printed.get((METHOD, split, metric), NOT_PUBLISHED) for metric in METRICS]
        rows.append([f"published, {split}", *texts])
    columns = [("", "Faces"), *((HEADINGS[metric], "") for metric in METRICS)]
    notes = [
        "Against the true faces of the test. In brackets: 95 % bootstrap interval over people. The mean training face is of "
        "all constant faces the one with the least squared error in training; it finds only the few whose faces are nearest "
        "to it.",
        f"{NOT_PUBLISHED} not published.",
    ]
    return Grid(CAPTION, columns, rows, notes)


TABLES = (
    Table(
        name="yardsticks",
        module=__name__,
        shows="scores of blurred true faces and of the mean training face",
        reads=reads,
        caption=CAPTION,
        compare=compare,
        lay_out=lay_out,
    ),
)
