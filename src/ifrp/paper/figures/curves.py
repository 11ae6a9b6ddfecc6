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
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

PANELS = {"validation_psnr": "validation PSNR (dB)", "pixel": "pixel loss",
          "adversarial": "adversarial loss of the generator", "identity": "identity loss"}  # fmt: skip


def reads(config: Config) -> list[Path]:
    """The curve of each experiment that is trained."""
    return [paths.training_curve(name) for name in trained(config, config.recovery.experiments)]


def draw(config: Config) -> Drawing:
    """Training curves: validation PSNR, then the paper's three losses, one line per experiment that has them.

    Raises:
        IfrpError: no experiment is trained.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullFormatter

    from ifrp.paper.figures import look

    names = trained(config, config.recovery.experiments)
    curves = {name: pd.read_csv(path) for name, path in zip(names, reads(config), strict=True)}
    if not curves:
        raise IfrpError("No experiment is trained, so there is no training curve to show.")
    figure = Drawing(figsize=(7.2, 4.6), layout="constrained")
    colours, markers = look.colours(config), look.markers(config)
    for number, (column, title) in enumerate(PANELS.items(), start=1):
        axes = figure.add_subplot(2, 2, number, title=title, xlabel="step", xscale="log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        for name, curve in curves.items():
            if _shown(curve, column):
                points = curve[["step", column]].dropna()
                style = markers[name] if column == "validation_psnr" else ""
                axes.plot(
                    points["step"],
                    points[column],
                    f"{style}-",
                    color=colours[name],
                    linewidth=1.2,
                    markersize=4,
                )
    handles = [Line2D([], [], color=colours[name], marker=markers[name], label=name) for name in names]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _shown(curve: pd.DataFrame, column: str) -> bool:
    # CycleGAN's identity loss compares pictures and not features: another thing of the same name.
    return column in curve and (column != "identity" or "pixel" in curve)


FIGURES = (
    Figure(
        name="curves",
        module=__name__,
        shows="PSNR of validation faces over training, and the three losses: who learns, and until when",
        reads=reads,
        wanted=lambda config: bool(reads(config)),
        draw=draw,
    ),
)
