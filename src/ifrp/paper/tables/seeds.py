"""The spread over seeds: the same experiment trained with several of them (`paper.seeds`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import STYLE_SPLITS, Config
from ifrp.evaluation.summary import overall
from ifrp.paper.tables.cells import HEADINGS, NOT_PUBLISHED, bracketed, digits, published
from ifrp.paper.tables.grid import Grid
from ifrp.paper.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "The same training with other seeds: the mean, the lowest and the highest of the runs"
METRICS = ("psnr", "ssim", "fsim", "frr")


def reads(config: Config) -> list[Path]:
    """The summaries of all runs, and the published values."""
    return [
        *(paths.summary(name) for names in config.paper.seeds.values() for name in names),
        paths.PUBLISHED,
    ]


def compare(config: Config) -> pd.DataFrame:
    """Columns row, split, metric, published (text), mean, low and high (of the runs), runs."""
    import pandas as pd

    printed, rows = published("quality") | published("identity"), []
    for row, names in config.paper.seeds.items():
        runs = [overall(name) for name in names]
        for split in STYLE_SPLITS:
            for metric in METRICS:
                values = [run[split, metric]["value"] for run in runs if (split, metric) in run]
                if values:
                    spread = {"mean": sum(values) / len(values), "low": min(values), "high": max(values)}
                    labels = {"row": row, "split": split, "metric": metric}
                    rows.append(
                        {
                            **labels,
                            "published": printed.get((row, split, metric)),
                            **spread,
                            "runs": len(values),
                        }
                    )
    return pd.DataFrame(rows)


def lay_out(values: pd.DataFrame) -> Grid:
    """One row per experiment and split."""
    import pandas as pd

    rows = []
    for (row, split), part in values.groupby(["row", "split"], sort=False):
        cells = part.set_index("metric").to_dict("index")
        texts = [str(row), str(split), str(part["runs"].max())]
        for metric in METRICS:
            cell = cells[metric]
            texts += [
                NOT_PUBLISHED if pd.isna(cell["published"]) else str(cell["published"]),
                bracketed(cell["mean"], cell["low"], cell["high"], digits(metric)),
            ]
        rows.append(texts)
    groups = [(HEADINGS[metric], name) for metric in METRICS for name in ("published", "ours")]
    columns = [("", "Experiment"), ("", "Styles"), ("", "Runs"), *groups]
    notes = [
        "In brackets: the lowest and the highest of the runs, which share data and differ in first weights and order."
    ]
    return Grid(CAPTION, columns, rows, notes)


TABLES = (
    Table(
        name="seeds",
        module=__name__,
        shows="the same training with other seeds (`paper.seeds`)",
        document="ablations",
        reads=reads,
        settings=("paper.seeds",),
        wanted=lambda config: bool(config.paper.seeds),
        caption=CAPTION,
        compare=compare,
        lay_out=lay_out,
    ),
)
