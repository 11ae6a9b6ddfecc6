"""Portraits of your own (`paper.own`: paintings, sketches), and what is recovered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ifrp.config import Config, experiments
from ifrp.errors import IfrpError
from ifrp.paper.figures.figure import Figure
from ifrp.paper.part import method_of_featured

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def reads(config: Config) -> list[Path]:
    """The pictures, and the networks of `paper.experiment`, if it has any."""
    given = Path(config.paper.own or "")
    there = [given] if given.is_file() else sorted(given.rglob("*.*")) if config.paper.own else []
    pictures = [path for path in there if path.is_file() and path.suffix != ".npy"]  # a stack is no picture
    return [*pictures, *experiments.featured(config).networks]


def draw(config: Config) -> Drawing:
    """Each portrait beside what `paper.experiment` recovers of it.

    Raises:
        IfrpError: `paper.own` names no folder, or there is no readable picture in it.
    """
    from ifrp.paper.figures import mosaic
    from ifrp.recovery import portrait, recover

    if not config.paper.own or not (folder := Path(config.paper.own)).exists():
        raise IfrpError(f"paper.own is {config.paper.own}: name a folder of pictures there.")
    recoverer = recover.named(config.paper.experiment, config)
    portraits = [portrait.Portrait(image) for _, image in recover.pictures([folder], recoverer.size, [])]
    if not portraits:
        raise IfrpError(f"There is no readable picture in {folder}.")
    pairs = [(made.portrait.image, np.asarray(made.face)) for made in recoverer.faces(portraits)]
    across = config.paper.examples
    rows = [[tile for pair in pairs[i : i + across] for tile in pair] for i in range(0, len(pairs), across)]
    headings = ["portrait", "recovered"] * min(across, len(pairs))
    return mosaic.draw(rows, headings, [""] * len(rows))


FIGURES = (
    Figure(
        name="own",
        module=__name__,
        shows="portraits of your own (`paper.own`), and what is recovered",
        reads=reads,
        settings=("faces.size", "paper.examples", "paper.experiment", "paper.own"),
        runs=method_of_featured,
        wanted=lambda config: bool(config.paper.own),
        draw=draw,
    ),
)
