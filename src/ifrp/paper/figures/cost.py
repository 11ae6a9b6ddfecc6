"""What a face costs and what it is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures.figure import Figure
from ifrp.paper.tables import timing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

SPOTS = [(x, y) for y in (0, 9, -9, 18, -18) for x in (6, -6)]
"""where a name may be, seen from its point, in points; the best first"""


class Point(NamedTuple):
    """What an experiment costs, its FRR, and the ends of the interval of that."""

    cost: float
    value: float
    low: float
    high: float


def reads(config: Config) -> list[Path]:
    """The recovered stacks, whose cards say what they cost, and the summaries."""
    return [*timing.recovered(config), *(paths.summary(name) for name in config.recovery.experiments)]


def draw(config: Config) -> Drawing:
    """What a face costs and what it is worth: FRR on unseen styles against milliseconds per face and training time.

    Bars are 95 % intervals over people. An experiment that needs no training is in the left panel only.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

    from ifrp.evaluation import summary
    from ifrp.paper.figures import look

    costs: Any = timing.spent(config).set_index("experiment").to_dict("index")
    worth = {name: summary.overall(name).get(("unseen", "frr")) for name in costs}
    figure = Drawing(figsize=(look.WIDTH, 2.9), layout="constrained")
    colours, markers = look.colours(config), look.markers(config)
    panels = figure.subplots(1, 2, sharey=True)
    shown: dict[Axes, dict[str, Point]] = {}
    titles = {"ms_per_face": "time per face (ms)", "training_seconds": "time of training (s)"}
    for axes, (key, title) in zip(panels, titles.items(), strict=True):
        shown[axes] = points = {
            name: Point(costs[name][key], frr["value"], frr["low"], frr["high"])
            for name, frr in worth.items()
            if frr and not pd.isna(costs[name][key])
        }
        for name, point in points.items():
            bars = [[point.value - point.low], [point.high - point.value]]
            axes.errorbar(
                point.cost, point.value, bars, color=colours[name], marker=markers[name], markersize=6, linewidth=0.9,
                linestyle="none",
            )  # fmt: skip
        axes.set(xlabel=title, ylim=(0, 100))
        axes.margins(x=0.12)
        look.logarithmic(axes, "x")
    panels[0].set_ylabel("FRR on unseen styles (%)")
    figure.draw_without_rendering()  # names are placed where the layout puts the points
    for axes, points in shown.items():
        _name(axes, points)
    return figure


def _name(axes: Axes, points: dict[str, Point]) -> None:
    """Writes each name beside its point: at the first of `SPOTS` where it covers no point, bar or name, if there is one."""
    from matplotlib.transforms import Bbox

    pixels = axes.transData.transform
    taken = [
        Bbox(pixels([(point.cost, point.low), (point.cost, point.high)])).padded(6, 2)
        for point in points.values()
    ]
    for name, point in points.items():
        crowded = []
        for place, (x, y) in enumerate(SPOTS):
            text = axes.annotate(
                name, (point.cost, point.value), (x, y), textcoords="offset points", ha="left" if x > 0 else "right",
                va="center", fontsize=7.5, in_layout=False,
            )  # fmt: skip
            box = text.get_window_extent()
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            crowded.append((sum(box.overlaps(other) for other in taken) + 9 * (not inside), place, box, text))
        _, _, box, kept = min(crowded, key=lambda found: found[:2])
        taken.append(box)
        for *_, text in crowded:
            if text is not kept:
                text.remove()


FIGURES = (
    Figure(
        name="cost",
        module=__name__,
        shows="FRR on unseen styles against milliseconds per face and seconds of training, each method by its name",
        reads=reads,
        cards=timing.cards,
        draw=draw,
    ),
)
