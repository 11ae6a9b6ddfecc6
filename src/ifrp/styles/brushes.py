"""What the drawn artworks are drawn with: noise, palettes, strokes along a flow, cells.

All pictures here are float arrays with values 0–1; a field is (S, S), a picture (S, S, 3); lengths are fractions of the side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, zoom
from scipy.spatial import cKDTree

Field = NDArray[np.float64]


def grid(size: int) -> tuple[Field, Field]:
    """Row and column of each pixel's centre, (S, S) each, 0–1."""
    line = (np.arange(size) + 0.5) / size
    y, x = np.meshgrid(line, line, indexing="ij")
    return y, x


def noise(rng: np.random.Generator, size: int, cells: int, octaves: int = 1) -> Field:
    """Smooth noise, (S, S), stretched to 0–1: random values on a lattice of `cells`, halved in size per octave."""
    total = np.zeros((size, size))
    for octave in range(octaves):
        side = cells * 2**octave + 3
        lattice = zoom(rng.standard_normal((side, side)), 1 + size / (side - 3), order=3)
        total += lattice[:size, :size] / 2**octave
    return stretch(total)


def stretch(field: Field) -> Field:
    """Shifts and scales a field to 0–1."""
    return np.asarray((field - field.min()) / (np.ptp(field) + 1e-12))


def palette(colours: str) -> Field:
    """Colours written as hexadecimal numbers and spaces, (K, 3)."""
    return np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in colours.split()]) / 255


def ramp(values: Field, colours: Field) -> Field:
    """Colours (K, 3) interpolated at values 0–1 of any shape; adds an axis of three."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(values, stops, colours[:, c]) for c in range(3)], axis=-1)


def brush(picture: Field, angle: Field, length: float) -> Field:
    """Smears a picture along a flow of angles (radians): line integral convolution (Cabral and Leedom, 1993)."""
    size = len(angle)
    steps = max(2, round(length * size / 2))
    total = picture.copy()
    for way in (1.0, -1.0):
        y, x = np.mgrid[:size, :size].astype(np.float64)
        for _ in range(steps):
            here = map_coordinates(angle, [y, x], order=1, mode="nearest")
            y, x = y + way * np.sin(here), x + way * np.cos(here)
            for c in range(3):
                total[..., c] += map_coordinates(picture[..., c], [y, x], order=1, mode="reflect")
    return total / (2 * steps + 1)


def emboss(picture: Field, strength: float) -> Field:
    """Gives thick paint: light from the upper left on the picture's own brightness."""
    dy, dx = np.gradient(picture.mean(axis=2))
    return np.asarray(np.clip(picture + strength * (dy + dx)[..., None], 0, 1))


def scatter(rng: np.random.Generator, across: int, jitter: float) -> Field:
    """Points on a jittered lattice that reaches past the edges, (P, 2) as row and column."""
    line = (np.arange(-1, across + 1) + 0.5) / across
    points = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.asarray(points + rng.uniform(-jitter, jitter, points.shape) / across)


def cells(points: Field, size: int) -> tuple[NDArray[np.intp], Field, Field]:
    """Nearest point of each pixel: its number, its distance and the second nearest's distance, (S, S) each."""
    distance, index = cKDTree(points).query(np.stack(grid(size), axis=-1), k=2)
    return index[..., 0], distance[..., 0], distance[..., 1]


def smooth(edge: Field, width: float) -> Field:
    """0 below -width, 1 above width, smooth between: an anti-aliased threshold at zero."""
    t = np.clip(edge / (2 * width) + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def over(below: Field, colour: Field | Sequence[float], mask: Field) -> Field:
    """Lays a colour or picture over another where the mask is 1."""
    return below + mask[..., None] * (np.asarray(colour) - below)
