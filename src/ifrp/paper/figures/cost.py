"""What a face costs and what it is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures.figure import Figure
from ifrp.paper.tables import timing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


TICKS = [step * 10.0**power for power in range(-2, 6) for step in (1, 3)]


def reads(config: Config) -> list[Path]:
    """The recovered stacks, whose cards say what they cost, and the summaries."""
    return [*timing.recovered(config), *(paths.summary(name) for name in config.recovery.experiments)]


def draw(config: Config) -> Drawing:
    """What a face costs and what it is worth: FRR on unseen styles against milliseconds per face and training time.

    Bars are 95 % intervals over people. Experiments that need no training stand at the left edge of the right panel.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

    from ifrp.evaluation import summary

    costs: Any = timing.spent(config).set_index("experiment").to_dict("index")
    worth = {name: frr for name in costs if (frr := summary.overall(name).get(("unseen", "frr")))}
    figure = Drawing(figsize=(7.4, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, key in ((left, "ms_per_face"), (right, "training_seconds")):
        values = {name: float(costs[name][key]) for name in worth if not pd.isna(costs[name][key])}
        none = min(values.values(), default=1.0) / 2
        _scatter(axes, config, {name: values.get(name, none) for name in worth}, worth)
        if len(values) < len(worth):
            ticks = [tick for tick in TICKS if 1.4 * none < tick < 1.2 * max(values.values(), default=1.0)]
            axes.set_xticks([none, *ticks], ["none", *(f"{tick:g}" for tick in ticks)])
            axes.axvline(1.4 * none, color="#bbbbbb", linewidth=0.8)
    left.set(xlabel="recovery (ms per face)", ylabel="FRR on unseen styles (%)", ylim=(0, 100))
    right.set_xlabel("training (s)")
    return figure


def _scatter(axes: Axes, config: Config, places: dict[str, float], worth: dict[str, Any]) -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter

    from ifrp.paper.figures import look

    colours, markers = look.colours(config), look.markers(config)
    axes.set_xscale("log")
    for name, place in places.items():
        value, low, high = (worth[name][key] for key in ("value", "low", "high"))
        axes.errorbar(
            place, value, [[value - low], [high - value]], color=colours[name], marker=markers[name], markersize=6,
            linewidth=0.9, linestyle="none",
        )  # fmt: skip
        crowded = any(
            1 < other / place < 3 and abs(worth[each]["value"] - value) < 8 for each, other in places.items()
        )
        axes.annotate(
            name, (place, value), (-6 if crowded else 6, 3), textcoords="offset points", fontsize=7, color="#333333",
            ha="right" if crowded else "left",
        )  # fmt: skip
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.2)


FIGURES = (
    Figure(
        name="cost",
        module=__name__,
        shows="FRR on unseen styles against what a face and a training cost: upper left is best",
        reads=reads,
        cards=timing.cards,
        draw=draw,
    ),
)
