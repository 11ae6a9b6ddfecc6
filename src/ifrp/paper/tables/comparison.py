"""Tables of splits and metrics: the paper's values beside ours. The rows are experiments; nothing here names one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.config import STYLE_SPLITS, Config, experiments
from ifrp.errors import IfrpError
from ifrp.evaluation import summary
from ifrp.paper.part import training_cards
from ifrp.paper.tables.cells import (
    BEST,
    LOOKED,
    NOT_PUBLISHED,
    NOT_RUN,
    TIED,
    USELESS,
    WORSE,
    bracketed,
    digits,
    number,
    published,
)
from ifrp.paper.tables.grid import Grid
from ifrp.paper.tables.table import NOT_THERE, Table
from ifrp.provenance import read_card

if TYPE_CHECKING:
    import pandas as pd

CHANCE = "chance"
NO_RECOVERY = "input"  # the method that leaves a portrait as it is
INTERVAL = "In brackets: 95 % bootstrap interval over people."
MARKS = (
    f"{NOT_PUBLISHED} not published; {WORSE} worse than published, after rounding ours to the digits printed there; "
    f"{USELESS} no better than the portrait itself (method {NO_RECOVERY}); {BEST} the best of ours for these styles; "
    f"{TIED} not to be told from it (the 95 % interval of the difference, face by face, holds 0)."
)
CALIBRATED = "looked at unlabelled portraits of each new style first, which the paper does not say of its rows: it is not ranked."
TIME = "time-per-epoch"


Cells = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Comparison:
    """What a table compares; see `comparison`."""

    name: str
    caption: str
    cells: Cells
    chance: bool
    ablation: bool

    @property
    def timed(self) -> bool:
        """Whether it compares what an epoch of training took."""
        return any(metric == TIME for _, metric, _ in self.cells)


def comparison(
    *,
    name: str,
    module: str,
    shows: str,
    of_paper: str = NOT_THERE,
    caption: str,
    cells: Cells,
    chance: bool = False,
    ablation: bool = False,
) -> Table:
    """A table of splits and metrics.

    Args:
        name: of the table, also in config/published.csv.
        module: see `Table`, as `shows`, `of_paper` and `caption`.
        shows: in a few words.
        of_paper: where the paper has it.
        caption: its heading.
        cells: split, metric and heading of each group of columns; "" stands for every split, one row each.
        chance: whether the summary has chance levels of these metrics.
        ablation: whether its rows are those of `paper.ablations`; else they are the main experiments.
    """
    spec = Comparison(name, caption, cells, chance, ablation)
    return Table(
        name=name,
        module=module,
        shows=shows,
        of_paper=of_paper,
        document="ablations" if ablation else "paper",
        reads=partial(reads, spec=spec),
        cards=partial(cards, spec=spec),
        rows=partial(rows, spec=spec),
        settings=("evaluation.recogniser", "evaluation.resamples"),
        wanted=lambda config: not ablation or name in config.paper.ablations,
        caption=caption,
        compare=partial(compare, spec=spec),
        lay_out=partial(lay_out, spec=spec),
    )


def rows(config: Config, spec: Comparison) -> dict[str, str | None]:
    """The rows of a table and the experiment of each; none is a row that is not run.

    Raises:
        IfrpError: it is of an ablation that the configuration does not have, or that names an unknown experiment.
    """
    if not spec.ablation:
        recovery = config.recovery
        if not recovery.experiments:
            raise IfrpError("recovery.experiments has no experiment, so there is nothing to compare.")
        return {**{name: name for name in recovery.experiments}, **dict.fromkeys(recovery.not_run)}
    if spec.name not in config.paper.ablations:
        raise IfrpError(f"There is no table {spec.name} in paper.ablations, so it has no rows.")
    experiment_of = config.paper.ablations[spec.name]
    for experiment in filter(None, experiment_of.values()):
        experiments.resolve(config, experiment)
    return experiment_of


def reads(config: Config, spec: Comparison) -> list[Path]:
    """Scores of the experiments, and the published values."""
    evaluator = config.evaluation.recogniser
    four = [
        (paths.summary(e), paths.quality(e), paths.identity(e, evaluator), paths.consistency(e, evaluator))
        for e in rows(config, spec).values()
        if e
    ]
    return [*(path for scores in four for path in scores), paths.PUBLISHED]


def cards(config: Config, spec: Comparison) -> list[Path]:
    """The cards that say what the trainings took, if that is compared."""
    return training_cards(config, filter(None, rows(config, spec).values())) if spec.timed else []


def compare(config: Config, spec: Comparison) -> pd.DataFrame:
    """Published and own values of one table, one row per row of it, split and metric.

    A published value belongs to the row that has the name of its `method` in config/published.csv.

    Returns:
        Columns row, experiment, split, metric, published (text, as printed), ours, low, high, n, difference (ours
        minus published), note (not published, not run, worse than published, no better than no recovery, best, tied,
        calibrated). A calibrated row is not ranked, because it was shown more than the others. The
        row `chance` is the level of guessing, of those metrics that have one; one that recovered some portraits only has
        a level of its own, because it has its own queries and, in FCR, a smaller gallery, in which no recovery was not
        measured.
    """
    import pandas as pd

    printed, names = published(spec.name), rows(config, spec)
    ours = {experiment: _means(experiment, spec.timed) for experiment in names.values() if experiment}
    resolved = [experiments.resolve(config, name) for name in ours]
    bare = next((row.name for row in resolved if row.method == NO_RECOVERY), "")
    partial = [row.name for row in resolved if row.portraits]
    calibrated = [row.name for row in resolved if row.calibrate is not None]
    values = []
    for split, metric in _cells(spec):
        other = partial if metric == "fcr" else []  # whose gallery is another
        ranked = {name: means for name, means in ours.items() if name not in (*other, *calibrated)}
        notes = _ranked(config, ranked, split, metric) | dict.fromkeys(calibrated, "calibrated")
        for row, experiment in names.items():
            means = ours.get(experiment or "", {}).get((split, metric), {})
            alike = experiment != bare and experiment not in other
            floor = ours.get(bare, {}).get((split, metric), {}).get("value") if alike else None
            cell, printed_here = (row, experiment or "", split, metric), printed.get((row, split, metric))
            values.append(_row(cell, printed_here, means, floor, notes.get(experiment or "", "")))
    if spec.chance:
        # those that recovered every portrait have the same gallery, and with it the same level
        levels = dict[str, Means]()
        for name in ours:
            levels.setdefault(f"{CHANCE} for {name}" if name in partial else CHANCE, {}).update(ours[name])
        for label, group in levels.items():
            for split, metric in _cells(spec):
                if level := group.get((split, f"{metric}-chance")):
                    values.append(_row((label, CHANCE, split, metric), None, level, None, ""))
    return pd.DataFrame(values)


Means = dict[tuple[str, str], dict[str, float]]


def _means(experiment: str, timed: bool) -> Means:
    """By split and metric, the mean of an experiment, its interval and n; if timed, also what an epoch of training took."""
    means = summary.overall(experiment)
    if timed and paths.recovery_model(experiment).exists():
        facts = read_card(paths.recovery_model(experiment))["facts"]
        seconds = facts["training_seconds"] / facts["epochs"]
        means["train", TIME] = {"value": seconds, "low": seconds, "high": seconds}
    return means


def _ranked(config: Config, ours: dict[str, Means], split: str, metric: str) -> dict[str, str]:
    """Which experiment is the best by one score, and which are tied with it; nothing is best alone."""
    values = {name: means[split, metric]["value"] for name, means in ours.items() if (split, metric) in means}
    if metric == TIME or len(values) < 2:
        return {}
    best = max(values, key=lambda name: values[name])
    reference = summary.scores(config, best, split, metric)
    others = {name: summary.scores(config, name, split, metric) for name in values if name != best}
    return {best: "best"} | {
        name: "tied" for name, other in others.items() if summary.tied(config, other, reference)
    }


def _cells(spec: Comparison) -> list[tuple[str, str]]:
    splits = {"": STYLE_SPLITS}
    return [(s, metric) for split, metric, _ in spec.cells for s in splits.get(split, (split,))]


def _row(
    cell: tuple[str, str, str, str],
    printed: str | None,
    ours: dict[str, float],
    floor: float | None,
    rank: str,
) -> dict[str, object]:
    """One compared value; `floor` is the score of the portrait itself."""
    value = ours.get("value")
    difference = None if value is None or printed is None or ":" in printed else value - float(printed)
    notes = {
        "not published": printed is None,
        "not run": value is None,
        "worse than published": difference is not None and _worse(ours["value"], str(printed)),
        "no better than no recovery": value is not None and floor is not None and value <= floor,
        rank: bool(rank),
    }
    return {
        **dict(zip(("row", "experiment", "split", "metric"), cell, strict=True)), "published": printed,
        "ours": value, "low": ours.get("low"), "high": ours.get("high"), "n": ours.get("n"),
        "difference": difference,
        "note": "; ".join(note for note, holds in notes.items() if holds),
    }  # fmt: skip


def _worse(value: float, printed: str) -> bool:
    """Whether a value is below a printed one when it is rounded to as many digits."""
    return round(value, len(printed.partition(".")[2])) < float(printed)


def lay_out(values: pd.DataFrame, spec: Comparison) -> Grid:
    """Arranges compared values for printing; a metric that was never published has no columns for it."""
    by_split = spec.cells[0][0] == ""
    columns = [("", "Experiment"), *([("", "Styles")] if by_split else [])]
    printed = {metric: bool(part["published"].notna().any()) for metric, part in values.groupby("metric")}
    for _, metric, heading in spec.cells:
        names = ("published", "ours", "difference") if printed[metric] else ("ours",)
        columns += [(heading, column) for column in names]
    cells: dict[Any, Any] = values.set_index(["row", "split", "metric"]).to_dict("index")
    lines = []
    calibrated = values.loc[values["note"].str.contains("calibrated"), "row"].unique()
    for label in values["row"].unique():
        for row_split in STYLE_SPLITS if by_split else ("",):
            row = [f"{label} {LOOKED}" if label in calibrated else label, *([row_split] if by_split else [])]
            for split, metric, _ in spec.cells:
                cell = cells.get((label, split or row_split, metric))
                texts = _texts(cell, digits(metric)) if cell else ["", "", ""]
                row += texts if printed[metric] else texts[1:2]
            lines.append(row)
    notes = [f"{LOOKED} {CALIBRATED}"] if len(calibrated) else []
    notes += _partial(values, spec.cells[0][1])
    return Grid(spec.caption, columns, lines, notes, legend=(INTERVAL, MARKS))


def _partial(values: pd.DataFrame, metric: str) -> list[str]:
    """A sentence about the experiments that recovered fewer portraits than others, if there are any."""
    faces = values[(values["metric"] == metric) & (values["experiment"] != CHANCE)]
    counts = faces.groupby("experiment", sort=False)["n"].sum()
    few = [f"{name} ({n:,.0f})" for name, n in counts.items() if 0 < n < counts.max()]
    return [f"Measured on fewer than {counts.max():,.0f} recovered faces: {', '.join(few)}."] if few else []


def _texts(cell: dict[str, Any], decimals: int) -> list[str]:
    """Published, ours with its interval, difference with its mark."""
    import pandas as pd

    printed = NOT_PUBLISHED if pd.isna(cell["published"]) else str(cell["published"])
    if pd.isna(cell["ours"]):
        return [printed, NOT_RUN, ""]
    value, low, high = (cell[key] for key in ("ours", "low", "high"))
    ours = number(value, decimals) if low == value == high else bracketed(value, low, high, decimals)
    marks = {USELESS: "no better", BEST: "best", TIED: "tied"}
    ours += "".join(f" {mark}" for mark, note in marks.items() if note in cell["note"])
    if pd.isna(cell["difference"]):
        return [printed, ours, ""]
    mark = f" {WORSE}" if "worse" in cell["note"] else ""
    return [printed, ours, number(cell["difference"], decimals, sign=True) + mark]
