"""What the rows of an ablation recover (Figures 3 to 5 and more): a figure for each table of `paper.ablations`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def reads(config: Config, table: str) -> list[Path]:
    """Portraits in one seen and one unseen style, and what the table's experiments recover of them."""
    return order.compared(_experiments(config, table).values(), _styles(config))


def draw(config: Config, table: str) -> Drawing:
    """The rows of an ablation's table as columns of faces, half of them in seen and half in unseen styles."""
    from ifrp.paper.figures import gallery, mosaic

    chosen, styles = _experiments(config, table), _styles(config)
    places = gallery.example_places(config, chosen.values(), styles)
    turns = [(place, styles[i * len(styles) // len(places)]) for i, place in enumerate(places)]
    rows = [
        [
            gallery.picture(paths.portraits("test", style), place),
            *(gallery.recovery(name, style, place) for name in chosen.values()),
            gallery.picture(paths.faces("test"), place),
        ]
        for place, style in turns
    ]
    labels = [label.replace("+", "+\n").replace(" with", "\nwith") for label in chosen]
    return mosaic.draw(rows, ["portrait", *labels, "truth"], [style for _, style in turns])


def _experiments(config: Config, table: str) -> dict[str, str]:
    return {label: name for label, name in config.paper.ablations[table].items() if name}


def _styles(config: Config) -> list[str]:
    return [style.name for style in order.firsts(config) if style.split != "sketch"]


def figure(table: str) -> Figure:
    """The figure of one table."""
    return Figure(
        name=table,
        module=__name__,
        shows="faces of that table's experiments",
        document="ablations",
        reads=partial(reads, table=table),
        rows=lambda config: config.paper.ablations[table],
        settings=("paper.examples",),
        draw=partial(draw, table=table),
    )
