"""One person in several styles, and what the best methods recover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ROWS = 3  # methods


def reads(config: Config) -> list[Path]:
    """Portraits in the first and last style of each split, what every experiment recovers of them, and all scores."""
    every = list(config.recovery.experiments)
    names = [style.name for style in order.ends(config)]
    return [*order.compared(every, names), *map(paths.quality, every)]


def best(config: Config) -> list[str]:
    """`paper.experiment`, and before it the others with the highest mean PSNR, from the lowest up; not the portraits."""
    featured = config.paper.experiment
    others = [name for name in config.recovery.experiments if name != featured]
    means = {name: read_table(paths.quality(name))["psnr"].mean() for name in others}
    ranked = sorted(others, key=means.__getitem__)
    return [*ranked[len(ranked) - ROWS + 1 :], featured]


def draw(config: Config) -> Drawing:
    """One person in several styles: the portraits, and below them what the best recover; FCR asks if these agree."""
    from ifrp.paper.figures import gallery, mosaic

    styles, experiments = order.ends(config), best(config)
    names = [style.name for style in styles]
    (place, _), *_ = gallery.turns(config, experiments, names, 1, config.paper.examples)
    truth = gallery.picture(paths.faces("test"), place)
    portraits = [gallery.picture(paths.portraits("test", name), place) for name in names]
    rows = {"portrait": portraits}
    for experiment in experiments:
        recovered = [gallery.recovery(experiment, name, place) for name in names]
        if not gallery.same(recovered, portraits):
            rows[experiment] = recovered
    headings = [*map(order.heading, styles), "truth"]
    return mosaic.draw([[*row, truth] for row in rows.values()], headings, list(rows))


FIGURES = (
    Figure(
        name="consistency",
        module=__name__,
        shows="one person in several styles, and what the best methods recover",
        reads=reads,
        settings=("paper.examples", "paper.experiment"),
        draw=draw,
    ),
)
