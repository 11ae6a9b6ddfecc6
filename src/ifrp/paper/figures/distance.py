"""How far artworks are from real faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def reads(config: Config) -> list[Path]:
    """The distances."""
    return [paths.STYLE_DISTANCE]


def draw(config: Config) -> Drawing:
    """Distance of each style from real faces over all layers, the farthest on top, coloured by its split.

    Hatched: the styles that the rule of `styles.distance.rule` would train on.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing
    from matplotlib.patches import Patch

    from ifrp.paper.figures import look

    distances = pd.read_csv(paths.STYLE_DISTANCE)
    distances = distances[distances["layer"] == "combined"].sort_values("distance")
    figure = Drawing(figsize=(5.5, 0.7 + 0.24 * len(distances)), layout="constrained")
    axes = figure.add_subplot(xlabel="log-Euclidean distance from real faces")
    colours = [look.STYLE_COLOURS[split] for split in distances["split"]]
    hatches = ["///" if chosen else "" for chosen in distances["chosen"]]
    axes.barh(
        distances["style"],
        distances["distance"],
        color=colours,
        hatch=hatches,
        edgecolor="white",
        linewidth=0,
    )
    axes.grid(axis="y", visible=False)
    legend = [Patch(color=c, label=split) for split, c in look.STYLE_COLOURS.items() if c in colours]
    legend.append(
        Patch(
            facecolor="#888888", hatch="///", edgecolor="white", label=f"rule: {config.styles.distance.rule}"
        )
    )
    figure.legend(handles=legend, loc="outside upper center", ncols=len(legend))
    return figure


FIGURES = (
    Figure(
        name="distance",
        module=__name__,
        shows="log-Euclidean distance of each artwork from real faces",
        reads=reads,
        settings=("styles.distance.rule",),
        draw=draw,
    ),
)
