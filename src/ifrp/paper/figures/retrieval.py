"""How often the right person is among the k nearest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import STYLE_SPLITS, Config
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def reads(config: Config) -> list[Path]:
    """The retrieval curve of each experiment."""
    return [paths.retrieval(name, config.evaluation.recogniser) for name in config.recovery.experiments]


def draw(config: Config) -> Drawing:
    """Cumulative match: the share of recovered faces whose person is among the k nearest true faces, k from 1 to 20.

    One column per split of styles, each the mean over its styles. FRR is the value at `evaluation.top`, where each curve
    has its marker. Below, the same with the faces of the training people in the gallery. Dotted: guessing; dashed: with
    another's model.
    """
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import look

    top = config.evaluation.top
    files = zip(config.recovery.experiments, reads(config), strict=True)
    curves = {name: read_table(path).set_index("rank") for name, path in files}
    splits = [s for s in STYLE_SPLITS if any(s in curve for curve in curves.values())]
    figure = Drawing(figsize=(look.WIDTH, 4.6), layout="constrained")
    colours, dashes, markers = look.colours(config), look.dashes(config), look.markers(config)
    panels = figure.subplots(2, len(splits), squeeze=False, sharex=True, sharey=True)
    for row, ending in zip(panels, ("", "-distractors"), strict=True):
        for axes, split in zip(row, splits, strict=True):
            for name, curve in curves.items():
                if f"{split}{ending}" in curve:
                    axes.plot(
                        curve.index, curve[f"{split}{ending}"], dashes[name], color=colours[name], linewidth=1.1,
                        marker=markers[name], markersize=5.5, markeredgecolor="white", markeredgewidth=0.5,
                        markevery=[top - 1], label=name,
                    )  # fmt: skip
            axes.plot(
                curve.index, curve[f"chance{ending}"], ":", color="black", linewidth=0.9, label="chance"
            )
            axes.axvline(top, color="#555555", linewidth=0.9, zorder=1)
            axes.set(ylim=(0, 102), xticks=sorted({1, top, *range(10, len(curve) + 1, 5)}))
    for axes, split in zip(panels[0], splits, strict=True):
        axes.set_title(split, pad=13)
        axes.annotate(
            f"FRR (k = {top})", (top, 1), (0, 2), xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="center",
            fontsize=7,
        )  # fmt: skip
    for axes in panels[1]:
        axes.set_xlabel("k")
    panels[0, 0].set_ylabel("among the k nearest\ntrue faces (%)")
    panels[1, 0].set_ylabel("among the k nearest,\nwith distractors (%)")
    look.legend(figure)
    return figure


FIGURES = (
    Figure(
        name="retrieval",
        module=__name__,
        shows="the share of faces whose person is among the k nearest, without and with distractors; FRR is marked",
        reads=reads,
        settings=("evaluation.recogniser", "evaluation.top"),
        draw=draw,
    ),
)
