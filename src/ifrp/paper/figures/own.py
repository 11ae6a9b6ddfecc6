"""Portraits of your own (`paper.own`: paintings, sketches), and what the released weights recover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_card
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from ifrp.tiles import Tile

MOST = 12  # pictures
ONE_BELOW_THE_OTHER = 3  # up to so many pictures; more stand two in a row


def reads(config: Config) -> list[Path]:
    """The pictures, and the released weights."""
    given = Path(config.paper.own or "")
    there = [given] if given.is_file() else sorted(given.rglob("*.*")) if config.paper.own else []
    return [*(path for path in there if path.is_file()), paths.MODEL]


def method(config: Config) -> list[str]:
    """The module of the method that was released."""
    return [f"ifrp.recovery.methods.{read_card(paths.MODEL)['settings']['method']}"]


def draw(config: Config) -> Drawing:
    """The first pictures in which a face is found: the whole picture, the face in it as the model sees it, the recovered face.

    Raises:
        IfrpError: `paper.own` names no picture and no folder, or there is no picture with a face in it.
    """
    from ifrp.paper.figures import mosaic
    from ifrp.recovery import recover

    if not config.paper.own or not (given := Path(config.paper.own)).exists() or given.suffix == ".npy":
        raise IfrpError(f"paper.own is {config.paper.own}: name a folder of pictures there.")
    found = recover.found(given, str(paths.MODEL), MOST, config)
    across = 1 if len(found) <= ONE_BELOW_THE_OTHER else 2
    rows: list[list[Tile]] = [
        [tile for of in found[i : i + across] for tile in (of.picture, of.portrait, of.face)]
        for i in range(0, len(found), across)
    ]
    return mosaic.draw(rows, ["picture", "face in it", "recovered"] * across, [], group=3)


FIGURES = (
    Figure(
        name="own",
        module=__name__,
        shows="your own pictures (`paper.own`), the face found in each, and what the released weights recover",
        reads=reads,
        rows=lambda config: [],
        settings=("paper.own",),
        runs=method,
        wanted=lambda config: bool(config.paper.own),
        draw=draw,
    ),
)
