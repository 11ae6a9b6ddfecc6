"""The data set (Figure 6): faces, warped faces, portraits."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config, experiments
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

SPLITS = {"train": 2, "test": 3}
"""how many people of each split are shown"""
ACROSS = 4  # portraits in a row, at most


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
    """A person in a row: real face, unaligned, and in styles: for training in those that are trained on, for the test in others.

    Styles take turns from row to row, so that no place is empty.
    """
    import numpy as np

    from ifrp import stacks
    from ifrp.paper.figures import gallery, mosaic

    drawn = experiments.portraits(config)
    trained = [style for style in order.ordered(config) if ("train", style.name) in drawn]
    others = [style for style in order.ordered(config) if style.split != "seen"] or trained
    across = min(ACROSS, len(trained) or len(others))
    rows, notes, labels = [], [], []
    for split, count in SPLITS.items():
        turns = cycle((trained or others) if split == "train" else others)
        real, warped = (stacks.read(of(split)) for of in (paths.faces, paths.warped))
        for place in gallery.spread(real.table["person"], count):
            styles = list(islice(turns, across))
            portraits = [gallery.picture(paths.portraits(split, style.name), place) for style in styles]
            rows.append([np.array(real.images[place]), np.array(warped.images[place]), *portraits])
            notes.append(["", "", *(f"{style.name} ({style.split})" for style in styles)])
            labels.append("training" if split == "train" else split)
    headings = ["real face", "unaligned", *["portrait"] * across]
    return mosaic.draw(rows, headings, labels, notes)


FIGURES = (
    Figure(
        name="samples",
        module=__name__,
        shows="the data set: real faces, the same unaligned, portraits in training and in other styles",
        of_paper="Figure 6",
        reads=reads,
        rows=lambda config: [],
        draw=draw,
    ),
)
