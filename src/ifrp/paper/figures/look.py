"""How all figures look, and how they are saved: the same bytes for the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifrp import paths
from ifrp.artifacts import atomic
from ifrp.config import Config, experiments

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDEST = 1600  # pixels
WIDTH = 6.3  # inches, of a plot: the 16 cm that a page has for it
DPI = 200
STYLE_COLOURS = {"seen": "#0072B2", "unseen": "#E69F00", "sketch": "#009E73"}
LINES = ("#8C8C8C", "#5F3F00", "#C56503", "#9F1F5A", "#4D99F1", "#66D4A2", "#FFB300", "#1E59BC", "#000000")
"""of experiments: any two are at least 15 apart (CIEDE2000), for colour-blind people, too"""
MARKERS = "oXvPsD^*d"

LOOK: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
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
    """One legend above all panels, of the lines in the first."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(5, len(labels)))
