"""One person in all styles, and what each method recovers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def reads(config: Config) -> list[Path]:
    """Portraits in every style, and what every experiment recovers of them."""
    return order.compared(config.recovery.experiments, [style.name for style in order.ordered(config)])


def draw(config: Config) -> Drawing:
    """One person in every style: the portraits, and below them what each experiment recovers; FCR asks if these agree."""
    from ifrp.paper.figures import gallery, look, mosaic

    styles, experiments = order.ordered(config), list(config.recovery.experiments)
    names = [style.name for style in styles]
    shared = gallery.shared(experiments, names)
    place = int(shared[len(shared) // 2])
    truth = gallery.picture(paths.faces("test"), place)
    portraits = [gallery.picture(paths.portraits("test", name), place) for name in names]
    rows = {"portrait": portraits}
    for experiment in experiments:
        recovered = [gallery.recovery(experiment, name, place) for name in names]
        if not gallery.same(recovered, portraits):
            rows[experiment] = recovered
    headings = [*map(order.heading, styles), "truth"]
    colours = [*(look.STYLE_COLOURS[style.split] for style in styles), "black"]
    return mosaic.draw([[*row, truth] for row in rows.values()], headings, list(rows), colours=colours)


FIGURES = (
    Figure(
        name="consistency",
        module=__name__,
        shows="one person in all styles, and what each method recovers",
        reads=reads,
        draw=draw,
    ),
)
