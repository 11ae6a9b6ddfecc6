"""Hair: a hull around the skull, thick where hair grows and sunk below the skin where it does not."""

from __future__ import annotations

import numpy as np

from ifrp.faces.heads.features import Array, step
from ifrp.faces.heads.person import Person, View
from ifrp.faces.heads.skin import linear, speckle
from ifrp.faces.heads.surface import Grid, angles, loft, slices

COLUMNS = 240
ANGLES = (0.0, 0.35, 0.6, 0.85, 1.05, 1.2, 1.33, 1.46, 1.62, 1.8, 2.2, np.pi)  # radians from the front
SHORT = (
    0,
    -1,
    -7,
    -14,
    -34,
    -68,
    -96,
    -62,
    -60,
    -110,
    -134,
    -138,
)  # mm of its edge below the hairline, there
NAPE = -64.0  # mm, where short hair ends
REACH = {"fringe": -75.0, "bob": -92.0, "swept": -70.0}  # mm, where longer hair ends
TOP = {
    "buzz": 2.0,
    "horseshoe": 4.0,
    "short": 9.0,
    "quiff": 15.0,
    "afro": 34.0,
    "bob": 13.0,
}  # mm thick, else 12
SIDE = {"buzz": 1.8, "short": 5.0, "quiff": 4.0, "afro": 30.0, "bob": 15.0, "long": 11.0}  # mm thick, else 8


def covers_ears(person: Person) -> bool:
    """Whether the hair hangs over the ears."""
    return person.hair_style in ("fringe", "bob", "long")


def _reach(person: Person) -> float:
    return -person.length - 40 if person.hair_style == "long" else REACH.get(person.hair_style, NAPE)


def _edge(person: Person, theta: Array) -> Array:
    """Height (C,) in mm of the lower edge of the hair at angles theta."""
    a, style, line = np.abs(theta), person.hair_style, person.hairline
    edge = line + np.interp(a, ANGLES, SHORT) + person.recede * np.exp(-(((a - 0.62) / 0.22) ** 2))
    if style == "horseshoe":
        return np.where(a < 1.12, 300.0, edge)
    if covers_ears(person):
        curtain = np.interp(a, (0.95, 1.12, 1.25), (line - 20, 0, _reach(person)))
        edge = np.where(a > 0.95, np.minimum(curtain, edge), edge)
        edge = np.where(a > 1.25, _reach(person), edge)
    if style == "fringe":
        edge = np.where(a < 0.75, 27 + 3 * np.cos(5 * theta), edge)
    if style in ("swept", "long"):
        lean = (theta * np.sign(person.part) - abs(person.part)) * (1 if style == "swept" else 0.5)
        parting = 6 * np.exp(-((lean / 0.12) ** 2)) * (a < 1)
        edge = edge - 30 * np.clip(-lean, 0, 0.9) * step(1.2, 0.6, a) + parting
    return edge


def _inside(person: Person, theta: Array, y: Array, ragged: Array) -> Array:
    """Distance (R, C) in mm into the hair, negative outside of it."""
    edge = _edge(person, theta)
    slope = np.clip(np.gradient(edge, theta) / 78, -6, 6)
    inside = (y - edge + ragged) / np.sqrt(1 + slope**2)
    return np.minimum(inside, 62 - y + ragged) if person.hair_style == "horseshoe" else inside


def scalp(person: Person, points: Array, albedo: Array) -> Array:
    """Albedo of the skin (R, C, 3) with the roots of the hair showing where it begins."""
    if person.hair_style == "bald":
        return albedo
    y, theta = points[..., 1], np.arctan2(points[20, :, 0], points[20, :, 2] + 90)
    inside = _inside(person, theta, y, 1.6 * speckle(y.shape, person.grain + 4, 3))
    roots = 0.75 * step(-9, 3, inside)[..., None]
    return (albedo + roots * (0.6 * linear(person.hair) - albedo)).astype(np.float32)


