"""Validation PSNR and losses over training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config, experiments
from ifrp.errors import IfrpError
from ifrp.paper.figures.figure import Figure
from ifrp.paper.part import trained

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

PSNR, IDENTITY = "validation PSNR (dB)", "identity loss"
PANELS = {
    PSNR: {"validation_psnr": "-"},
    "pixel loss": {"pixel": "-"},
    "adversarial loss (dotted: discriminator)": {"adversarial": "-", "discriminator": ":"},
    IDENTITY: {"identity": "-"},
}
"""what each panel shows, in its line style: columns of the curve, or `discriminator`, the mean of its two errors"""


def reads(config: Config) -> list[Path]:
    """The curve of each experiment that is trained."""
    return [paths.training_curve(name) for name in trained(config, config.recovery.experiments)]


def draw(config: Config) -> Drawing:
    """Training curves: the validation PSNR, then the losses that several methods have, one colour per experiment.

    A method's losses are its own, so their levels compare only within a method. The identity loss is that of features: what
    CycleGAN calls so is another thing. A marker ends each curve; in the first panel, there is one for each validation.

    Raises:
        IfrpError: no experiment is trained.
    """
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import look

    names = trained(config, config.recovery.experiments)
    curves = {
        name: _shown(config, name, read_table(path)) for name, path in zip(names, reads(config), strict=True)
    }
    if not curves:
        raise IfrpError("No experiment is trained, so there is no training curve to show.")
    panels = {
        title: columns
        for title, columns in PANELS.items()
        if any(column in curve for curve in curves.values() for column in columns)
    }
    down = -(-len(panels) // 2)
    figure = Drawing(figsize=(look.WIDTH, 0.5 + 1.75 * down), layout="constrained")
    colours, markers = look.colours(config), look.markers(config)
    for place, (title, columns) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(down, 2, place, title=title, xlabel="step")
        for name, curve in curves.items():
            for column, dashes in columns.items():
                if column in curve:
                    points = curve[["step", column]].dropna()
                    axes.plot(
                        points["step"], points[column], dashes, color=colours[name], linewidth=1.1, label=name,
                        marker=markers[name], markersize=4, markevery=1 if title == PSNR else [-1],
                    )  # fmt: skip
        look.logarithmic(axes, "x")
        if title != PSNR:
            look.logarithmic(axes, "y")
    look.legend(figure)
    return figure


def _shown(config: Config, name: str, curve: pd.DataFrame) -> pd.DataFrame:
    """A curve with the mean of the discriminator's two errors, and without an identity loss that is not of features."""
    if "discriminator_real" in curve:
        curve["discriminator"] = curve[["discriminator_real", "discriminator_fake"]].mean(axis=1)
    return (
        curve
        if experiments.resolve(config, name).facts.identity
        else curve.drop(columns="identity", errors="ignore")
    )


FIGURES = (
    Figure(
        name="curves",
        module=__name__,
        shows="validation PSNR, and pixel, adversarial and identity loss, over training",
        reads=reads,
        wanted=lambda config: bool(reads(config)),
        draw=draw,
    ),
)
