"""Ten artworks drawn by procedure: the miniature's stand-ins for the paper's paintings.

Each is deterministic, and far from the others in stroke, colour and scale: swirling oil strokes, outlined
sweets, a mosaic, woodblock waves, feathers, cubist facets, pointillism, cut paper, engraving, pencil hatching.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import shift

from ifrp.errors import IfrpError
from ifrp.runtime import generator
from ifrp.styles.brushes import (
    Field,
    brush,
    cells,
    emboss,
    grid,
    noise,
    over,
    palette,
    ramp,
    scatter,
    smooth,
    stretch,
)

SIZE = 320
"""side of a drawn artwork, in pixels"""


def draw(name: str, size: int = SIZE) -> NDArray[np.uint8]:
    """Draws one artwork, (S, S, 3) uint8, RGB, always the same.

    Raises:
        IfrpError: no procedure has that name.
    """
    if name not in DRAWINGS:
        raise IfrpError(
            f"No procedure draws {name}: an address drawn:NAME takes one of {', '.join(DRAWINGS)}."
        )
    picture = DRAWINGS[name](generator(7, "artwork", name), size)
    return np.asarray(np.round(np.clip(picture, 0, 1) * 255), dtype=np.uint8)


def whirl(rng: np.random.Generator, size: int) -> Field:
    """Long oil strokes around whirlpools: a burning sky over dark water."""
    y, x = grid(size)
    stream = 0.35 * y + 0.3 * noise(rng, size, 3)
    for _ in range(7):
        cy, cx = rng.uniform(0.08, 0.92, 2)
        stream += (
            0.16 * rng.choice([-1, 1]) * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / rng.uniform(0.004, 0.02))
        )
    dy, dx = np.gradient(stream)
    bands = stretch(
        0.8 * y + 1.4 * stretch(stream) + 1.2 * noise(rng, size, 70) + 0.35 * noise(rng, size, 22)
    )
    sky = palette("f7c948 b3261e e8662a f9e0a0 7a1f3d f2a03d c4451c 1f3b5c 2f6f73 e0b050 0d1b2a 2f6f73")
    return emboss(brush(ramp(bands, sky), np.arctan2(-dx, dy), 0.05), 9)


def sweets(rng: np.random.Generator, size: int) -> Field:
    """Nested loops of flat, bright colour, each with a black outline."""
    field = 13 * noise(rng, size, 4, 2)
    colours = palette("ff3b7f 00b3c8 ffd23f 7a3ff2 ff7a00 19c37d ffffff e6007e 3f7bff")
    picture = colours[np.floor(field).astype(int) * 4 % len(colours)]
    dy, dx = np.gradient(field)
    line = np.abs(field - np.round(field)) / (np.hypot(dy, dx) + 1e-3)  # in pixels
    return over(picture, (0.05, 0.03, 0.1), 1 - smooth(line - 0.005 * size, 0.7))


def tesserae(rng: np.random.Generator, size: int) -> Field:
    """Small stones of one colour each, in pale mortar."""
    points = scatter(rng, 26, 0.32)
    index, near, next_ = cells(points, size)
    hue = noise(rng, 64, 4, 2)[tuple(np.clip(points * 64, 0, 63).astype(int).T)]
    stones = palette("0b5d8a 1e9bb8 57c4ad f4e9cd e9a23b c8471f 7b1e24 2e6b34 0b2e59")
    colour = ramp(np.clip(hue + rng.normal(0, 0.11, len(points)), 0, 1), stones)
    colour = np.clip(colour * rng.uniform(0.75, 1.15, (len(points), 1)), 0, 1)
    edge = next_ - near
    picture = colour[index] * (0.85 + 4 * np.clip(edge, 0, 0.05))[..., None]
    return over(picture, (0.87, 0.84, 0.76), 1 - smooth(edge - 0.006, 0.003))


def breakers(rng: np.random.Generator, size: int) -> Field:
    """Rows of rolling waves in indigo, with rings and foam, as a woodblock print."""
    y, x = grid(size)
    inks = palette("f1e8d2 16325c f1e8d2 2f6690 9db9c9 16325c f1e8d2 81a4b8")
    picture: Field = ramp(stretch(y), palette("f3e3c0 e9d3a8"))
    for row, base in enumerate(np.arange(0.05, 1.3, 0.085)):
        start = 0.5 * (row % 2) + rng.uniform(-0.1, 0.1)
        column = (x / 0.24 + start) % 1 - 0.5
        crest = base + 0.02 * np.sin(2 * np.pi * (1.5 * x + rng.uniform()))
        radius = np.hypot(column * 0.24, y - crest - 0.03) / 0.125
        foam = 0.05 * noise(rng, size, 60)
        rings = inks[np.clip((radius + 0.4 * foam) * len(inks), 0, len(inks) - 1).astype(int)]
        picture = over(picture, rings, smooth(1 + foam - radius, 0.02))
    return np.asarray(picture * (0.94 + 0.06 * noise(rng, size, 90))[..., None])


def plumage(rng: np.random.Generator, size: int) -> Field:
    """Overlapping soft feathers with barbs."""
    y, x = grid(size)
    picture: Field = np.ones((size, size, 3)) * palette("3d2645")[0]
    hues = palette("f6c6ea b8e0d2 95b8d1 eac4d5 d6eadf 809bce f7f3e3 c77dff 5c7c5a")
    for cy, cx in rng.permutation(scatter(rng, 12, 0.45)):
        turn, long = rng.normal(0.9, 0.55), rng.uniform(0.09, 0.16)
        root, tip = hues[rng.integers(len(hues), size=2)]
        box = tuple(
            slice(max(0, int((c - long) * size)), max(0, int((c + long) * size) + 1)) for c in (cy, cx)
        )
        dy, dx = y[box] - cy, x[box] - cx
        u, v = (dy * np.sin(turn) + dx * np.cos(turn)) / long, (dx * np.sin(turn) - dy * np.cos(turn)) / long
        shape = smooth(0.42 * np.clip(1 - u**2, 0, 1) ** 0.7 - np.abs(v), 0.03)
        barbs = 0.8 + 0.2 * np.sin(46 * (u + 0.9 * np.abs(v)))
        feather = (root + (tip - root) * np.clip(u / 2 + 0.5, 0, 1)[..., None]) * barbs[..., None]
        feather = over(feather, (0.25, 0.18, 0.25), 1 - smooth(np.abs(v) - 0.035, 0.02))
        picture[box] = over(picture[box], feather, shape)
    return picture


def facets(rng: np.random.Generator, size: int) -> Field:
    """Cubist planes in earth colours, each shaded from one edge to the other."""
    y, x = grid(size)
    code, shade = np.zeros((size, size), dtype=int), np.zeros((size, size))
    edge = np.full((size, size), np.inf)
    for bit in range(34):
        turn = rng.uniform(0, np.pi)
        side = (x - rng.uniform(0.1, 0.9)) * np.cos(turn) + (y - rng.uniform(0.1, 0.9)) * np.sin(turn)
        code += (side > 0) << bit
        edge = np.minimum(edge, np.abs(side))
        shade += np.where(side > 0, 1, -1) * np.exp(-np.abs(side) / 0.06)
    earths = palette("7a5c44 a67c52 e6c49c 7d8471 4f6b80 d6cfbc 9c4a34 5a4a42 c09870")
    picture = earths[rng.integers(len(earths), size=2**12)[code % 4093]]
    picture = picture * (1 + 0.22 * np.tanh(shade))[..., None]
    grain = ramp(noise(rng, size, 90), palette("6a6560 ffffff ffffff"))
    return over(picture * grain, (0.12, 0.1, 0.09), 1 - smooth(edge - 0.005, 0.003))


def stipple(rng: np.random.Generator, size: int) -> Field:
    """Round dots of pure colour on a light ground: fields and trees under an evening sky."""
    y, x = grid(size)
    scene = stretch(
        y + 0.35 * noise(rng, size, 4, 2) - 0.25 * np.exp(-((x - 0.7) ** 2 + (y - 0.3) ** 2) / 0.02)
    )
    colours = palette("ffd6a5 ff9e9e c19ee0 8ecae6 74c69d ffe066 55a630 2d6a4f f3722c")
    picture: Field = np.ones((size, size, 3)) * palette("fbf3df")[0]
    for across, radius in ((34, 0.0125), (42, 0.0100), (50, 0.0080)):
        points = scatter(rng, across, 0.5)
        at = tuple(np.clip(points * size, 0, size - 1).astype(int).T)
        dots = ramp(np.clip(scene[at] + rng.normal(0, 0.16, len(points)), 0, 1), colours)
        index, near, _ = cells(points, size)
        picture = over(picture, dots[index], smooth(radius - near, 0.002))
    return picture


def cutouts(rng: np.random.Generator, size: int) -> Field:
    """Organic shapes of cut, painted paper that overlap with a soft shadow."""
    papers = palette("f4f1de e07a5f 3d405b 81b29a f2cc8f d62246 1d7874 2b59c3 f4f1de")
    picture: Field = np.ones((size, size, 3)) * papers[0]
    for paper in papers[1:]:
        shape = noise(rng, size, 10) - rng.uniform(0.57, 0.66)
        shadow = smooth(shift(shape, size / 50, mode="nearest"), 0.05)
        picture = over(picture, (0.15, 0.12, 0.15), 0.35 * shadow)
        picture = over(picture, paper, smooth(shape, 0.008))
    streaks = brush(np.repeat(rng.uniform(size=(size, size, 1)), 3, axis=2), 0.3 * noise(rng, size, 2), 0.1)
    return np.asarray(picture * (0.45 + 1.1 * streaks))


def engraving(rng: np.random.Generator, size: int) -> Field:
    """Black swelling lines on cream paper, with one spot colour."""
    y, x = grid(size)
    tone = noise(rng, size, 3, 2)
    flow = 0.22 * noise(rng, size, 2) + 0.05 * noise(rng, size, 6)
    line = np.cos(2 * np.pi * 38 * (0.8 * y + 0.35 * x + flow))
    ink = smooth(line - (1.7 * tone - 0.75), 0.28)
    spot = smooth(noise(rng, size, 4) - 0.66, 0.015)
    paper = over(np.ones((size, size, 3)) * palette("f3ead3")[0], palette("d1495b")[0], spot)
    return over(paper, (0.07, 0.07, 0.09), ink)


def hatching(rng: np.random.Generator, size: int) -> Field:
    """Pencil on paper: contours of round forms and three layers of hatching where they are dark."""
    y, x = grid(size)
    form = noise(rng, size, 3, 2)
    dy, dx = np.gradient(form)
    tone = stretch(form + 14 * (dx + 0.7 * dy))
    graphite = np.zeros((size, size))
    for layer, turn in enumerate((0.75, 2.2, 1.45)):
        across = x * np.sin(turn) - y * np.cos(turn) + 0.012 * noise(rng, size, 5)
        line = smooth(np.cos(2 * np.pi * 44 * across) - 0.35, 0.5)
        graphite += (
            0.5 * line * smooth(0.62 - 0.17 * layer - tone, 0.07) * (0.55 + 0.45 * noise(rng, size, 30))
        )
    contour = np.abs(form * 5 - np.round(form * 5)) / (5 * np.hypot(dy, dx) + 2e-2)
    graphite += 0.65 * (1 - smooth(contour - 0.9, 0.8)) * noise(rng, size, 12)
    grey = 0.96 - 0.85 * np.clip(graphite, 0, 1) - 0.05 * rng.uniform(size=(size, size))
    return ramp(np.clip(grey, 0, 1), palette("1c1c1e f7f5f0"))


DRAWINGS: dict[str, Callable[[np.random.Generator, int], Field]] = {
    procedure.__name__: procedure
    for procedure in (
        whirl, sweets, tesserae, breakers, plumage, facets, stipple, cutouts, engraving, hatching,
    )
}  # fmt: skip
"""The procedures, by name."""
