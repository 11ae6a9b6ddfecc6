"""Where the features of a face lie: masks over frontal coordinates, shared by the surface and its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ifrp.faces.heads.person import Person, View

Array = NDArray[Any]  # floats, single precision wherever there is one per vertex


def bump(x: Array, y: Array, cx: float, cy: float, sx: float, sy: float) -> Array:
    """Gaussian of height 1 at (cx, cy) with standard deviations (sx, sy)."""
    result: Array = np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))
    return result


def step(low: float, high: float, value: Array) -> Array:
    """Smooth step from 0 at `low` to 1 at `high` (`low` may be the greater one)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Features:
    """Masks in 0..1 and signed distances in mm, each (R, C) like the coordinates they were made from."""

    x: Array
    y: Array
    ax: Array  # |x|
    eye: Array  # signed distance into the opening between the lids
    lid_upper: Array  # height above the upper lid's edge
    lid_span: Array  # 1 along the eye, 0 beyond its corners
    iris: Array  # distance from the iris's centre
    lip_upper: Array
    lip_lower: Array
    mouth: Array  # between the lips
    mouth_line: Array  # height above the line where the lips meet
    brow: Array
    beard: Array
    moustache: Array
    fold: Array  # distance from the line between nose and mouth corner


def _eyes(person: Person, view: View, x: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    dx = np.abs(x) - person.eye_gap
    u = (dx * np.cos(person.eye_tilt) + y * np.sin(person.eye_tilt)) / person.eye_width
    v = y * np.cos(person.eye_tilt) - dx * np.sin(person.eye_tilt)
    arc = np.clip(1 - np.abs(u) ** 2.2, 0, 1) ** 0.8
    squint = max(0.0, view.smile)
    lower = -(0.44 - 0.12 * squint) * person.eye_open * arc * (1 + 0.15 * u)
    shut = min(1.0, view.blink + 0.1 * squint - 0.1 * max(0.0, view.brow))
    upper = lower + (0.56 * person.eye_open * arc * (1 - 0.1 * u) - lower) * (1 - shut)
    opening = np.minimum(np.minimum(upper - v, v - lower), (1 - np.abs(u)) * 4)
    iris = np.hypot(dx * np.sign(x) - view.gaze[0], v - view.gaze[1] - 0.3)
    return opening, v - upper, step(1.25, 0.85, np.abs(u)), iris


def _mouth(person: Person, view: View, x: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    smile = view.smile
    half = person.mouth_width * (1 + 0.16 * max(0.0, smile))
    u = np.abs(x) / half
    arc = np.clip(1 - u**2, 0, 1)
    line = y + person.mouth_height - smile * (6.5 * u**2 - 2.0) + 0.9 * np.exp(-((x / 4.5) ** 2))
    line = line - 0.8 * np.exp(-(((np.abs(x) - 7) / 5) ** 2))
    gap_up, gap_down = (1.6 + 1.5 * max(0.0, smile)) * view.open * arc**0.6, 11 * view.open * arc**0.5
    thin = 1 - 0.22 * max(0.0, smile)
    bow = 1 - 0.28 * np.exp(-((x / 3.6) ** 2)) + 0.08 * np.exp(-(((np.abs(x) - 6.5) / 4) ** 2))
    top = gap_up + person.lip_upper * thin * arc**0.75 * bow
    bottom = -gap_down - person.lip_lower * thin * arc**0.6
    inside = (
        step(-0.4, 0.5, np.minimum(gap_up - line, line + gap_down)) * (view.open > 0) * step(1.0, 0.93, u)
    )
    upper = step(-0.7, 0.7, np.minimum(top - line, line - gap_up)) * step(1.02, 0.95, u)
    lower = step(-0.7, 0.7, np.minimum(line - bottom, -gap_down - line)) * step(1.02, 0.92, u)
    return upper, lower, inside, line


def _brow(person: Person, view: View, ax: Array, y: Array) -> Array:
    t = (ax - 12) / 40  # 0 at the inner end, 1 at the outer one
    rise = person.brow_arch * (1 - ((t - 0.62) / 0.62) ** 2) + person.brow_tilt * t
    middle = person.brow_height + rise + view.brow * (4.0 - 1.5 * t) - 1.5 * max(0.0, -view.brow) * (t < 0.3)
    thick = person.brow_thick * np.clip(1.15 - 0.75 * np.clip(t, 0, 1) ** 1.6, 0.1, 2)
    return step(1.25, 0.45, np.abs(y - middle) / thick) * step(-0.06, 0.12, t) * step(1.06, 0.8, t)


def measure(person: Person, view: View, x: Array, y: Array) -> Features:
    """Find the features of `person` in the expression of `view` at frontal coordinates x, y (mm)."""
    ax = np.abs(x)
    eye, lid_upper, lid_span, iris = _eyes(person, view, x, y)
    upper, lower, mouth, line = _mouth(person, view, x, y)
    corner_y = -person.mouth_height + 5 * view.smile
    drop = 7 * view.open
    edge = np.interp(ax, [0, 18, 25, 34, 48, 62, 80], [-82, -79, -68, -64, -55, -40, 10]).astype(np.float32)
    beard = step(-3, 6, edge - drop - y) * step(1.0, 0.0, upper + lower + mouth)
    lip_top = -person.mouth_height + 0.55 * person.lip_upper
    sag = 10 * (ax / 30) ** 2
    moustache = step(-1.5, 1.5, y - lip_top + sag) * step(person.mouth_width + 7, person.mouth_width - 2, ax)
    moustache = (
        moustache * step(1, -4, y + person.nose_length + 6 + 1.35 * sag) * step(0.8, 0.1, upper + lower)
    )
    run = -corner_y + 8 - person.nose_length
    beyond = (-y - person.nose_length + 4) / run
    along = np.clip(beyond, 0, 1)
    at = (
        person.nose_width
        + 2
        + along * (person.mouth_width + 6 - person.nose_width)
        + 2.5 * np.sin(np.pi * along)
    )
    fold = np.hypot(ax - at, 0.6 * run * (beyond - along))
    return Features(x, y, ax, eye, lid_upper, lid_span, iris, upper, lower, mouth, line,
                    _brow(person, view, ax, y), beard, moustache, fold)  # fmt: skip
