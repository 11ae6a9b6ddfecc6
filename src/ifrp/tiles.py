"""Small pictures in rows and columns on one sheet, as large as a page and a file of a megabyte have room for."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from ifrp.stacks import Images

Tile = NDArray[np.uint8] | None
GAP = 4  # pixels between pictures
APART = 24  # pixels between groups of columns
LARGEST = 2.0  # how many times its own side a picture is shown at most
BYTES = 930_000  # of a sheet as PNG; labels bring a figure to a megabyte


def lefts(count: int, side: int, group: int = 0) -> list[int]:
    """Where columns of pictures begin, in pixels, with more room after each `group` of them; last, where one more would."""
    return [j * (side + GAP) + (j // group * (APART - GAP) if group else 0) for j in range(count + 1)]


def paste(rows: Sequence[Sequence[Tile]], side: int, group: int = 0) -> Images:
    """Resizes pictures to `side` pixels and puts them side by side on white.

    Args:
        rows: pictures, square uint8 RGB; None leaves a place empty.
        side: of each picture on the sheet, in pixels.
        group: columns that stand together, if not all do.

    Returns:
        (H, W, 3) uint8 without the two lowest bits of each colour: they are a third of a PNG file, and nobody sees them.
    """
    across = max(map(len, rows))
    places, step = lefts(across, side, group), side + GAP
    sheet = np.full((len(rows) * step - GAP, places[across - 1] + side, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for left, tile in zip(places, row, strict=False):
            if tile is not None:
                sheet[i * step : i * step + side, left : left + side] = _coarse(resized(tile, side))
    return sheet


def resized(picture: Images, side: int) -> Images:
    """A square picture at another size."""
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def _coarse(picture: Images) -> Images:
    return ((picture.astype(np.int16) + 2) // 4 * 4).clip(0, 255).astype(np.uint8)


def side(rows: Sequence[Sequence[Tile]], width: int, height: int, group: int = 0) -> int:
    """The largest side of pictures with which a sheet fits into `width` by `height` pixels and a PNG of `BYTES`."""
    own = min(tile.shape[0] for row in rows for tile in row if tile is not None)
    across = max(map(len, rows))
    room = width - lefts(across - 1, 0, group)[-1]
    found = int(min(LARGEST * own, room // across, (height + GAP) // len(rows) - GAP))
    while (taken := size(paste(rows, found, group))) > BYTES:
        found = int(found * min(0.98, (BYTES / taken) ** 0.5))
    return found


def size(picture: Images) -> int:
    """Bytes of a picture as PNG, with the opacity that matplotlib writes, too."""
    from PIL import Image

    Image.fromarray(picture).convert("RGBA").save(into := BytesIO(), "PNG")
    return len(into.getvalue())
