"""Where a face lies in its picture, and how it is sampled from there: once, antialiased.

A place is a 2×3 affine matrix that takes a point of the face window to a point of the picture. Both are continuous:
the window spans 0..size, the picture 0..width and 0..height, and pixel i covers i..i+1; x to the right, y down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifrp.stacks import Images

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

Matrix = NDArray[np.float64]

# Mean landmarks of CelebA's aligned release, seen from a square of the paper's crop's centre and area (34, 54, 107, 133).
LEFT_EYE, RIGHT_EYE, MOUTH = (0.340, 0.421), (0.660, 0.421), (0.500, 0.766)


def crop(box: Sequence[float], size: int) -> Matrix:
    """Place of a face in a box (left, top, width, height); width and height may be scaled differently, as in the paper."""
    left, top, width, height = box
    return np.array([[width / size, 0, left], [0, height / size, top]])


def aligned(points: Matrix, size: int) -> Matrix:
    """Place of a face by its landmarks, as the paper crops.

    Args:
        points: (3 or more, 2) positions in the picture: left eye, right eye (as seen), and points of the mouth,
            which are averaged.
        size: side of the window, in pixels.
    """
    landmarks = np.array([*points[:2], points[2:].mean(axis=0)])
    return similar(landmarks, size * np.array([LEFT_EYE, RIGHT_EYE, MOUTH]))


def similar(found: Matrix, goal: Matrix) -> Matrix:
    """The similarity that takes points of the window to those of the picture, best in least squares.

    Args:
        found: (N, 2) positions in the picture.
        goal: (N, 2) where they are to be in the window, in pixels.

    Returns:
        (2, 3), the place.
    """
    here, there = goal @ (1, 1j), found @ (1, 1j)
    centred = here - here.mean()
    turn = (centred.conj() @ (there - there.mean())) / (centred.conj() @ centred).real
    shift = there.mean() - turn * here.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """The affine map that applies `inner` first; (..., 2, 3) each."""
    linear = outer[..., :2] @ inner[..., :2]
    shift = outer[..., :2] @ inner[..., 2:] + outer[..., 2:]
    return np.concatenate([linear, shift], axis=-1)


def corners(places: Matrix, size: int) -> Matrix:
    """Where the corners of a window of so many pixels lie in the picture: (..., 2, 3) to (..., 2, 4), x and y."""
    found: Matrix = places @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]])
    return found


def inside(places: Matrix, size: int, picture: tuple[int, int]) -> NDArray[np.bool_]:
    """Whether all corners of the window lie inside a picture of (width, height), so that no pixel is invented.

    Args:
        places: (..., 2, 3).
        size: side of the window, in pixels.
        picture: width and height, in pixels.

    Returns:
        (...) truth values.
    """
    found = corners(places, size)
    limits = np.array(picture, dtype=float)[:, None]
    return np.asarray(((found >= -1e-6) & (found <= limits + 1e-6)).all(axis=(-2, -1)))


def shrinkage(place: Matrix) -> float:
    """Picture pixels per window pixel, along the direction that shrinks most."""
    return float(np.linalg.norm(place[:, :2], ord=2))


def cut(picture: Image, place: Matrix, size: int) -> Images:
    """Samples one face, (size, size, 3) uint8, from an RGB picture.

    Bicubic; where the picture shrinks, several samples per pixel are averaged, so that nothing aliases.
    """
    import torch

    coarse = int(shrinkage(place) / 2)
    if coarse > 1:  # averaging blocks first bounds the memory that large pictures need
        picture, place = picture.reduce(coarse), place / coarse
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]  # (1, 3, H, W)
    result: Images = sample(pixels, place[None], size)[0]
    return result


def sample(images: Tensor, places: Matrix, size: int) -> Images:
    """Samples one window from each of several images.

    Args:
        images: (N, 3, H, W), values 0–255.
        places: (N, 2, 3).
        size: side of the window, in pixels.

    Returns:
        (N, size, size, 3) uint8. Beyond an image its edge is repeated.
    """
    import torch.nn.functional as F

    fine = max(1, math.ceil(max(map(shrinkage, places)) - 0.1))
    grid = F.affine_grid(_normalised(places, size, images), [len(places), 3, size * fine, size * fine], False)
    sampled = F.grid_sample(images.float(), grid, "bicubic", "border", align_corners=False)
    averaged = F.avg_pool2d(sampled, fine) if fine > 1 else sampled
    sampled = averaged.round().clamp(0, 255).byte()
    result: Images = np.asarray(sampled.permute(0, 2, 3, 1).contiguous())  # (N, size, size, 3)
    return result


def _normalised(places: Matrix, size: int, images: Tensor) -> Tensor:
    """The same maps between coordinates that run from -1 to 1, as torch.nn.functional.affine_grid wants them."""
    import torch

    height, width = images.shape[2:]
    shrink = np.array([[2 / width, 0, -1], [0, 2 / height, -1]])
    grow = np.array([[size / 2, 0, size / 2], [0, size / 2, size / 2]])
    return torch.from_numpy(compose(shrink, compose(places, grow))).float()
