"""What surrounds the face: hair, ears, neck and shoulders, glasses."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from ifrp.faces.features import Array, step
from ifrp.faces.heads import Person, View
from ifrp.faces.skin import linear, speckle
from ifrp.faces.surface import Grid, angles, loft, slices

COLUMNS = 240
# Where the hair begins (mm above the eyes) at these angles from the front (radians).
ANGLES = (0.0, 0.35, 0.6, 0.85, 1.05, 1.2, 1.33, 1.46, 1.62, 1.8, 2.2, np.pi)
SHORT = (0, -1, -7, -14, -34, -68, -96, -62, -60, -110, -134, -138)  # relative to the hairline
LOW_BACK = -64.0


def _edge(person: Person, theta: Array) -> tuple[Array, float]:
    """Height (C,) of the hair's lower edge, and how far down the curtain of long hair reaches."""
    a, style, line = np.abs(theta), person.hair_style, person.hairline
    edge = line + np.interp(a, ANGLES, SHORT) + person.recede * np.exp(-(((a - 0.62) / 0.22) ** 2))
    reach = LOW_BACK
    if style == "horseshoe":
        edge = np.where(a < 1.12, 300.0, edge)
    if style in ("fringe", "bob", "long", "swept"):
        reach = {"fringe": -75.0, "bob": -92.0, "swept": -70.0}.get(style, -person.length - 40)
    if style in ("bob", "long", "fringe"):
        curtain = np.interp(a, (0.95, 1.12, 1.25), (line - 20, 0, reach))
        edge = np.where(a > 0.95, np.minimum(curtain, edge), edge)
        edge = np.where(a > 1.25, reach, edge)
    if style in ("fringe",):
        edge = np.where(a < 0.75, 27 + 6 * np.cos(5 * theta) * 0.5, edge)
    if style in ("swept", "long"):
        side = np.sign(person.part)
        lean = (theta * side - abs(person.part)) * (1 if style == "swept" else 0.5)
        edge = edge - 30 * np.clip(-lean, 0, 0.9) * step(1.2, 0.6, a) + 6 * np.exp(-((lean / 0.12) ** 2)) * (a < 1)
    return edge.astype(np.float32), reach


def _thickness(person: Person, theta: Array, y: Array) -> Array:
    style, a = person.hair_style, np.abs(theta)[None]
    top = {"buzz": 2.0, "horseshoe": 4.0, "short": 9.0, "quiff": 15.0, "afro": 34.0, "bob": 13.0, "fringe": 12.0}.get(style, 12.0)
    side = {"buzz": 1.8, "short": 5.0, "quiff": 4.0, "afro": 30.0, "bob": 15.0, "long": 11.0}.get(style, 8.0)
    blend = step(20, 95, y)
    thick = person.hair_volume * (side + (top - side) * blend)
    if style == "quiff":
        thick = thick + 14 * person.hair_volume * np.exp(-((a / 0.55) ** 2)) * np.exp(-(((y - 88) / 16) ** 2))
    if style in ("swept", "long", "short"):
        thick = thick - 5 * np.exp(-(((theta[None] - person.part) / 0.09) ** 2)) * step(70, 90, y) * (style != "short")
        thick = thick + 4 * np.sin(theta[None] - person.part) ** 2 * (a < 1.3) * blend
    return thick


def scalp(person: Person, points: Array, albedo: Array) -> Array:
    """Albedo of the skin (R, C, 3) with the roots of the hair showing where it begins."""
    if person.hair_style == "bald":
        return albedo
    y, theta = points[..., 1], np.arctan2(points[..., 0], points[..., 2] + 90)
    edge, _ = _edge(person, theta[20])
    slope = np.gradient(edge, theta[20]) / 78
    inside = (y - edge) / np.sqrt(1 + np.clip(slope, -6, 6) ** 2)
    if person.hair_style == "horseshoe":
        inside = np.minimum(inside, 66 - y)
    roots = step(-9, 3, inside + 1.6 * speckle(y.shape, person.grain + 4, 3))[..., None]
    return (albedo + 0.75 * roots * (0.6 * linear(person.hair) - albedo)).astype(np.float32)


