"""How much the ranking of the experiments depends on the evaluator: FRR by several recognisers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config
from ifrp.evaluation.summary import means
from ifrp.paper.tables.cells import bracketed
from ifrp.paper.tables.grid import Grid
from ifrp.paper.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "Retrieval by different evaluators"


def recognisers(config: Config) -> tuple[str, ...]:
    """The evaluator of the main tables, then the others."""
    return (config.evaluation.recogniser, *config.evaluation.others)


def reads(config: Config) -> list[Path]:
    """What each recogniser found for each experiment."""
    return [
        paths.identity(name, evaluator)
        for name in config.recovery.experiments
        for evaluator in recognisers(config)
    ]


def compare(config: Config) -> pd.DataFrame:
    """FRR in per cent; columns experiment, recogniser, split, frr, low, high, n, chance, and rank (1 is the best)."""
    import pandas as pd

    rows = []
    for experiment in config.recovery.experiments:
        for evaluator in recognisers(config):
            table = read_table(paths.identity(experiment, evaluator))
            chance = {row["split"]: row["value"] for row in means(config, table, "frr-chance", "chance", 100)}
            for row in means(config, table, "frr", "hit", 100):
                if row["style"] == "":
                    scores = {"frr": row["value"], **{key: row[key] for key in ("low", "high", "n")}}
                    labels = {"experiment": experiment, "recogniser": evaluator, "split": row["split"]}
                    rows.append({**labels, **scores, "chance": chance[row["split"]]})
    table = pd.DataFrame(rows)
    ranks = table.groupby(["recogniser", "split"])["frr"].rank(ascending=False, method="min")
    return table.assign(rank=ranks.astype(int))


def lay_out(values: pd.DataFrame) -> Grid:
    """One row per experiment and split; FRR and rank by each recogniser."""
    evaluators = list(values["recogniser"].unique())
    columns = [
        ("", "Experiment"),
        ("", "Styles"),
        *((evaluator, name) for evaluator in evaluators for name in ("FRR", "rank")),
    ]
    rows = []
    for (experiment, split), part in values.groupby(["experiment", "split"], sort=False):
        row = [str(experiment), str(split)]
        for cell in part.to_dict("records"):
            row += [bracketed(cell["frr"], cell["low"], cell["high"], 1), str(cell["rank"])]
        rows.append(row)
    notes = [
        "FRR in %; in brackets the 95 % bootstrap interval over people. No recogniser here was in a loss."
    ]
    return Grid(CAPTION, columns, rows, notes)


TABLES = (
    Table(
        name="recognisers",
        module=__name__,
        shows="FRR of every experiment by several recognisers",
        document="ablations",
        reads=reads,
        settings=("evaluation.recogniser", "evaluation.others", "evaluation.resamples"),
        wanted=lambda config: bool(config.evaluation.others),
        caption=CAPTION,
        compare=compare,
        lay_out=lay_out,
    ),
)
