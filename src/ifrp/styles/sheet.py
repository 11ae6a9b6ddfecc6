"""The sample sheet: each artwork, and the same faces in every style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from ifrp import artifacts, paths, provenance, stacks, tiles
from ifrp.config import Config, styles
from ifrp.stacks import Images
from ifrp.styles import network
from ifrp.styles.artworks import read
from ifrp.tiles import Tile

ACROSS = 5  # styles beside each other
WIDTH, HEIGHT = 1600, 1600  # pixels at most
HEAD, TEXT = 38, 24  # pixels of the names above columns, and of their letters


def write(config: Config, count: int) -> str:
    """Shows every artwork and `count` test faces in every style, to results/styles/; returns a sentence about it.

    Raises:
        IfrpError: an artwork, a style network or the faces are missing.
    """
    every = styles(config)
    names = [row.name for row in every]
    inputs = [path(name) for name in names for path in (paths.artwork, paths.style_network)]
    faces = stacks.read(paths.warped("test")).images[:count]
    with provenance.card(paths.STYLE_SHEET, {"faces": count}, config.seed, inputs):
        portraits = [network.apply(network.trained(config.styles, name), faces) for name in names]
        artworks = [read(paths.artwork(name)) for name in names]
        picture = sheet(artworks, faces, portraits, [f"{row.name} ({row.split})" for row in every])
        with artifacts.atomic(paths.STYLE_SHEET) as new:
            Image.fromarray(picture).save(new, "PNG", optimize=True)
    return f"{paths.STYLE_SHEET}: {len(faces)} faces in {len(names)} styles."


def sheet(
    artworks: Sequence[Images], faces: Images, portraits: Sequence[Images], names: Sequence[str]
) -> Images:
    """One column per style, its name and artwork above portraits; the first column of each block holds the faces.

    Args:
        artworks: one picture (H, W, 3) per style, of any size; its central square is shown.
        faces: (N, S, S, 3).
        portraits: per style (N, S, S, 3).
        names: what is written above each style.

    Returns:
        (H, W, 3) uint8.
    """
    squares = [square(artwork, int(tiles.LARGEST * faces.shape[1])) for artwork in artworks]
    blocks: list[list[list[Tile]]] = []
    for part in (slice(start, start + ACROSS) for start in range(0, len(names), ACROSS)):
        below: list[list[Tile]] = [[face, *(of[i] for of in portraits[part])] for i, face in enumerate(faces)]
        blocks.append([[None, *squares[part]], *below])
    rows = [row for block in blocks for row in block]
    side = tiles.side(rows, WIDTH, HEIGHT - len(blocks) * (HEAD + tiles.GAP))
    step, above = len(blocks[0]) * (side + tiles.GAP) + HEAD, HEAD - 6
    page = Image.new(
        "RGB", (tiles.lefts(len(blocks[0][0]), side)[-1] - tiles.GAP, len(blocks) * step), "white"
    )
    draw, font = ImageDraw.Draw(page), _font(names, side)
    for i, block in enumerate(blocks):
        page.paste(Image.fromarray(tiles.paste(block, side)), (0, i * step + HEAD))
        draw.text((side - 8, i * step + HEAD + side / 2), "artwork", "black", font, "rm")
        draw.text((side / 2, i * step + HEAD + side - 6), "face", "black", font, "ms")
        for left, name in zip(tiles.lefts(ACROSS, side)[1:], names[i * ACROSS :], strict=False):
            draw.text((left + side / 2, i * step + above), name, "black", font, "ms")
    return np.asarray(page)


def _font(names: Sequence[str], side: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The largest letters, up to `TEXT` pixels, with which all names are as wide as a picture at most."""
    longest = max(ImageFont.load_default(TEXT).getlength(name) for name in names)
    return ImageFont.load_default(TEXT * min(1.0, side / longest))


def square(picture: Images, side: int) -> Images:
    """The central square of a picture, resized to `side` pixels."""
    return np.asarray(ImageOps.fit(Image.fromarray(picture), (side, side), Image.Resampling.LANCZOS))