def hair(person: Person, view: View) -> list[Grid]:
    """The hair as a hull around the skull, sunk below the skin wherever there is none; empty for a bald head."""
    if person.hair_style == "bald":
        return []
    theta = angles(COLUMNS, 0.7)
    edge, reach = _edge(person, theta)
    upper = loft(slices(person, View()), np.linspace(0.02, 7, 110), theta)
    rows = int(10 - reach * 0.8)
    down = np.linspace(0, 1, rows, dtype=np.float32)[1:, None]
    depth = reach - 14
    lower_y = upper[-1:, :, 1] * (1 - down) + depth * down
    long = float(np.clip((-reach - 64) / 40, 0, 1))
    narrow = 1 - (0.16 - 0.22 * long) * down**1.3
    lower = np.stack([upper[-1, :, 0] * narrow, lower_y, -90 + (upper[-1, :, 2] + 90) * (narrow - 0.10 * (1 - long) * down**2)], -1)
    hull = np.concatenate([upper, lower.astype(np.float32)])  # (R, C, 3)
    y, shape = hull[..., 1], hull.shape[:2]
    rng = np.random.default_rng(person.grain)
    wave = 0.06 * person.curl * np.sin(np.linspace(0, 9 + 9 * person.curl, shape[0]))[:, None]
    table = [np.convolve(rng.standard_normal(800), np.ones(k) / np.sqrt(k), "same") for k in (2, 5, 14)]
    place = (theta[None] + wave) * 400 / np.pi + 400
    fine, middle, coarse = (np.interp(place, np.arange(800), t).astype(np.float32) for t in table)
    slope = np.gradient(edge, theta) / 78
    ragged = 1.1 * middle + 1.6 * coarse
    inside = (y - edge[None] + ragged) / np.sqrt(1 + np.clip(slope, -6, 6) ** 2)[None]
    if person.hair_style == "horseshoe":
        inside = np.minimum(inside, 62 - y + 2 * coarse)
    frizz = person.curl if person.hair_style != "afro" else 1.0
    thick = _thickness(person, theta, y)
    relief = np.minimum(1.0, thick / 8) * (0.35 * middle + 0.8 * coarse + 1.6 * frizz * speckle(shape, person.grain, 7) + 1.0 * frizz * speckle(shape, person.grain + 5, 3))
    soft = 4.0 if person.hair_style in ("fringe", "bob", "buzz", "swept") else 13.0
    grown = thick * step(-0.5, soft, inside) ** 0.7 + relief * step(0, 6, inside)
    sunk = 5 + 12 * step(-4, -16, inside) + 46 * step(10, -45, y)
    offset = np.where(inside > -0.5, grown, 0) - sunk * step(0.0, -5.0, inside)
    away = hull - np.array([0, 0, -90], np.float32) * 1.0
    away[..., 1] = np.maximum(away[..., 1], 0)
    away /= np.linalg.norm(away, axis=-1, keepdims=True) + 1e-6
    points = hull + offset[..., None] * away
    tint = np.exp(0.16 * fine + 0.13 * middle + 0.10 * coarse)
    albedo = linear(person.hair) * tint[..., None] * (0.75 + 0.25 * step(0, 8, inside))[..., None]
    if person.hair_style == "buzz":
        albedo = 0.7 * albedo + 0.3 * linear(person.skin) * np.exp(0.2 * speckle(shape, person.grain, 2))[..., None]
    gloss = np.full(shape, 0.10 if frizz > 0.7 or person.hair_style == "buzz" else 0.32, np.float32)
    return [Grid(points.astype(np.float32), albedo.astype(np.float32), gloss, np.full(shape, 30, np.float32), True)]


