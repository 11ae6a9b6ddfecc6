"""The sample sheet: each artwork, and the same faces in every style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ifrp import artifacts, paths, stacks
from ifrp.config import Config, styles
from ifrp.stacks import Images
from ifrp.styles import network
from ifrp.styles.artworks import read

GAP = 4
"""pixels of white between pictures"""


def write(config: Config, count: int) -> str:
    """Shows every artwork and `count` test faces in every style, to results/styles/; returns a sentence about it.

    Raises:
        IfrpError: an artwork, a style network or the faces are missing.
    """
    from PIL import Image

    names = [row.name for row in styles(config)]
    inputs = [path(name) for name in names for path in (paths.artwork, paths.style_network)]
    faces = stacks.read(paths.warped("test")).images[:count]
    with artifacts.card(paths.STYLE_SHEET, {"faces": count}, config.seed, inputs):
        portraits = [network.apply(network.trained(config.styles, name), faces) for name in names]
        picture = sheet([read(paths.artwork(name)) for name in names], faces, portraits)
        with artifacts.atomic(paths.STYLE_SHEET) as new:
            Image.fromarray(picture).save(new)
    return f"{paths.STYLE_SHEET}: {len(faces)} faces in {len(names)} styles."


def sheet(artworks: Sequence[Images], faces: Images, portraits: Sequence[Images]) -> Images:
    """One column per style, artwork above portraits; the first column holds the faces.

    Args:
        artworks: one picture (H, W, 3) per style, of any size; its central square is shown.
        faces: (N, S, S, 3).
        portraits: per style (N, S, S, 3).

    Returns:
        (H, W, 3) uint8.
    """
    side = faces.shape[1]
    blank = np.full((side, side, 3), 255, np.uint8)
    heads = [blank, *(square(artwork, side) for artwork in artworks)]
    columns = [_join([head, *below], 0) for head, below in zip(heads, [faces, *portraits], strict=True)]
    return _join(columns, 1)


def square(picture: Images, side: int) -> Images:
    """The central square of a picture, resized to `side` pixels."""
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.fit(Image.fromarray(picture), (side, side), Image.Resampling.LANCZOS))


def _join(pictures: Sequence[Images], axis: int) -> Images:
    width = [(0, 0), (0, 0), (0, 0)]
    width[axis] = (0, GAP)
    joined = np.concatenate([np.pad(p, width, constant_values=255) for p in pictures], axis)
    return joined[:-GAP] if axis == 0 else joined[:, :-GAP]
