"""What surrounds the face besides hair: ears, neck and shoulders, glasses."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator

from ifrp.faces.heads.features import Array, step
from ifrp.faces.heads.hair import covers_ears
from ifrp.faces.heads.person import Person, View
from ifrp.faces.heads.skin import linear
from ifrp.faces.heads.surface import Grid, angles


def ears(person: Person) -> list[Grid]:
    """Two ears: a leaf with a raised helix and a hollow concha; none under long hair."""
    if covers_ears(person):
        return []
    radius, turn = np.meshgrid(np.linspace(0, 1, 26), np.linspace(0, 2 * np.pi, 48), indexing="ij")
    long, wide = 31 * person.ear_size, 17.5 * person.ear_size
    lobe = 1 - 0.22 * step(0.1, 0.9, -np.sin(turn))
    up, back = long * radius * np.sin(turn), wide * radius * np.cos(turn) * lobe
    helix = (
        3.6 * np.exp(-(((radius - 0.88) / 0.10) ** 2)) * step(-0.9, -0.3, np.sin(turn) + 0.4 * np.cos(turn))
    )
    inner = 2.6 * np.exp(-(((radius - 0.56) / 0.12) ** 2)) * (np.cos(turn) > -0.2)
    concha = -5.5 * np.exp(-((radius / 0.34) ** 2))
    out = 3 + helix + inner + concha - 8 * step(0.93, 1.0, radius)
    tilt = person.ear_out
    result = []
    for side in (-1, 1):
        x = side * (66.5 + out * np.cos(tilt) + (back + wide) * np.sin(tilt))
        z = -92 - (back + 4) * np.cos(tilt) + out * np.sin(tilt)
        y = -16 + up - 0.12 * back
        points = np.stack([x, y, z], -1).astype(np.float32)
        points = points[:, ::side]
        dark = 1 - 0.45 * np.exp(-((radius / 0.3) ** 2)) - 0.18 * np.exp(-(((radius - 0.73) / 0.07) ** 2))
        albedo = linear(person.skin) * np.array([1.0, 0.84, 0.82], np.float32) * dark[:, ::side, None]
        flat = np.ones(radius.shape, np.float32)
        result.append(Grid(points, albedo.astype(np.float32), 0.12 * flat, 14 * flat))
    return result


def body(person: Person, view: View) -> Grid:
    """Neck and shoulders; below the collar they are clothed."""
    theta = angles(120, 0.8)[None]
    y = np.linspace(-40, -250, 110)[:, None]
    man = np.clip(0.5 + person.jaw_width / 10, 0, 1)
    heights = [-251, -205, -184, -166, -149, -136, -115, -39]
    width = PchipInterpolator(heights, [215, 194, 158, 100, 64, 49, 43, 44])(y) + 8 * man
    deep = PchipInterpolator(heights, [85, 80, 72, 62, 56, 52, 50, 50])(y)
    points = np.stack(
        np.broadcast_arrays(width * np.sin(theta), y, -98 - 0.08 * (y + 100) + deep * np.cos(theta)), -1
    )
    points = points.astype(np.float32)
    cord = 3.0 * np.exp(-(((np.abs(theta) - 0.45 - 0.002 * (y + 100)) / 0.16) ** 2)) * step(-70, -110, y)
    apple = 3.0 * man * np.exp(-((theta / 0.16) ** 2) - ((y + 128) / 8) ** 2)
    points[..., 2] += (cord + apple) * np.cos(theta)
    neckline = -152 - 26 * np.exp(-((theta / 0.5) ** 2)) + 6 * np.cos(theta)
    collar = step(1.5, -1.5, y - neckline)
    ridge = np.exp(-(((y - neckline + 2) / 3.0) ** 2))
    points += ridge[..., None] * np.stack(
        np.broadcast_arrays(3 * np.sin(theta), 0 * y, 3 * np.cos(theta)), -1
    )
    albedo = linear(person.skin) * (1 - collar[..., None]) + linear(view.cloth) * 0.8 * collar[..., None]
    flat = np.ones(points.shape[:2], np.float32)
    return Grid(
        points.astype(np.float32), albedo.astype(np.float32), (0.12 - 0.09 * collar) * flat, 14 * flat
    )


def _tube(path: Array, radius: float, colour: Array) -> Grid:
    """A round tube along a path (N, 3)."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    reference = np.where(np.abs(along[:, 2:]) > 0.8, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    first = np.cross(along, reference)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-6
    second = np.cross(along, first)
    turn = np.linspace(0, 2 * np.pi, 9)[None, :, None]
    points = (
        path[:, None] + radius * (np.cos(turn) * first[:, None] - np.sin(turn) * second[:, None])
    ).astype(np.float32)
    flat = np.ones(points.shape[:2], np.float32)
    return Grid(points, np.broadcast_to(colour, points.shape).copy(), 0.6 * flat, 40 * flat)


def glasses(person: Person) -> list[Grid]:
    """Rims, bridge and temples; empty for a person without glasses."""
    if person.glasses == 0:
        return []
    wide, high, power = {1: (23.0, 21.0, 2.0), 2: (26.0, 18.5, 4.0), 3: (25.0, 13.5, 3.0)}[person.glasses]
    thick = 1.25 + 0.7 * ((person.grain >> 3) % 100) / 100
    colour, turn = linear(person.glasses_colour), np.linspace(0, 2 * np.pi, 90)
    front, centre_y = 11.0, -2.0
    result = []
    for side in (-1, 1):
        c, s = np.cos(turn), np.sin(turn)
        x = wide * np.sign(c) * np.abs(c) ** (2 / power)
        y = centre_y + high * np.sign(s) * np.abs(s) ** (2 / power)
        cx = side * max(33.0, wide + 8)
        result.append(_tube(np.stack([cx + x, y, front - 0.005 * (cx + x) ** 2], -1), thick, colour))
        end = cx + side * wide
        hinge, cheek = (end, centre_y + 6, front - 0.005 * end**2), (side * 69, centre_y + 7, -14)
        rod = [hinge, cheek, (side * 76, centre_y + 5, -60), (side * 77, 2, -100)]
        pieces = np.concatenate([np.linspace(a, b, 20) for a, b in pairwise(rod)])
        result.append(_tube(pieces, thick, colour))
    inner = max(33.0, wide + 8) - wide
    t = np.linspace(-1, 1, 20)
    result.append(
        _tube(np.stack([inner * t, centre_y + 4 + 2.5 * (1 - t**2), front + 1 + 0 * t], -1), thick, colour)
    )
    return result
