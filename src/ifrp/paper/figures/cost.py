"""What a face costs and what it is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures.figure import Figure
from ifrp.paper.tables import timing

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def reads(config: Config) -> list[Path]:
    """The recovered stacks, whose cards say what they cost, and the summaries."""
    return [*timing.recovered(config), *(paths.summary(name) for name in config.recovery.experiments)]


def draw(config: Config) -> Drawing:
    """What a face costs and what it is worth: FRR on unseen styles against milliseconds per face and training time.

    Bars are 95 % intervals over people. An experiment that needs no training is in the left panel only.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing
    from matplotlib.ticker import LogLocator, NullFormatter

    from ifrp.evaluation import summary
    from ifrp.paper.figures import look

    costs: Any = timing.spent(config).set_index("experiment").to_dict("index")
    worth = {name: summary.overall(name).get(("unseen", "frr")) for name in costs}
    figure = Drawing(figsize=(6.4, 2.9), layout="constrained")
    colours, markers = look.colours(config), look.markers(config)
    labels = {"ms_per_face": "ms per face", "training_seconds": "training (s)"}
    for number, (key, label) in enumerate(labels.items(), start=1):
        axes = figure.add_subplot(1, 2, number, xlabel=label, xscale="log", ylim=(0, 100))
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        for name, spent in costs.items():
            frr = worth[name]
            if frr is None or pd.isna(spent[key]):
                continue
            bars = [[frr["value"] - frr["low"]], [frr["high"] - frr["value"]]]
            axes.errorbar(
                spent[key], frr["value"], bars, color=colours[name], marker=markers[name], markersize=5, linewidth=0.9,
                linestyle="none", label=name,
            )  # fmt: skip
    figure.axes[0].set_ylabel("FRR unseen (%)")
    look.legend(figure)
    return figure


FIGURES = (
    Figure(
        name="cost",
        module=__name__,
        shows="FRR against milliseconds per face and seconds of training",
        reads=reads,
        cards=timing.cards,
        draw=draw,
    ),
)
