"""Error against the rotation of the portrait."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

BINS = 8  # of the rotation
FEWEST = 10  # scores in a bin that is shown


def reads(config: Config) -> list[Path]:
    """The rotations, and the scores of every experiment."""
    scores = [path for name in config.recovery.experiments for path in _scores(config, name)]
    return [paths.warped("test"), *scores]


def draw(config: Config) -> Drawing:
    """Error against the rotation of the portrait: PSNR, SSIM and FRR of faces in bins of equal width.

    Portraits in styles that the experiment was trained on; bins of fewer than ten scores are left out. Not in the
    paper.
    """
    import numpy as np
    from matplotlib.figure import Figure as Drawing

    from ifrp import stacks
    from ifrp.paper.figures import look

    warps = stacks.read(paths.warped("test")).table["rotation"]
    span = float(np.ceil(warps.abs().max())) or 1.0
    edges = np.linspace(-span, span, BINS + 1)
    middles, bins = (edges[1:] + edges[:-1]) / 2, np.digitize(warps, edges[1:-1])
    panels = {"psnr": ("PSNR (dB)", 1), "ssim": ("SSIM", 1), "hit": ("FRR (%)", 100)}
    figure = Drawing(figsize=(look.WIDTH, 2.6), layout="constrained")
    axes = figure.subplots(1, 3, sharex=True)
    colours, markers = look.colours(config), look.markers(config)
    for name in config.recovery.experiments:
        files = _scores(config, name)
        quality, identity = (read_table(path).query("split == 'seen'") for path in files)
        for panel, (column, (_, unit)) in zip(axes, panels.items(), strict=True):
            scores = identity if column == "hit" else quality
            binned = scores[column].groupby(bins[scores["index"]])
            means = unit * binned.mean()[binned.count() >= FEWEST]
            if len(means):
                panel.plot(
                    middles[means.index.astype(int)], means, color=colours[name], linewidth=1.1, marker=markers[name],
                    markersize=4, label=name,
                )  # fmt: skip
    for panel, (title, _) in zip(axes, panels.values(), strict=True):
        panel.set(title=title, xlabel="rotation (°)", xticks=np.linspace(-span, span, 5))
    look.legend(figure)
    return figure


def _scores(config: Config, experiment: str) -> list[Path]:
    return [paths.quality(experiment), paths.identity(experiment, config.evaluation.recogniser)]


FIGURES = (
    Figure(
        name="angles",
        module=__name__,
        shows="PSNR, SSIM and FRR against the rotation of the portrait",
        of_paper="not in the paper",
        reads=reads,
        settings=("evaluation.recogniser",),
        draw=draw,
    ),
)
