"""Losses and validation PSNR over training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper.figures.figure import Figure
from ifrp.paper.part import trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

AXES = ("step", "epoch", "seconds")


def reads(config: Config) -> list[Path]:
    """The curve of each experiment that is trained."""
    return [paths.training_curve(name) for name in trained(config, config.recovery.experiments)]


def draw(config: Config) -> Drawing:
    """Training curves: one panel per logged quantity, one line per experiment that has it.

    Raises:
        IfrpError: no experiment is trained.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import look

    names = trained(config, config.recovery.experiments)
    curves = {name: pd.read_csv(path) for name, path in zip(names, reads(config), strict=True)}
    if not curves:
        raise IfrpError("No experiment is trained, so there is no training curve to show.")
    panels = list(
        dict.fromkeys(column for curve in curves.values() for column in curve if column not in AXES)
    )
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    figure = Drawing(figsize=(2.55 * across, 0.4 + 1.7 * down), layout="constrained")
    lines, colours = {}, look.colours(config)
    for number, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(down, across, number, title=str(panel).replace("_", " "))
        for name, curve in curves.items():
            if panel in curve:
                points = curve[["step", panel]].dropna()
                lines[name] = axes.plot(
                    points["step"], points[panel], color=colours[name], linewidth=1.1, label=name
                )[0]
        axes.set_xlabel("step")
        axes.margins(x=0.02)
    figure.legend(handles=list(lines.values()), loc="outside upper center", ncols=min(5, len(lines)))
    return figure


FIGURES = (
    Figure(
        name="curves",
        module=__name__,
        shows="losses and validation PSNR over training",
        reads=reads,
        wanted=lambda config: bool(reads(config)),
        draw=draw,
    ),
)
