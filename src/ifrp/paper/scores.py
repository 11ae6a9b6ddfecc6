"""Figures of scores: retrieval curves, error against rotation, cost against quality."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ifrp import config as settings
from ifrp import paths, stacks
from ifrp.evaluation import summary
from ifrp.paper import look, timing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 8  # of the rotation
FEWEST = 10  # scores in a bin that is shown


def retrieval(config: settings.Config) -> tuple[Figure, list[Path]]:
    """Cumulative match: the share of recovered faces whose person is among the k nearest true faces, k from 1 to 20.

    One column per split of styles, each the mean over its styles; FRR is the value at `evaluation.top`. Below, the same
    with the faces of the training people in the gallery. Dotted: guessing; dashed: with another's model.
    """
    import pandas as pd
    from matplotlib.figure import Figure

    judge, top = config.evaluation.recogniser, config.evaluation.top
    files = {name: paths.retrieval(name, judge) for name in config.recovery.experiments}
    curves = {name: pd.read_csv(path).set_index("rank") for name, path in files.items()}
    splits = [s for s in settings.STYLE_SPLITS if any(s in curve for curve in curves.values())]
    figure = Figure(figsize=(2.6 * len(splits), 4.9), layout="constrained")
    colours, dashes = look.colours(config), look.dashes(config)
    panels = figure.subplots(2, len(splits), squeeze=False, sharex=True, sharey=True)
    for row, ending in zip(panels, ("", "-distractors"), strict=True):
        for axes, split in zip(row, splits, strict=True):
            for name, curve in curves.items():
                if f"{split}{ending}" in curve:
                    shares = curve[f"{split}{ending}"]
                    axes.plot(
                        curve.index, shares, dashes[name], color=colours[name], linewidth=1.1, label=name
                    )
            axes.plot(
                curve.index, curve[f"chance{ending}"], ":", color="black", linewidth=0.9, label="chance"
            )
            axes.axvline(top, color="#bbbbbb", linewidth=0.8, zorder=0)
            axes.set(ylim=(0, 102), xticks=sorted({1, top, *range(10, len(curve) + 1, 5)}))
    for axes, split in zip(panels[0], splits, strict=True):
        axes.set_title(split)
    for axes in panels[1]:
        axes.set_xlabel("rank")
    panels[0, 0].set_ylabel("retrieved (%)")
    panels[1, 0].set_ylabel("among distractors (%)")
    _legend(figure)
    return figure, [*files.values()]


def angles(config: settings.Config) -> tuple[Figure, list[Path]]:
    """Error against the rotation of the portrait: PSNR, SSIM and FRR of faces in bins of equal width.

    Portraits in styles that the experiment was trained on; bins of fewer than ten scores are left out. Not in the
    paper.
    """
    import pandas as pd
    from matplotlib.figure import Figure

    warps = stacks.read(paths.warped("test")).table["rotation"]
    span = float(np.ceil(warps.abs().max())) or 1.0
    edges = np.linspace(-span, span, BINS + 1)
    middles, bins = (edges[1:] + edges[:-1]) / 2, np.digitize(warps, edges[1:-1])
    panels = {"psnr": ("PSNR (dB)", 1), "ssim": ("SSIM", 1), "hit": ("FRR (%)", 100)}
    figure, used = Figure(figsize=(7.8, 2.9), layout="constrained"), [paths.warped("test")]
    axes = [
        figure.add_subplot(1, 3, i, title=title, xlabel="rotation (°)")
        for i, (title, _) in enumerate(panels.values(), 1)
    ]
    colours, markers = look.colours(config), look.markers(config)
    for name in config.recovery.experiments:
        files = [paths.quality(name), paths.identity(name, config.evaluation.recogniser)]
        quality, identity = (pd.read_csv(path).query("split == 'seen'") for path in files)
        for panel, (column, (_, unit)) in zip(axes, panels.items(), strict=True):
            scores = identity if column == "hit" else quality
            binned = scores[column].groupby(bins[scores["index"]])
            means = unit * binned.mean()[binned.count() >= FEWEST]
            panel.plot(
                middles[means.index.astype(int)], means, color=colours[name], linewidth=1.1, marker=markers[name],
                markersize=3, label=name,
            )  # fmt: skip
        used += files
    _legend(figure)
    return figure, used


def cost(config: settings.Config) -> tuple[Figure, list[Path]]:
    """What a face costs and what it is worth: FRR on unseen styles against milliseconds per face and training time.

    Bars are 95 % intervals over people. An experiment that needs no training is in the left panel only.
    """
    import pandas as pd
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    costs: Any = timing.compare(config).set_index("experiment").to_dict("index")
    worth = {name: summary.overall(name).get(("unseen", "frr")) for name in costs}
    figure, used = Figure(figsize=(6.4, 2.9), layout="constrained"), timing.inputs(config)[:-1]
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
    _legend(figure)
    return figure, [*used, *(paths.summary(name) for name in costs)]


def _legend(figure: Figure) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(5, len(labels)))