def ears(person: Person) -> list[Grid]:
    """Two ears: a leaf with a raised helix and a hollow concha."""
    radius, turn = np.meshgrid(np.linspace(0, 1, 26), np.linspace(0, 2 * np.pi, 48), indexing="ij")
    long, wide = 31 * person.ear_size, 17.5 * person.ear_size
    lobe = 1 - 0.22 * step(0.1, 0.9, -np.sin(turn))
    up, back = long * radius * np.sin(turn), wide * radius * np.cos(turn) * lobe
    helix = 3.6 * np.exp(-(((radius - 0.88) / 0.10) ** 2)) * step(-0.9, -0.3, np.sin(turn) + 0.4 * np.cos(turn))
    inner = 2.6 * np.exp(-(((radius - 0.56) / 0.12) ** 2)) * (np.cos(turn) > -0.2)
    concha = -5.5 * np.exp(-((radius / 0.34) ** 2))
    out = 3 + helix + inner + concha - 8 * step(0.93, 1.0, radius)
    tilt = person.ear_out
    if person.hair_style in ("fringe", "bob", "long"):
        return []
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
    theta, y = angles(120, 0.8)[None], np.concatenate([np.linspace(-40, -150, 40), np.linspace(-152, -250, 60)])[:, None]
    man = np.clip(0.5 + person.jaw_width / 10, 0, 1)
    heights = [-251, -215, -195, -178, -160, -145, -120, -39]
    width = PchipInterpolator(heights, [215, 194, 158, 102, 66, 51, 45, 46])(y) + 7 * man
    deep = PchipInterpolator(heights, [85, 80, 72, 62, 56, 52, 50, 50])(y)
    points = np.stack(np.broadcast_arrays(width * np.sin(theta), y, -98 - 0.08 * (y + 100) + deep * np.cos(theta)), -1)
    points = points.astype(np.float32)
    cord = 3.0 * np.exp(-(((np.abs(theta) - 0.45 - 0.002 * (y + 100)) / 0.16) ** 2)) * step(-70, -110, y)
    apple = 3.0 * man * np.exp(-((theta / 0.16) ** 2) - ((y + 128) / 8) ** 2)
    points[..., 2] += (cord + apple) * np.cos(theta)
    collar = step(1.5, -1.5, y + 162 + 26 * np.exp(-((theta / 0.5) ** 2)) - 6 * np.cos(theta))
    ridge = np.exp(-(((y + 164 + 26 * np.exp(-((theta / 0.5) ** 2)) - 6 * np.cos(theta)) / 3.0) ** 2))
    points += ridge[..., None] * np.stack(np.broadcast_arrays(3 * np.sin(theta), 0 * y, 3 * np.cos(theta)), -1)
    albedo = linear(person.skin) * (1 - collar[..., None]) + linear(view.cloth) * 0.8 * collar[..., None]
    flat = np.ones(points.shape[:2], np.float32)
    return Grid(points.astype(np.float32), albedo.astype(np.float32), (0.12 - 0.09 * collar) * flat, 14 * flat)


def _tube(path: Array, radius: float, colour: Array) -> Grid:
    """A round tube along a path (N, 3)."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    reference = np.where(np.abs(along[:, 2:]) > 0.8, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    first = np.cross(along, reference)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-6
    second = np.cross(along, first)
    turn = np.linspace(0, 2 * np.pi, 9)[None, :, None]
    points = (path[:, None] + radius * (np.cos(turn) * first[:, None] - np.sin(turn) * second[:, None])).astype(np.float32)
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
        rod = [(end, centre_y + 6, front - 0.005 * end**2), (side * 69, centre_y + 7, -14), (side * 76, centre_y + 5, -60), (side * 77, 2, -100)]
        pieces = np.concatenate([np.linspace(a, b, 20) for a, b in zip(rod[:-1], rod[1:], strict=True)])
        result.append(_tube(pieces, thick, colour))
    inner = max(33.0, wide + 8) - wide
    t = np.linspace(-1, 1, 20)
    result.append(_tube(np.stack([inner * t, centre_y + 4 + 2.5 * (1 - t**2), front + 1 + 0 * t], -1), thick, colour))
    return result
