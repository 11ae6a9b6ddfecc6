"""The paper's tables beside ours. The configuration's experiments are the rows; nothing here names one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import config as settings
from ifrp import paths
from ifrp.artifacts import atomic, card
from ifrp.errors import IfrpError
from ifrp.paper import TABLES, timing
from ifrp.paper.grid import NOT_MEASURED, NOT_PUBLISHED, USELESS, WORSE, Grid, number, published

if TYPE_CHECKING:
    import pandas as pd

CHANCE = "chance"
NO_RECOVERY = "input"  # the method that leaves a portrait as it is
INTERVAL = "In brackets: 95 % bootstrap interval over people."
MARKS = (
    f"{NOT_PUBLISHED} not published; {WORSE} worse than published, after rounding ours to the digits printed there; "
    f"{USELESS} no better than the portrait itself (method {NO_RECOVERY})."
)


@dataclass(frozen=True)
class Layout:
    """What a table compares.

    Attributes:
        caption: its heading.
        cells: split, metric and heading of each group of columns; "" stands for every split, one row each.
        decimals: of each metric.
        chance: whether the summary has chance levels of these metrics.
    """

    caption: str
    cells: tuple[tuple[str, str, str], ...]
    decimals: dict[str, int]
    chance: bool = False


LAYOUTS = {
    "quality": Layout(
        "Quality of recovered faces",
        (("", "psnr", "PSNR (dB)"), ("", "ssim", "SSIM"), ("", "fsim", "FSIM"), ("", "fsimc", "FSIMc")),
        {"psnr": 2, "ssim": 3, "fsim": 3, "fsimc": 3},
    ),
    "identity": Layout(
        "Identity of recovered faces: retrieval (FRR) and consistency (FCR), in %",
        (
            ("seen", "frr", "FRR seen"),
            ("unseen", "frr", "FRR unseen"),
            ("sketch", "frr", "FRR sketch"),
            ("all", "fcr", "FCR"),
        ),
        {"frr": 2, "fcr": 2},
        chance=True,
    ),
}


def compare(config: settings.Config, name: str) -> pd.DataFrame:
    """Published and own values of one table, one row per experiment, split and metric.

    A published value belongs to the experiment that has the name of its `method` in config/published.csv.

    Returns:
        Columns experiment, method, split, metric, published (text, as printed), ours, low, high, n, difference (ours
        minus published), note (not published, not measured, worse than published, no better than no recovery). The
        experiment `chance` is the level of guessing; one that recovered some portraits only has a level of its own,
        because it has its own queries and, in FCR, a smaller gallery, in which no recovery was not measured.
    """
    import pandas as pd

    layout = LAYOUTS[name]
    told = published(name)
    means = pd.read_csv(paths.SUMMARY, keep_default_na=False)
    means = means[means["style"] == ""].set_index(["experiment", "split", "metric"])
    ours: dict[Any, Any] = means[["value", "low", "high", "n"]].to_dict("index")
    methods = {name: str(of["method"]) for name, of in config.recovery.experiments.items()}
    bare = next((name for name, method in methods.items() if method == NO_RECOVERY), "")
    partial = [name for name in methods if settings.portrait_count(config, name)]
    rows = []
    for experiment, method in methods.items():
        for split, metric in _cells(layout):
            found = ours.get((experiment, split, metric), {})
            alike = experiment != bare and not (metric == "fcr" and experiment in partial)
            floor = ours.get((bare, split, metric), {}).get("value") if alike else None
            printed = told.get((experiment, split, metric))
            rows.append(_row((experiment, method, split, metric), printed, found, floor))
    if layout.chance:
        # those that recovered every portrait have the same gallery, and with it the same level
        levels = {f"{CHANCE} for {name}" if name in partial else CHANCE: name for name in methods}
        for label, experiment in levels.items():
            for split, metric in _cells(layout):
                found = ours.get((experiment, split, f"{metric}-chance"), {})
                rows.append(_row((label, CHANCE, split, metric), None, found, None))
    return pd.DataFrame(rows)


def _cells(layout: Layout) -> list[tuple[str, str]]:
    splits = {"": settings.STYLE_SPLITS}
    return [(s, metric) for split, metric, _ in layout.cells for s in splits.get(split, (split,))]


def _row(
    of: tuple[str, str, str, str], printed: str | None, ours: dict[str, float], floor: float | None
) -> dict[str, object]:
    """One compared value; `floor` is the score of the portrait itself."""
    value = ours.get("value")
    notes = {
        "not published": printed is None,
        "not measured": value is None,
        "worse than published": value is not None and printed is not None and _worse(value, printed),
        "no better than no recovery": value is not None and floor is not None and value <= floor,
    }
    return {
        **dict(zip(("experiment", "method", "split", "metric"), of, strict=True)), "published": printed,
        "ours": value, "low": ours.get("low"), "high": ours.get("high"), "n": ours.get("n"),
        "difference": value - float(printed) if value is not None and printed is not None else None,
        "note": "; ".join(note for note, holds in notes.items() if holds),
    }  # fmt: skip


def _worse(value: float, printed: str) -> bool:
    """Whether a value is below a printed one when it is rounded to as many digits."""
    return round(value, len(printed.partition(".")[2])) < float(printed)


def lay_out(name: str, values: pd.DataFrame) -> Grid:
    """Arranges compared values for printing; a metric that was never published has no columns for it."""
    layout = LAYOUTS[name]
    by_split = layout.cells[0][0] == ""
    columns = [("", "Experiment"), *([("", "Styles")] if by_split else [])]
    printed = {metric: bool(part["published"].notna().any()) for metric, part in values.groupby("metric")}
    for _, metric, heading in layout.cells:
        names = ("published", "ours", "difference") if printed[metric] else ("ours",)
        columns += [(heading, column) for column in names]
    cells: dict[Any, Any] = values.set_index(["experiment", "split", "metric"]).to_dict("index")
    rows = []
    for experiment in values["experiment"].unique():
        for row_split in settings.STYLE_SPLITS if by_split else ("",):
            row = [experiment, *([row_split] if by_split else [])]
            for split, metric, _ in layout.cells:
                texts = _texts(cells[experiment, split or row_split, metric], layout.decimals[metric])
                row += texts if printed[metric] else texts[1:2]
            rows.append(row)
    return Grid(layout.caption, columns, rows, [INTERVAL, MARKS, *_partial(values, layout.cells[0][1])])


def _partial(values: pd.DataFrame, metric: str) -> list[str]:
    """A sentence about the experiments that recovered fewer portraits than others, if there are any."""
    faces = values[(values["metric"] == metric) & (values["method"] != CHANCE)]
    counts = faces.groupby("experiment", sort=False)["n"].sum()
    told = [f"{name} ({n:,.0f})" for name, n in counts.items() if 0 < n < counts.max()]
    return [f"Measured on fewer than {counts.max():,.0f} recovered faces: {', '.join(told)}."] if told else []


def _texts(cell: dict[str, Any], decimals: int) -> list[str]:
    """Published, ours with its interval, difference with its mark."""
    import pandas as pd

    told = NOT_PUBLISHED if pd.isna(cell["published"]) else str(cell["published"])
    if pd.isna(cell["ours"]):
        return [told, NOT_MEASURED, ""]
    value, low, high = (number(cell[key], decimals) for key in ("ours", "low", "high"))
    ours = value if low == value == high else f"{value} [{low}, {high}]"
    ours += f" {USELESS}" if "no better" in cell["note"] else ""
    if pd.isna(cell["difference"]):
        return [told, ours, ""]
    mark = f" {WORSE}" if "worse" in cell["note"] else ""
    return [told, ours, number(cell["difference"], decimals, sign=True) + mark]


def write(config: settings.Config, name: str) -> None:
    """Writes one table as csv, md and tex, with one card.

    Raises:
        IfrpError: there is no such table, or the summary is missing.
    """
    if name not in TABLES:
        raise IfrpError(f"There is no table {name}; there are {', '.join(TABLES)}.")
    inputs = timing.inputs(config) if name == "timing" else [paths.SUMMARY, paths.PUBLISHED]
    require(inputs)
    with card(paths.table(name), {"experiments": list(config.recovery.experiments)}, config.seed, inputs):
        values = timing.compare(config) if name == "timing" else compare(config, name)
        grid = timing.lay_out(values) if name == "timing" else lay_out(name, values)
        texts = {"md": grid.markdown(), "tex": grid.latex()}
        texts["csv"] = values.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        for suffix, text in texts.items():
            with atomic(paths.table(name, suffix)) as new:
                new.write_text(text)


def require(inputs: list[Path]) -> None:
    """Checks that all inputs exist.

    Raises:
        IfrpError: one does not.
    """
    for path in inputs:
        if not path.exists():
            raise IfrpError(f"{path} does not exist: run `snakemake --cores all {path}`.")
