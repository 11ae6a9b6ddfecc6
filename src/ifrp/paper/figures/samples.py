"""The data set (Figure 6): faces, warped faces, portraits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config, experiments
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import mosaic

SPLITS = ("train", "test")


def reads(config: Config) -> list[Path]:
    """Faces and portraits for training and for the test."""
    portraits = experiments.portraits(config)
    return [
        path
        for split in SPLITS
        for path in (
            paths.faces(split),
            paths.warped(split),
            *(paths.portraits(split, s.name) for s in order.ordered(config) if (split, s.name) in portraits),
        )
    ]


def draw(config: Config) -> Drawing:
    """Real faces, unaligned, and stylised: for training in the styles that are trained on, for the test in all."""
    import numpy as np

    from ifrp import stacks
    from ifrp.paper.figures import gallery, look, mosaic

    styles = order.ordered(config)
    opened = {path: stacks.read(path) for path in reads(config)}
    rows: list[list[mosaic.Tile]] = []
    labels = []
    for split in SPLITS:
        files = [paths.faces(split), paths.warped(split), *(paths.portraits(split, s.name) for s in styles)]
        columns = [opened.get(path) for path in files]
        people = opened[files[0]].table["person"]
        for place in gallery.spread(people, max(1, config.paper.examples // 2)):
            rows.append([None if stack is None else np.array(stack.images[place]) for stack in columns])
            labels.append(split)
    headings = ["real", "unaligned", *map(order.heading, styles)]
    colours = ["black", "black", *(look.STYLE_COLOURS[style.split] for style in styles)]
    return mosaic.draw(rows, headings, labels, colours=colours)


FIGURES = (
    Figure(
        name="samples",
        module=__name__,
        shows="the data set: faces, warped faces, portraits in training and test styles",
        of_paper="Figure 6",
        reads=reads,
        settings=("paper.examples",),
        draw=draw,
    ),
)
