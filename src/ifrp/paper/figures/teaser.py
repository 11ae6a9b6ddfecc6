"""What the paper opens with (Figure 1): portraits, what IFRP recovers, and the truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp.config import Config, styles
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


ACROSS = 2  # people in a row


def reads(config: Config) -> list[Path]:
    """Portraits in every style, what `paper.experiment` recovers of them, and its scores."""
    names = [style.name for style in styles(config)]
    return [*order.compared([config.paper.experiment], names), *order.chosen(config)]


def shown(config: Config) -> list[str]:
    """Of each split, the style from which `paper.experiment` recovers best."""
    from ifrp.paper.figures import gallery

    return [gallery.clearest(config, order.split(config, of)) for of in order.splits(config)]


def picked(config: Config) -> list[Path]:
    """What it reads of the styles that are shown."""
    return [*order.compared([config.paper.experiment], shown(config)), *order.chosen(config)]


def draw(config: Config) -> Drawing:
    """A row for the clearest style of each split: two people's portraits, what `paper.experiment` recovers, the truth."""
    from ifrp.paper.figures import gallery, mosaic

    name, names = config.paper.experiment, shown(config)
    turns = gallery.turns(config, [name], names, ACROSS * len(names), 4 * config.paper.examples)
    headings = {style.name: order.heading(style) for style in order.ordered(config)}
    rows = [
        [tile for place, shown in turns if shown == style for tile in gallery.three(name, style, place)]
        for style in names
    ]
    labels = [headings[style] for style in names]
    across = max(map(len, rows)) // 3
    return mosaic.draw(rows, ["portrait", "recovered", "truth"] * across, labels, group=3)


FIGURES = (
    Figure(
        name="teaser",
        module=__name__,
        shows="portraits in the clearest style of each split, what IFRP recovers, and the truth",
        of_paper="Figure 1",
        reads=reads,
        rows=lambda config: [config.paper.experiment],
        settings=("paper.examples", "paper.experiment"),
        draw=draw,
        picked=picked,
    ),
)