def _hull(person: Person, theta: Array) -> Array:
    """Points (R, C, 3) of the skull down to the eyes and of a curtain from there to where the hair ends."""
    reach = _reach(person)
    upper = loft(slices(person, View()), np.linspace(0.02, 7, 110), theta)
    down = np.linspace(0, 1, int(10 - reach * 0.8), dtype=np.float32)[1:, None]
    long = float(np.clip((-reach - 64) / 40, 0, 1))
    narrow = 1 - (0.16 - 0.22 * long) * down**1.3
    y = upper[-1:, :, 1] * (1 - down) + (reach - 14) * down
    z = -90 + (upper[-1, :, 2] + 90) * (narrow - 0.10 * (1 - long) * down**2)
    lower = np.stack([upper[-1, :, 0] * narrow, y, z], -1)
    return np.concatenate([upper, lower]).astype(np.float32)


def _thickness(person: Person, theta: Array, y: Array) -> Array:
    style, a, blend = person.hair_style, np.abs(theta), step(20, 95, y)
    side, top = SIDE.get(style, 8.0), TOP.get(style, 12.0)
    thick = person.hair_volume * (side + (top - side) * blend)
    if style == "quiff":
        thick += 14 * person.hair_volume * np.exp(-((a / 0.55) ** 2) - ((y - 88) / 16) ** 2)
    if style in ("swept", "long"):
        thick -= 5 * np.exp(-(((theta - person.part) / 0.09) ** 2)) * step(70, 90, y)
    if style in ("swept", "long", "short"):
        thick += 4 * np.sin(theta - person.part) ** 2 * (a < 1.3) * blend
    return thick


def _strands(person: Person, theta: Array, rows: int) -> tuple[Array, ...]:
    """Noise (R, C) that runs down the hair in fine, middle and coarse strands, wavy where it curls."""
    rng = np.random.default_rng(person.grain)
    wave = 0.06 * person.curl * np.sin(np.linspace(0, 9 + 9 * person.curl, rows))[:, None]
    place = (theta + wave) * 400 / np.pi + 400
    tables = [np.convolve(rng.standard_normal(800), np.ones(k) / np.sqrt(k), "same") for k in (2, 5, 14)]
    return tuple(np.interp(place, np.arange(800), table).astype(np.float32) for table in tables)


def hair(person: Person) -> list[Grid]:
    """The hair of a person; empty for a bald head."""
    if person.hair_style == "bald":
        return []
    theta = angles(COLUMNS, 0.7)
    hull = _hull(person, theta)
    y, shape = hull[..., 1], hull.shape[:2]
    fine, middle, coarse = _strands(person, theta, shape[0])
    inside = _inside(person, theta, y, 1.1 * middle + 1.6 * coarse)
    frizz = 1.0 if person.hair_style == "afro" else person.curl
    curls = frizz * (1.6 * speckle(shape, person.grain, 7) + speckle(shape, person.grain + 5, 3))
    thick = _thickness(person, theta, y)
    relief = np.minimum(1.0, thick / 8) * (0.35 * middle + 0.8 * coarse + curls) * step(0, 6, inside)
    blunt = 4.0 if person.hair_style in ("fringe", "bob", "buzz", "swept") else 13.0
    grown = np.where(inside > -0.5, thick * step(-0.5, blunt, inside) ** 0.7 + relief, 0)
    sunk = (5 + 12 * step(-4, -16, inside) + 46 * step(10, -45, y)) * step(0, -5, inside)
    away = hull + np.array([0, 0, 90], np.float32)
    away[..., 1] = np.maximum(away[..., 1], 0)
    away /= np.linalg.norm(away, axis=-1, keepdims=True) + 1e-6
    points = hull + (grown - sunk)[..., None] * away
    tint = np.exp(0.16 * fine + 0.13 * middle + 0.10 * coarse) * (0.75 + 0.25 * step(0, 8, inside))
    albedo = linear(person.hair) * tint[..., None]
    if person.hair_style == "buzz":
        through = np.exp(0.2 * speckle(shape, person.grain, 2))[..., None]
        albedo = 0.7 * albedo + 0.3 * linear(person.skin) * through
    gloss = np.full(shape, 0.10 if frizz > 0.7 or person.hair_style == "buzz" else 0.32, np.float32)
    return [Grid(points.astype(np.float32), albedo.astype(np.float32), gloss, np.ones_like(gloss), hair=True)]
