"""The three sources of faces behind one interface: rendered heads, CelebA, any photos."""

from __future__ import annotations

from PIL import Image

from ifrp import paths, stacks
from ifrp.config import Faces
from ifrp.faces.celeba import celeba
from ifrp.faces.photos import photos
from ifrp.faces.source import Record, Source


def open_source(faces: Faces) -> Source:
    """The configured source.

    Raises:
        IfrpError: its files are missing or do not fit together.
    """
    if faces.source == "celeba":
        return celeba(faces.celeba)
    return photos(faces.photos) if faces.source == "photos" else _rendered()


def _rendered() -> Source:
    from ifrp.faces.heads.renderer import CANVAS, CROP

    stack = stacks.read(paths.RENDERED)
    row = {file: index for index, file in enumerate(stack.table["file"])}
    records = [Record(*pair) for pair in zip(stack.table["file"], stack.table["person"], strict=True)]
    canvas = stack.images.shape[1]
    side = canvas * CROP / CANVAS
    box = ((canvas - side) / 2, (canvas - side) / 2, side, side)
    return Source(
        str(paths.RENDERED),
        records,
        lambda file: Image.fromarray(stack.images[row[file]]),
        box,
        inputs=[paths.RENDERED],
    )
