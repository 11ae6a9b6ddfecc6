"""How often the right person is among the k nearest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import STYLE_SPLITS, Config
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def reads(config: Config) -> list[Path]:
    """The retrieval curve of each experiment."""
    return [paths.retrieval(name, config.evaluation.recogniser) for name in config.recovery.experiments]


def draw(config: Config) -> Drawing:
    """Cumulative match: the share of recovered faces whose person is among the k nearest true faces, k from 1 to 20.

    One column per split of styles, each the mean over its styles; FRR, marked, is the value at `evaluation.top`. Below, the same
    with the faces of the training people in the gallery. Dotted: guessing; dashed: with another's model.
    """
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import look

    top = config.evaluation.top
    files = zip(config.recovery.experiments, reads(config), strict=True)
    curves = {name: pd.read_csv(path).set_index("rank") for name, path in files}
    splits = [s for s in STYLE_SPLITS if any(s in curve for curve in curves.values())]
    figure = Drawing(figsize=(2.6 * len(splits), 4.9), layout="constrained")
    colours, dashes, markers = look.colours(config), look.dashes(config), look.markers(config)
    panels = figure.subplots(2, len(splits), squeeze=False, sharex=True, sharey=True)
    for row, ending in zip(panels, ("", "-distractors"), strict=True):
        for axes, split in zip(row, splits, strict=True):
            for name, curve in curves.items():
                if f"{split}{ending}" in curve:
                    shares = curve[f"{split}{ending}"]
                    axes.plot(
                        curve.index, shares, dashes[name], color=colours[name], linewidth=1.1, label=name,
                        marker=markers[name], markersize=5, markevery=[curve.index.get_loc(top)],
                    )  # fmt: skip
            axes.plot(
                curve.index, curve[f"chance{ending}"], ":", color="black", linewidth=0.9, label="chance"
            )
            axes.axvline(top, color="#555555", linewidth=0.9, linestyle=(0, (4, 2)), zorder=0)
            axes.set(ylim=(0, 102), xticks=sorted({1, top, *range(10, len(curve) + 1, 5)}))
    panels[0, 0].annotate(
        f"FRR: rank {top}", (top, 1), (3, 2), textcoords="offset points", fontsize=7, color="#333333"
    )
    for axes, split in zip(panels[0], splits, strict=True):
        axes.set_title(split)
    for axes in panels[1]:
        axes.set_xlabel("rank")
    panels[0, 0].set_ylabel("retrieved (%)")
    panels[1, 0].set_ylabel("among distractors (%)")
    look.legend(figure)
    return figure


FIGURES = (
    Figure(
        name="retrieval",
        module=__name__,
        shows="for how many faces the person is among the k nearest (FRR is marked), without and with distractors",
        reads=reads,
        settings=("evaluation.recogniser", "evaluation.top"),
        draw=draw,
    ),
)
