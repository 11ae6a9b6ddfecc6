"""In-plane misalignment (Sec. 4): a random rotation, scale and shift of each aligned face, and the way back.

A face point u moves to c + scale · R(rotation) (u − c) + shift · size, where c is the window's centre. Positive
rotations turn counter-clockwise as seen; shifts are fractions of the face's side, to the right and down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ifrp.config import Warp
from ifrp.faces import geometry
from ifrp.faces.geometry import Matrix
from ifrp.faces.pictures import Skip
from ifrp.stacks import Images

if TYPE_CHECKING:
    import pandas as pd

ROTATIONS, TRIES = 100, 200


@dataclass(frozen=True)
class Misalignment:
    """The parameters of one warp, as they stand in the tables of the warped stacks."""

    rotation: float  # degrees
    scale: float
    shift_x: float
    shift_y: float


def forward(rotation: Matrix, scale: Matrix, shift: Matrix, size: int) -> Matrix:
    """Maps from the aligned to the warped window.

    Args:
        rotation: (N,), degrees.
        scale: (N,).
        shift: (N, 2), fractions of the side.
        size: side of the window, in pixels.

    Returns:
        (N, 2, 3).
    """
    turn = np.radians(rotation)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    linear = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)  # (N, 2, 2)
    centre = np.full((2, 1), size / 2)
    return np.concatenate([linear, centre - linear @ centre + size * shift[:, :, None]], axis=-1)


def backward(rotation: Matrix, scale: Matrix, shift: Matrix, size: int) -> Matrix:
    """The inverse of `forward`: from the warped to the aligned window, (N, 2, 3)."""
    there = forward(rotation, scale, shift, size)
    linear = np.linalg.inv(there[..., :2])
    return np.concatenate([linear, -linear @ there[..., 2:]], axis=-1)


def draw(
    rng: np.random.Generator, settings: Warp, place: Matrix, size: int, picture: tuple[int, int]
) -> tuple[Misalignment, Matrix]:
    """Draws a warp whose whole window lies inside the picture.

    The rotation is drawn first and kept if any of 200 scales and shifts fits it, so that rotations stay as uniform as
    the picture's margins allow; rejecting all four numbers together would favour small rotations.

    Args:
        rng: the picture's own source of randomness.
        settings: ranges.
        place: (2, 3), of the aligned face in the picture.
        size: side of the window, in pixels.
        picture: width and height, in pixels.

    Returns:
        The parameters, and the place of the warped face in the picture, (2, 3).

    Raises:
        Skip: no warp of these ranges fits.
    """
    for _ in range(ROTATIONS):
        angle = rng.choice(settings.angles) if settings.angles else rng.uniform(-1, 1) * settings.rotation
        rotation = np.full(TRIES, angle)
        scale = rng.uniform(*settings.scale, TRIES)
        shift = rng.uniform(-1, 1, (TRIES, 2)) * settings.shift
        places = geometry.compose(place, backward(rotation, scale, shift, size))
        fits = geometry.inside(places, size, picture)
        if fits.any():
            first = int(fits.argmax())
            drawn = (float(value) for value in (angle, scale[first], *shift[first]))
            return Misalignment(*drawn), places[first]
    raise Skip("no warp of the configured ranges (faces.warp) keeps all corners inside the picture")


def unwarp(images: Images, table: pd.DataFrame, batch: int = 256) -> Images:
    """Warps pictures back by the true parameters of their faces.

    Args:
        images: (N, size, size, 3) uint8: warped faces, or portraits made from them.
        table: N rows with rotation, scale, shift_x and shift_y: that of the warped stack.
        batch: pictures at a time.

    Returns:
        (N, size, size, 3) uint8, aligned. What the warp had moved out of the window is filled by repeating its edge.
    """
    import torch

    size = images.shape[1]
    places = forward(
        table["rotation"].to_numpy(),
        table["scale"].to_numpy(),
        table[["shift_x", "shift_y"]].to_numpy(),
        size,
    )
    aligned = np.empty_like(images)
    for start in range(0, len(images), batch):
        rows = slice(start, start + batch)
        pixels = torch.from_numpy(np.array(images[rows])).permute(0, 3, 1, 2)  # (n, 3, size, size)
        aligned[rows] = geometry.sample(pixels, places[rows], size)
    return aligned
