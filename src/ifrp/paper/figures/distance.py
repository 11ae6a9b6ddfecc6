"""How far artworks are from real faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


def reads(config: Config) -> list[Path]:
    """The distances from faces, and of each two artworks."""
    return [paths.STYLE_DISTANCE, paths.STYLE_PAIRS]


def draw(config: Config) -> Drawing:
    """Distances over all layers: of each style from real faces, the farthest on top, and of each two styles.

    Ringed: the styles that the rule of `styles.distance.rule` would train on. The axis begins near the smallest distance.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

    from ifrp.styles.choice import RULES

    distances = pd.read_csv(paths.STYLE_DISTANCE).query("layer == 'combined'").sort_values("distance")
    names = distances["style"].tolist()
    figure = Drawing(figsize=(7.6, 1.3 + 0.22 * len(names)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _dots(left, distances)
    pairs = pd.read_csv(paths.STYLE_PAIRS).query("layer == 'combined' and a != 'faces'")
    both = pd.concat([pairs, pairs.rename(columns={"a": "b", "b": "a"})])
    matrix = both.pivot_table(index="a", columns="b", values="distance").loc[names[::-1], names[::-1]]
    shown = right.imshow(matrix, cmap="viridis")
    right.set_xticks(range(len(names)), names[::-1], rotation=45, ha="right")
    right.set_yticks(range(len(names)), names[::-1])
    right.grid(visible=False)
    right.set_title("of each two artworks")
    figure.colorbar(shown, ax=right, shrink=0.8)
    rule = RULES[config.styles.distance.rule].__doc__ or ""
    figure.supxlabel(
        f"Ringed, by the rule {config.styles.distance.rule}: {rule[:1].lower()}{rule[1:]}", fontsize=7
    )
    return figure


def _dots(axes: Axes, distances: pd.DataFrame) -> None:
    from ifrp.paper.figures import look

    axes.hlines(distances["style"], distances["distance"].min(), distances["distance"], color="#dddddd")
    for split, colour in look.STYLE_COLOURS.items():
        some = distances[distances["split"] == split]
        if len(some):
            axes.plot(some["distance"], some["style"], "o", color=colour, markersize=6, label=split)
    chosen = distances[distances["chosen"]]
    axes.plot(
        chosen["distance"],
        chosen["style"],
        "o",
        color="black",
        fillstyle="none",
        markersize=9.5,
        label="chosen by the rule",
    )
    axes.set_yticks(distances["style"])
    axes.set(title="from real faces", xlabel="log-Euclidean distance")
    axes.margins(x=0.08)
    axes.legend(loc="lower right", fontsize=7, frameon=True, framealpha=0.9)


FIGURES = (
    Figure(
        name="distance",
        module=__name__,
        shows="log-Euclidean distance of each artwork from real faces and from each other, and the styles that a rule chooses",
        reads=reads,
        settings=("styles.distance.rule",),
        draw=draw,
    ),
)
