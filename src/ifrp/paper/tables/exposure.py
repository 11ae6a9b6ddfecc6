"""What a style does to exposure (`ifrp.evaluation.exposure`): how well the light of a face can be read from its portrait."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config
from ifrp.paper.tables.cells import bracketed, number
from ifrp.paper.tables.grid import Grid
from ifrp.paper.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "Exposure: mean luminance of a portrait against that of its face, by style"
CONSTANT = "constant"


def reads(config: Config) -> list[Path]:
    """The tone curves."""
    return [paths.EXPOSURE]


def compare(config: Config) -> pd.DataFrame:
    """The tone curves as they were written: style, split, correlation, low, high, slope, offset, n."""
    return read_table(paths.EXPOSURE)


def lay_out(values: pd.DataFrame) -> Grid:
    """One row per style."""
    import pandas as pd

    rows = []
    for cell in values.to_dict("records"):
        texts = [CONSTANT, "", ""]
        if not pd.isna(cell["correlation"]):
            correlation = bracketed(cell["correlation"], cell["low"], cell["high"], 3)
            texts = [correlation, number(cell["slope"], 2), number(cell["offset"], 1)]
        rows.append([str(cell["style"]), str(cell["split"]), *texts])
    columns = [("", "Style"), ("", "Split"), ("Correlation", "")]
    columns += [("Tone curve", "slope"), ("Tone curve", "offset (levels)")]
    notes = [
        f"Over the {values['n'].max():,} test faces as they were stylised; luminance by Rec. 601, 0 to 255. In brackets: 95 % "
        "bootstrap interval over people. The tone curve is the line of least squares from face to portrait. A correlation near 1 "
        "or −1 says that a style does not lose exposure, but maps it by a curve of its own."
    ]
    return Grid(CAPTION, columns, rows, notes)


TABLES = (
    Table(
        name="exposure",
        module=__name__,
        shows="by style, how well the mean luminance of a face can be read from its portrait",
        reads=reads,
        caption=CAPTION,
        compare=compare,
        lay_out=lay_out,
    ),
)
