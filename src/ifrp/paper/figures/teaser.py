"""What the paper opens with (Figure 1): portraits, what IFRP recovers, and the truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import mosaic


def reads(config: Config) -> list[Path]:
    """Portraits of one style of each split, and what `paper.experiment` recovers of them."""
    return order.compared([config.paper.experiment], [style.name for style in order.firsts(config)])


def draw(config: Config) -> Drawing:
    """People in one style of each split: portrait and what `paper.experiment` recovers, beside the true face."""
    from ifrp import stacks
    from ifrp.paper.figures import gallery, mosaic

    name, styles = config.paper.experiment, order.firsts(config)
    recovered = stacks.read(paths.recovered(name, styles[0].name)).table
    chosen = gallery.spread(recovered["person"], max(1, config.paper.examples // 2))
    rows: list[list[mosaic.Tile]] = []
    for place in recovered["index"].to_numpy()[chosen]:
        row: list[mosaic.Tile] = []
        for style in styles:
            portrait = gallery.picture(paths.portraits("test", style.name), place)
            row += [portrait, gallery.recovery(name, style.name, place)]
        rows.append([*row, gallery.picture(paths.faces("test"), place)])
    headings = [*(text for style in styles for text in (order.heading(style), "recovered")), "truth"]
    return mosaic.draw(rows, headings, [""] * len(rows))


FIGURES = (
    Figure(
        name="teaser",
        module=__name__,
        shows="portraits, what IFRP recovers, and the truth",
        of_paper="Figure 1",
        reads=reads,
        settings=("paper.examples", "paper.experiment"),
        draw=draw,
    ),
)
