"""Figures of numbers: style distance and training curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import config as settings
from ifrp import paths
from ifrp.errors import IfrpError
from ifrp.paper import look
from ifrp.paper.look import STYLE_COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES = ("step", "epoch", "seconds")


def distance(config: settings.Config) -> tuple[Figure, list[Path]]:
    """Distance of each style from real faces over all layers, the farthest on top, coloured by its split.

    Hatched: the styles that the rule of `styles.distance.rule` would train on.
    """
    import pandas as pd
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    found = pd.read_csv(paths.STYLE_DISTANCE)
    found = found[found["layer"] == "combined"].sort_values("distance")
    figure = Figure(figsize=(5.5, 0.7 + 0.24 * len(found)), layout="constrained")
    axes = figure.add_subplot(xlabel="log-Euclidean distance from real faces")
    colours = [STYLE_COLOURS[split] for split in found["split"]]
    hatches = ["///" if chosen else "" for chosen in found["chosen"]]
    axes.barh(found["style"], found["distance"], color=colours, hatch=hatches, edgecolor="white", linewidth=0)
    axes.grid(axis="y", visible=False)
    legend = [Patch(color=c, label=split) for split, c in STYLE_COLOURS.items() if c in colours]
    legend.append(
        Patch(
            facecolor="#888888", hatch="///", edgecolor="white", label=f"rule: {config.styles.distance.rule}"
        )
    )
    figure.legend(handles=legend, loc="outside upper center", ncols=len(legend))
    return figure, [paths.STYLE_DISTANCE]


def curves(config: settings.Config) -> tuple[Figure, list[Path]]:
    """Training curves: one panel per logged quantity, one line per experiment that has it.

    Raises:
        IfrpError: no experiment has a curve.
    """
    import pandas as pd
    from matplotlib.figure import Figure

    files = {name: paths.training_curve(name) for name in config.recovery.experiments}
    found = {name: pd.read_csv(path) for name, path in files.items() if path.exists()}
    if not found:
        raise IfrpError("No experiment has a training curve: train one with `ifrp recovery train`.")
    panels = list(dict.fromkeys(column for curve in found.values() for column in curve if column not in AXES))
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(2.55 * across, 0.4 + 1.7 * down), layout="constrained")
    lines, colours = {}, look.colours(config)
    for number, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(down, across, number, title=str(panel).replace("_", " "))
        for name, curve in found.items():
            if panel in curve:
                points = curve[["step", panel]].dropna()
                lines[name] = axes.plot(
                    points["step"], points[panel], color=colours[name], linewidth=1.1, label=name
                )[0]
        axes.set_xlabel("step")
        axes.margins(x=0.02)
    figure.legend(handles=list(lines.values()), loc="outside upper center", ncols=min(5, len(lines)))
    return figure, [files[name] for name in found]
