"""What the rows of an ablation recover (Figures 3 to 5 and more): a figure for each table of `paper.ablations`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

EACH = 2  # people in seen, and in unseen styles
SPLITS = ("seen", "unseen")
LINE = 17  # letters of a heading
WORDS = {
    "pixel": "pixel loss\nalone",
    "pixel+adversarial": "pixel and\nadversarial",
    "pixel+adversarial+identity": "both and identity\n(FaceNet)",
    "pixel+adversarial+VGG-19": "both and identity\n(VGG-19)",
    "autoencoder": "no skips\n(autoencoder)",
    "unet": "all skips\n(U-Net)",
    "top-2-skips": "two deepest\nskips",
    "top-2-skips+residual": "two with\nresidual blocks",
}
"""rows of the paper's tables by their names in config/published.csv, in plain words"""


def reads(config: Config, table: str) -> list[Path]:
    """Portraits in seen and unseen styles, what the table's experiments recover of them, and the scores of the best known."""
    names = [name for split in SPLITS for name in order.split(config, split)]
    return [*order.compared(_experiments(config, table).values(), names), *order.chosen(config)]


def draw(config: Config, table: str) -> Drawing:
    """The rows of an ablation's table as columns of faces, the upper half of them in seen, the lower in unseen styles."""
    from ifrp.paper.figures import gallery, mosaic

    chosen = _experiments(config, table)
    turns: list[gallery.Turn] = []
    for split in SPLITS:
        if names := order.split(config, split):
            turns += gallery.turns(config, chosen.values(), names, EACH, config.paper.examples)
    rows = [
        [
            gallery.picture(paths.portraits("test", style), place),
            *(gallery.recovery(name, style, place) for name in chosen.values()),
            gallery.picture(paths.faces("test"), place),
        ]
        for place, style in turns
    ]
    words = [WORDS.get(row, fill(row, LINE)) for row in chosen]
    splits = {style.name: order.heading(style) for style in order.ordered(config)}
    return mosaic.draw(rows, ["portrait", *words, "truth"], [splits[style] for _, style in turns])


def _experiments(config: Config, table: str) -> dict[str, str]:
    """The rows of a table that are run, and their experiments."""
    return {row: name for row, name in config.paper.ablations[table].items() if name}


def figure(table: str) -> Figure:
    """The figure of one table."""
    return Figure(
        name=table,
        module=__name__,
        shows="portraits in seen and unseen styles, and what each row of that table recovers",
        document="ablations",
        reads=partial(reads, table=table),
        rows=lambda config: config.paper.ablations[table],
        settings=("paper.examples", "paper.experiment"),
        draw=partial(draw, table=table),
    )
