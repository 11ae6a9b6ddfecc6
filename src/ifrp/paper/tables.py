"""The paper's tables beside ours. The configuration's experiments are the rows; nothing here names one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import config as settings
from ifrp import paths
from ifrp.artifacts import atomic, card, read_card, require
from ifrp.errors import IfrpError
from ifrp.evaluation import summary
from ifrp.paper import judges, seeds, timing, tones, tuning, worth
from ifrp.paper.grid import (
    BEST,
    DECIMALS,
    LOOKED,
    NOT_PUBLISHED,
    NOT_RUN,
    TIED,
    USELESS,
    WORSE,
    Grid,
    bracketed,
    number,
    published,
)

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
SPECIAL = {
    "timing": timing, "recognisers": judges, "yardsticks": worth, "exposure": tones, "seeds": seeds, "tuning": tuning,
}  # fmt: skip
"""tables that are not of split and metric"""


@dataclass(frozen=True)
class Layout:
    """What a table compares.

    Attributes:
        caption: its heading.
        cells: split, metric and heading of each group of columns; "" stands for every split, one row each.
        chance: whether the summary has chance levels of these metrics.
    """

    caption: str
    cells: tuple[tuple[str, str, str], ...]
    chance: bool = False


BOTH = (
    ("seen", "ssim", "SSIM seen"),
    ("unseen", "ssim", "SSIM unseen"),
    ("seen", "fsim", "FSIM seen"),
    ("unseen", "fsim", "FSIM unseen"),
    ("seen", "frr", "FRR seen"),
    ("unseen", "frr", "FRR unseen"),
)
OVERALL = (
    ("all", "psnr", "PSNR (dB)"),
    ("all", "ssim", "SSIM"),
    ("seen", "frr", "FRR seen"),
    ("unseen", "frr", "FRR unseen"),
)
GAINS = (
    ("seen", "psnr", "PSNR (dB) seen"),
    ("unseen", "psnr", "PSNR (dB) unseen"),
    ("seen", "frr", "FRR seen"),
    ("unseen", "frr", "FRR unseen"),
    ("sketch", "frr", "FRR sketch"),
)
LAYOUTS = {
    "quality": Layout(
        "Quality of recovered faces",
        (("", "psnr", "PSNR (dB)"), ("", "ssim", "SSIM"), ("", "fsim", "FSIM"), ("", "fsimc", "FSIMc")),
    ),
    "ceilings": Layout(
        "What PSNR would be if each face had the mean colour of the true one, and its contrast",
        (
            ("", "psnr", "PSNR (dB)"),
            ("", "psnr-colour", "PSNR, true colour"),
            ("", "psnr-contrast", "PSNR, true colour and contrast"),
        ),
    ),
    "identity": Layout(
        "Identity of recovered faces: retrieval (FRR) and consistency (FCR), in %",
        (
            ("seen", "frr", "FRR seen"),
            ("unseen", "frr", "FRR unseen"),
            ("sketch", "frr", "FRR sketch"),
            ("all", "fcr", "FCR"),
        ),
        chance=True,
    ),
    "likeness": Layout(
        "Identity, more strictly: rank 1, rank 1 among distractors, and cosine of the embeddings",
        (
            ("", "rank1", "Rank-1 (%)"),
            ("", "rank1-distractors", "Rank-1 among distractors (%)"),
            ("", "cosine", "Cosine"),
        ),
        chance=True,
    ),
    "losses": Layout("Losses", BOTH),
    "architecture": Layout("Architecture of the style removal network", BOTH),
    "training-styles": Layout(
        "Number of training styles", (*BOTH, ("train", TIME, "Time per epoch (ours in s)"))
    ),
    "rotation": Layout("Spatial transformers, by the rotations of the training portraits", OVERALL),
    "calibration": Layout(
        "What unlabelled portraits of each new style tell a trained network",
        (
            ("unseen", "psnr", "PSNR (dB) unseen"),
            ("sketch", "psnr", "PSNR (dB) sketch"),
            ("unseen", "ssim", "SSIM unseen"),
            ("unseen", "fsim", "FSIM unseen"),
            ("unseen", "frr", "FRR unseen"),
            ("sketch", "frr", "FRR sketch"),
        ),
    ),
    "alignment": Layout("What removing the style gains, and what aligning gains", OVERALL),
    "budget": Layout("What more training gains, by the pairs of portrait and face that were seen", GAINS),
    "copies": Layout("What more misalignments of each training face gain, from as many pairs", GAINS),
}


def labels(name: str) -> dict[str, str]:
    """What the report of all results says of a table: its name, what it compares, and by which measures."""
    if name in SPECIAL:
        return {"table": name, "compares": SPECIAL[name].CAPTION, "metric": SPECIAL[name].METRIC}
    metrics = dict.fromkeys(heading.split(" ")[0] for _, _, heading in LAYOUTS[name].cells)
    return {"table": name, "compares": LAYOUTS[name].caption, "metric": ", ".join(metrics)}


def rows(config: settings.Config, name: str) -> dict[str, str | None]:
    """The rows of a table and the experiment of each; none is a row that is not run.

    Raises:
        IfrpError: an ablation's table has no layout here, or names an unknown experiment.
    """
    if name not in config.paper.ablations:
        given = config.recovery
        return {**{name: name for name in given.experiments}, **dict.fromkeys(given.not_run)}
    if name not in LAYOUTS:
        raise IfrpError(f"paper.ablations has a table {name}; there are {', '.join(LAYOUTS)}.")
    found = config.paper.ablations[name]
    for experiment in filter(None, found.values()):
        settings.experiments.resolve(config, experiment)
    return found


def compare(config: settings.Config, name: str) -> pd.DataFrame:
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

    layout, told, names = LAYOUTS[name], published(name), rows(config, name)
    ours = {experiment: _means(experiment) for experiment in names.values() if experiment}
    shown = [settings.experiments.resolve(config, name) for name in ours]
    bare = next((row.name for row in shown if row.method == NO_RECOVERY), "")
    partial = [row.name for row in shown if row.portraits]
    calibrated = [row.name for row in shown if row.calibrate is not None]
    found = []
    for split, metric in _cells(layout):
        other = partial if metric == "fcr" else []  # whose gallery is another
        ranked = {name: means for name, means in ours.items() if name not in (*other, *calibrated)}
        notes = _ranked(config, ranked, split, metric) | dict.fromkeys(calibrated, "calibrated")
        for row, experiment in names.items():
            means = ours.get(experiment or "", {}).get((split, metric), {})
            alike = experiment != bare and experiment not in other
            floor = ours.get(bare, {}).get((split, metric), {}).get("value") if alike else None
            of, told_here = (row, experiment or "", split, metric), told.get((row, split, metric))
            found.append(_row(of, told_here, means, floor, notes.get(experiment or "", "")))
    if layout.chance:
        # those that recovered every portrait have the same gallery, and with it the same level
        levels = dict[str, Means]()
        for name in ours:
            levels.setdefault(f"{CHANCE} for {name}" if name in partial else CHANCE, {}).update(ours[name])
        for label, known in levels.items():
            for split, metric in _cells(layout):
                if level := known.get((split, f"{metric}-chance")):
                    found.append(_row((label, CHANCE, split, metric), None, level, None, ""))
    return pd.DataFrame(found)


Means = dict[tuple[str, str], dict[str, float]]


def _means(experiment: str) -> Means:
    """By split and metric, the mean of an experiment, its interval and n; and what an epoch of its training took."""
    found = summary.overall(experiment)
    if paths.recovery_model(experiment).exists():
        facts = read_card(paths.recovery_model(experiment))["facts"]
        seconds = facts["training_seconds"] / facts["epochs"]
        found["train", TIME] = {"value": seconds, "low": seconds, "high": seconds}
    return found


def _ranked(config: settings.Config, ours: dict[str, Means], split: str, metric: str) -> dict[str, str]:
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


def _cells(layout: Layout) -> list[tuple[str, str]]:
    splits = {"": settings.STYLE_SPLITS}
    return [(s, metric) for split, metric, _ in layout.cells for s in splits.get(split, (split,))]


def _row(
    of: tuple[str, str, str, str], printed: str | None, ours: dict[str, float], floor: float | None, rank: str
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
        **dict(zip(("row", "experiment", "split", "metric"), of, strict=True)), "published": printed,
        "ours": value, "low": ours.get("low"), "high": ours.get("high"), "n": ours.get("n"),
        "difference": difference,
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
    cells: dict[Any, Any] = values.set_index(["row", "split", "metric"]).to_dict("index")
    lines = []
    calibrated = values.loc[values["note"].str.contains("calibrated"), "row"].unique()
    for label in values["row"].unique():
        for row_split in settings.STYLE_SPLITS if by_split else ("",):
            row = [f"{label} {LOOKED}" if label in calibrated else label, *([row_split] if by_split else [])]
            for split, metric, _ in layout.cells:
                cell = cells.get((label, split or row_split, metric))
                texts = _texts(cell, DECIMALS[metric]) if cell else ["", "", ""]
                row += texts if printed[metric] else texts[1:2]
            lines.append(row)
    told = [f"{LOOKED} {CALIBRATED}"] if len(calibrated) else []
    return Grid(
        layout.caption, columns, lines, [INTERVAL, MARKS, *told, *_partial(values, layout.cells[0][1])]
    )


def _partial(values: pd.DataFrame, metric: str) -> list[str]:
    """A sentence about the experiments that recovered fewer portraits than others, if there are any."""
    faces = values[(values["metric"] == metric) & (values["experiment"] != CHANCE)]
    counts = faces.groupby("experiment", sort=False)["n"].sum()
    told = [f"{name} ({n:,.0f})" for name, n in counts.items() if 0 < n < counts.max()]
    return [f"Measured on fewer than {counts.max():,.0f} recovered faces: {', '.join(told)}."] if told else []


def _texts(cell: dict[str, Any], decimals: int) -> list[str]:
    """Published, ours with its interval, difference with its mark."""
    import pandas as pd

    told = NOT_PUBLISHED if pd.isna(cell["published"]) else str(cell["published"])
    if pd.isna(cell["ours"]):
        return [told, NOT_RUN, ""]
    value, low, high = (cell[key] for key in ("ours", "low", "high"))
    ours = number(value, decimals) if low == value == high else bracketed(value, low, high, decimals)
    marks = {USELESS: "no better", BEST: "best", TIED: "tied"}
    ours += "".join(f" {mark}" for mark, note in marks.items() if note in cell["note"])
    if pd.isna(cell["difference"]):
        return [told, ours, ""]
    mark = f" {WORSE}" if "worse" in cell["note"] else ""
    return [told, ours, number(cell["difference"], decimals, sign=True) + mark]


def write(config: settings.Config, name: str) -> None:
    """Writes one table as csv, md, tex, typ and html, with one card.

    Raises:
        IfrpError: there is no such table, or a summary is missing.
    """
    special = SPECIAL.get(name)
    if special is None and name not in LAYOUTS:
        raise IfrpError(f"There is no table {name}; there are {', '.join((*LAYOUTS, *SPECIAL))}.")
    used = inputs(config, name)
    require(used)
    shown = list(config.recovery.experiments) if special else rows(config, name)
    with card(paths.table(name), {"experiments": shown}, config.seed, used):
        values = special.compare(config) if special else compare(config, name)
        grid = special.lay_out(values) if special else lay_out(name, values)
        texts = {"md": grid.markdown(), "tex": grid.latex(), "typ": grid.typst(), "html": grid.html()}
        texts["csv"] = values.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        for suffix, text in texts.items():
            with atomic(paths.table(name, suffix)) as new:
                new.write_text(text)


def inputs(config: settings.Config, name: str) -> list[Path]:
    """Scores of a table's experiments, or what else it is made from, and the published values."""
    if name in SPECIAL:
        return [*SPECIAL[name].inputs(config)]
    judge = config.evaluation.recogniser
    experiments = [experiment for experiment in rows(config, name).values() if experiment]
    of = [
        (paths.summary(e), paths.quality(e), paths.identity(e, judge), paths.consistency(e, judge))
        for e in experiments
    ]
    return [*(path for four in of for path in four), paths.PUBLISHED]
