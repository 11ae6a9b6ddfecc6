"""Portraits of your own (`paper.own`: paintings, sketches), and what the released weights recover."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper.figures.figure import Figure
from ifrp.provenance import read_card

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from ifrp.recovery.portrait import Model, Portrait
    from ifrp.stacks import Images
    from ifrp.tiles import Tile

RELEASE = "ifrp-plus"
MOST = 12  # pictures
WHOLE = 256  # pixels, side of the square in which a whole picture is shown
ONE_BELOW_THE_OTHER = 3  # up to so many pictures; more stand two in a row


def reads(config: Config) -> list[Path]:
    """The pictures, and the released weights."""
    given = Path(config.paper.own or "")
    there = [given] if given.is_file() else sorted(given.rglob("*.*")) if config.paper.own else []
    return [*(path for path in there if path.is_file()), paths.shipped(RELEASE)]


def method(config: Config) -> list[str]:
    """The module of the method that was released."""
    return [f"ifrp.recovery.methods.{read_card(paths.shipped(RELEASE))['settings']['method']}"]


def draw(config: Config) -> Drawing:
    """The first pictures in which a face is found: the whole picture, the face in it as the model sees it, the recovered face.

    Raises:
        IfrpError: `paper.own` names no picture and no folder, or there is no picture with a face in it.
    """
    import numpy as np

    from ifrp.paper.figures import mosaic
    from ifrp.recovery import portrait

    given = Path(config.paper.own or "")
    if not config.paper.own or not given.exists() or given.suffix == ".npy":
        raise IfrpError(f"paper.own is {config.paper.own}: name a folder of pictures there.")
    model = portrait.load(RELEASE, "cpu")  # a dozen faces, where figures are drawn: there may be no GPU there
    found = list(islice(_found(model, given), MOST))
    if not found:
        raise IfrpError(f"There is no readable picture in {given} in which a face was found.")
    faces = model.faces(seen for _, seen in found)
    tiles: list[list[Tile]] = [
        [whole, seen.image, np.asarray(made.face)] for (whole, seen), made in zip(found, faces, strict=True)
    ]
    across = 1 if len(tiles) <= ONE_BELOW_THE_OTHER else 2
    rows = [[tile for row in tiles[i : i + across] for tile in row] for i in range(0, len(tiles), across)]
    return mosaic.draw(rows, ["picture", "face in it", "recovered"] * across, [], group=3)


def _found(model: Model, given: Path) -> Iterator[tuple[Images, Portrait]]:
    """Each whole picture in a white square, and the largest face in it; what shows none is left out."""
    import numpy as np
    from PIL import Image, ImageOps

    from ifrp.faces.pictures import Skip
    from ifrp.recovery.recover import sources

    for source in sources([given]):
        try:
            picture = source.open()
            (seen,) = model.portraits(picture)
        except Skip as reason:
            sys.stderr.write(f"skipped {source.file}: {reason}\n")
        else:
            square = ImageOps.pad(picture, (WHOLE, WHOLE), Image.Resampling.LANCZOS, color="white")
            yield np.asarray(square), seen


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
