"""How far artworks are from real faces and from each other, and which of them the rule would train on."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

MARKERS = {"seen": "o", "unseen": "s", "sketch": "^"}
WANTED = {
    "farthest": "those farthest from real faces",
    "nearest": "those nearest to real faces",
    "spread": "the one farthest from real faces, then always the one farthest from those chosen",
    "spread_from_nearest": "the one nearest to real faces, then always the one farthest from those chosen",
    "diverse": "the set with the largest sum of distances between its members",
    "medoids": "the set with the smallest sum of distances from each style to the nearest of the set",
}
"""what each rule of `ifrp.styles.choice` chooses"""
FRAME = "#B2182B"
CUT: Any = {"marker": [(-0.6, -1), (0.6, 1)], "markersize": 9, "color": "black", "linestyle": "none"}


def reads(config: Config) -> list[Path]:
    """The distances, from faces and of pairs."""
    return [paths.STYLE_DISTANCE, paths.STYLE_PAIRS]


def draw(config: Config) -> Drawing:
    """Distances over all layers: of each style from real faces, the farthest on top, and of each pair of styles.

    The axis is cut to the range of the values. Framed: the styles, and their pairs, that `styles.distance.rule` would
    train on; what it looks for is said below.
    """
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import look

    far, pairs = (read_table(path).query("layer == 'combined'") for path in reads(config))
    far = far.sort_values("distance", ascending=False).set_index("style")
    figure = Drawing(figsize=(look.WIDTH, 1.45 + 0.22 * len(far)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    _dots(left, far)
    _matrix(right, far, _square(pairs, list(far.index)))
    rule, count, among = config.styles.distance.rule, far["chosen"].sum(), (far["split"] != "sketch").sum()
    figure.supxlabel(
        f"Framed: the {count} of {among} styles, the sketch aside, that the rule “{rule}” chooses to train on:\n"
        f"{WANTED[rule]}.",
        fontsize=7.5,
    )
    return figure


def _dots(axes: Axes, far: pd.DataFrame) -> None:
    """Distance from faces: one row per style; a frame around those that the rule chooses."""
    import numpy as np

    from ifrp.paper.figures import look

    places, margin = np.arange(len(far)), 0.08 * (np.ptp(far["distance"]) or 1.0)
    for split, marker in MARKERS.items():
        of = (far["split"] == split).to_numpy()
        if of.any():
            colour = look.STYLE_COLOURS[split]
            axes.plot(far["distance"][of], places[of], marker, color=colour, markersize=5, label=split)
    chosen = far["chosen"].to_numpy()
    framed: Any = {"markersize": 9, "color": FRAME, "markerfacecolor": "none", "markeredgewidth": 1.2}
    axes.plot(far["distance"][chosen], places[chosen], "s", **framed)
    axes.set_xlim(far["distance"].min() - margin, far["distance"].max() + margin)
    axes.set(ylim=(len(far) - 0.5, -0.5), title="distance from real faces")
    axes.set_xlabel("log-Euclidean distance (axis cut)")
    axes.set_yticks(places, far.index)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.plot(0, 0, transform=axes.transAxes, clip_on=False, **CUT)
    axes.legend(loc="lower right", handletextpad=0.1, frameon=True, framealpha=1, edgecolor="none")


def _square(pairs: pd.DataFrame, styles: list[str]) -> pd.DataFrame:
    """Distances of pairs as a symmetric table of the styles; none on the diagonal."""
    import pandas as pd

    both: Any = pd.concat([pairs, pairs.rename(columns={"a": "b", "b": "a"})])
    square: pd.DataFrame = both.pivot(index="a", columns="b", values="distance").loc[styles, styles]
    return square


def _matrix(axes: Axes, far: pd.DataFrame, square: pd.DataFrame) -> None:
    """Distances of pairs, the darker the farther; a frame around pairs of styles that the rule chooses."""
    from matplotlib.patches import Rectangle

    values: Any = square.to_numpy()
    shades: Any = axes.pcolormesh(values, cmap="Blues", edgecolors="white", linewidth=0.5)
    dark = shades.norm(values) > 0.6
    chosen = far["chosen"].to_numpy()
    for i, j in permutations(range(len(square)), 2):
        ink = "white" if dark[i, j] else "black"
        axes.text(j + 0.5, i + 0.5, f"{values[i, j]:.0f}", ha="center", va="center", fontsize=6.5, color=ink)
        if chosen[i] and chosen[j]:
            axes.add_patch(
                Rectangle((j + 0.05, i + 0.05), 0.9, 0.9, fill=False, edgecolor=FRAME, linewidth=1.4)
            )
    axes.invert_yaxis()
    middles = [i + 0.5 for i in range(len(square))]
    axes.set_xticks(middles, square.columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.set_title("distance from each other")
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)


FIGURES = (
    Figure(
        name="distance",
        module=__name__,
        shows="log-Euclidean distance of each artwork from real faces and from each other, and the styles that the rule chooses",
        of_paper="Sec. 4",
        reads=reads,
        settings=("styles.distance.rule",),
        draw=draw,
    ),
)
