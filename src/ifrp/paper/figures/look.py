"""How all figures look, and how they are saved: the same bytes for the same content."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.artifacts import atomic
from ifrp.config import Config, experiments

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST = 1600  # pixels
WIDTH = 6.3  # inches, of a plot: the 16 cm that a page has for it
DPI = 200
STYLE_COLOURS = {"seen": "#0072B2", "unseen": "#E69F00", "sketch": "#009E73"}
LINES = ("#8C8C8C", "#5F3F00", "#C56503", "#9F1F5A", "#4D99F1", "#66D4A2", "#FFB300", "#1E59BC", "#000000")
"""of experiments: any two are at least 15 apart (CIEDE2000), without red or without green cones, too"""
MARKERS = ">XvPsD^od<"

LOOK: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "pdf.fonttype": 42,
}


def colours(config: Config) -> dict[str, str]:
    """The colour of each main experiment, the same in every figure; one that takes another's model has its colour, too."""
    owners = {name: experiments.resolve(config, name).model for name in config.recovery.experiments}
    dealt = {owner: LINES[i % len(LINES)] for i, owner in enumerate(dict.fromkeys(owners.values()))}
    return {name: dealt[owner] for name, owner in owners.items()}


def dashes(config: Config) -> dict[str, str]:
    """The line style of each main experiment: dashed if it takes another's model."""
    every = config.recovery.experiments
    return {name: "-" if experiments.resolve(config, name).model == name else "--" for name in every}


def markers(config: Config) -> dict[str, str]:
    """The marker of each main experiment, the same in every figure."""
    return {name: MARKERS[i % len(MARKERS)] for i, name in enumerate(config.recovery.experiments)}


def save(name: str, figure: Figure) -> None:
    """Writes a figure as PNG and PDF, without dates and versions in the files."""
    unsaid = {
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    }
    for suffix, metadata in unsaid.items():
        with atomic(paths.figure(name, suffix)) as new:
            figure.savefig(new, format=suffix, metadata=metadata)


def legend(figure: Figure) -> None:
    """One legend above all panels, of what the first has, in as many rows as its names need."""
    found = figure.axes[0].get_legend_handles_labels()
    handles = dict(zip(*reversed(found), strict=True))  # one of each name
    if not handles:
        return
    rows = math.ceil(sum(0.34 + 0.058 * len(name) for name in handles) / figure.get_figwidth())  # inches
    figure.legend(
        handles.values(), handles, loc="outside upper center", ncols=math.ceil(len(handles) / rows), fontsize=7.5,
        columnspacing=1.2, handlelength=1.6, handletextpad=0.5,
    )  # fmt: skip


def logarithmic(axes: Axes, which: str) -> None:
    """Makes an axis, x or y, logarithmic: plain numbers at 1, 2 and 5 times powers of ten, or at these alone if it is long."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis = getattr(axes, f"{which}axis")
    axes.set(**{f"{which}scale": "log"})
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1,) if high > 200 * low else (1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
