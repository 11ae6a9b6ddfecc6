"""The skin of the head: horizontal slices of average anthropometry, displaced by the features of a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from ifrp.faces.heads.features import Array, Features, bump, measure, step
from ifrp.faces.heads.person import Person, View

# One row per slice from the crown to below the chin: front y and z, back y and z, half width, z of the widest place,
# flatness of the front (2 is an ellipse). Millimetres from the point between the pupils.
SLICES = np.array([
    (118, -88, 118, -88, 0, -88, 2.0), (115, -60, 115, -120, 26, -88, 2.0), (107, -38, 107, -142, 43, -90, 2.0),
    (94, -21, 94, -163, 57, -92, 2.0), (75, -7, 75, -178, 67, -94, 2.05), (52, 1, 52, -187, 73, -94, 2.15),
    (26, 4, 28, -189, 74.5, -93, 2.25), (0, 0, 8, -187, 71, -90, 2.2), (-25, 2, -14, -178, 68, -86, 2.1),
    (-50, 5, -32, -164, 64, -82, 2.1), (-75, 5, -46, -150, 60, -79, 2.1), (-95, 4, -56, -140, 55, -77, 2.1),
    (-107, 1, -62, -135, 46, -77, 2.05), (-113, -6, -64, -130, 36, -77, 2.0), (-111, -24, -66, -122, 24, -77, 2.0),
    (-98, -60, -80, -100, 0, -80, 2.0),
], dtype=float)  # fmt: skip
CHIN = 10  # the first slice that belongs to the chin
ROWS = (8, 8, 10, 16, 22, 30, 48, 40, 42, 42, 30, 20, 12, 10, 10)
COLUMNS = 260
EYEBALL = 12.3  # mm, radius


@dataclass
class Grid:
    """A patch of surface: points (R, C, 3) in mm, albedo (R, C, 3) linear, gloss and sharpness (R, C); `hair` lit as strands."""

    points: Array
    albedo: Array
    gloss: Array
    sharp: Array
    hair: bool = False


def angles(columns: int, density: float = 0.4) -> Array:
    """Angles around the head from -pi to pi, 0 in front, where they lie 1/`density` times as close as on average."""
    u = np.linspace(-1, 1, columns, dtype=np.float32)
    return (np.pi * u * (density + (1 - density) * u**2)).astype(np.float32)


def slices(person: Person, view: View) -> np.ndarray:
    """SLICES with the proportions of a person and a jaw opened as in the view."""
    s = SLICES.copy()
    front_y, width = s[:, 0], s[:, 4]
    top = np.clip(front_y / 118, 0, 1)
    s[:, 0] += person.skull_height * top**2
    s[:, 2] += person.skull_height * top**2
    s[:, 1] += person.forehead * np.exp(-(((SLICES[:, 0] - 55) / 30) ** 2))
    low = np.clip(-(SLICES[:, 0] + 30) / 83, 0, 1)
    s[:, 0] -= (person.chin_length + 9 * view.open) * low
    jaw = np.exp(-(((np.arange(len(s)) - 11) / 1.5) ** 2))
    cheek = np.exp(-(((np.arange(len(s)) - 8) / 1.3) ** 2))
    s[:, 4] += (person.skull_width * (s[:, 0] > 20) + person.jaw_width * jaw + person.cheek_width * cheek) * (
        width > 0
    )
    s[CHIN + 2 : -1, 4] += person.chin_width
    s[CHIN:-1, 1] += person.chin_out * np.array([0.3, 0.8, 1, 1, 0.8])
    s[CHIN:-1, 6] += 0.03 * person.chin_width
    return s


def loft(stations: np.ndarray, at: np.ndarray, theta: Array) -> Array:
    """Points (R, C, 3) on the slices at fractional indices `at` (R,) and angles theta (C,)."""
    front_y, front_z, back_y, back_z, width, middle, power = (
        c.astype(np.float32)[:, None] for c in PchipInterpolator(np.arange(len(stations)), stations)(at).T
    )
    sine, cosine = np.sin(theta)[None], np.cos(theta)[None]
    bow = np.clip(1 - np.abs(sine) ** power, 0, 1) ** (1 / power)
    z = np.where(cosine > 0, middle + (front_z - middle) * bow, middle + (back_z - middle) * np.abs(cosine))
    y = back_y + (front_y - back_y) * (0.5 + 0.5 * cosine)
    return np.stack(np.broadcast_arrays(width * sine, y, z), -1).astype(np.float32)


def _nose(person: Person, f: Features) -> Array:
    tip, out, wide = -person.nose_length + person.nose_tilt, person.nose_out, person.nose_width
    y = f.y - 0.22 * f.ax  # the septum hangs lower than the wings
    knots = [tip - 12, tip - 9, tip - 4.5, tip, tip + 5, tip + 18, 2, 13, 26]
    bridge = 5.5 + 0.15 * (out - 21)
    middle = 0.56 * out + 2 + person.nose_bump
    heights = [0, 0.12 * out, 0.52 * out, 0.72 * out, 0.78 * out, middle, bridge, 2.6, 0]
    height = PchipInterpolator(knots, heights)(np.clip(y, knots[0], knots[-1])).astype(np.float32)
    down = np.clip((4 - f.y) / (4 - tip), 0, 1)
    half = person.nose_bridge + (0.62 * wide - person.nose_bridge) * down**1.5 + 6 * step(2, 24, f.y)
    ridge = height * np.exp(-((f.ax / (1.25 * half)) ** 2))
    ball = 0.30 * out * np.exp(-((f.ax / (0.48 * wide)) ** 2 + ((f.y - tip) / 7.0) ** 2))
    wings = 0.34 * out * np.exp(-((((f.ax - wide + 4.2) / 4.8) ** 2 + ((f.y - tip + 1.5) / 6.2) ** 2) ** 1.4))
    crease = 1.3 * bump(f.ax, f.y, wide + 1.6, tip - 1, 1.6, 5.0)
    result: Array = ridge + ball + wings - crease
    return result


def _mouth(person: Person, view: View, f: Features) -> Array:
    mouth_y = -person.mouth_height
    muzzle = 5.0 * bump(f.ax, f.y, 0, mouth_y + 1, 24, 17)
    line = -1.6 * np.exp(-((f.mouth_line / 1.4) ** 2)) * step(1.12, 0.9, f.ax / person.mouth_width)
    lips = (0.28 * person.lip_upper + 1.2) * f.lip_upper + (0.26 * person.lip_lower + 1.4) * f.lip_lower
    round_off = np.clip(1 - (f.ax / (1.1 * person.mouth_width)) ** 2, 0, 1)
    corner = -1.6 * bump(f.ax, f.y, person.mouth_width * (1 + 0.16 * max(0.0, view.smile)) + 1.5,
                         mouth_y + 4.5 * view.smile, 3.0, 3.0)  # fmt: skip
    philtrum = -1.0 * bump(f.ax, f.y, 0, mouth_y + 11, 2.4, 4) + 0.7 * bump(
        f.ax, f.y, 5, mouth_y + 11, 1.8, 4.5
    )
    return muzzle + line + lips * round_off + corner + philtrum - 5.0 * f.mouth


def _relief(person: Person, view: View, f: Features) -> Array:
    """Displacement towards the camera in mm, without the eyes."""
    x, y, drop, smile = f.ax, f.y, 9 * view.open, max(0.0, view.smile)
    chin_y = -103 - person.chin_length - drop
    lines = person.age
    soft = _nose(person, f) + _mouth(person, view, f)
    soft = soft - 5.5 * bump(x, y, person.eye_gap - 1, 3, 15, 10) - 2.2 * bump(x, y, 17, 5, 6.5, 9)
    soft = soft + (person.brow_ridge + 1.5) * bump(x, y, 27, person.brow_height - 2 + 2 * view.brow, 17, 6)
    soft = soft + (person.cheek_bone + 2.2 * smile) * bump(x, y, 43, -24 + 4 * smile, 15, 12)
    soft = soft + person.cheek_full * bump(x, y, 42, -62, 13, 17) + 2.5 * smile * bump(x, y, 36, -38, 10, 10)
    soft = soft - 3.0 * bump(x, y, 0, chin_y + 16, 17, 4.5) + 4.0 * bump(x, y, 0, chin_y, 11, 8)
    soft = soft - person.chin_cleft * bump(x, y, 0, chin_y - 2, 1.8, 6)
    soft = soft - (0.35 + 1.5 * lines + 0.7 * smile) * np.exp(-((f.fold / 2.6) ** 2))
    bag = f.lid_upper + 0.95 * person.eye_open
    bag = np.exp(-(((bag + 7.5) / 2.6) ** 2)) * step(17, 9, np.abs(x - person.eye_gap + 4))
    soft = soft - (0.2 + 1.3 * person.age) * bag
    soft = soft + 0.9 * person.age * bump(x, y, person.eye_gap - 3, -9, 11, 3)
    wrinkle = np.sin(2 * np.pi * (y + 0.004 * x**2 - 30) / 9.5) * bump(x, y, 0, 48, 32, 10)
    soft = soft + (0.15 + 0.2 * max(0.0, view.brow)) * person.age * 2.0 * wrinkle
    result: Array = soft - 0.9 * person.age * bump(x, y, 4.5, 17, 1.0, 6)
    return result


def head(person: Person, view: View) -> tuple[Array, Features]:
    """Points (R, C, 3) of the skin and the features found on it."""
    at = np.interp(np.arange(sum(ROWS) + 1), np.cumsum((0, *ROWS)), np.arange(len(ROWS) + 1))
    points = loft(slices(person, view), at, angles(COLUMNS))
    x, y = points[..., 0], points[..., 1]
    f = measure(person, view, x, y)
    front = step(-75, -35, points[..., 2])
    z = points[..., 2] + front * _relief(person, view, f)
    # The lids are a shell around the eyeball, blended with the skin; between them lies the ball itself.
    centre, away = -16.5 - person.eye_depth, (f.ax - person.eye_gap) ** 2 + y**2
    shell = centre + np.sqrt(np.maximum((EYEBALL + 1.5) ** 2 - away, 1.0))
    ball = centre + np.sqrt(np.maximum(EYEBALL**2 - away, 1.0))
    shell = shell - 1.0 * np.exp(-(((f.lid_upper - person.lid_crease) / 1.1) ** 2)) * f.lid_span
    lids = 1.5 * np.logaddexp(z / 1.5, shell / 1.5)
    near = step(1.35, 1.0, away / (EYEBALL + 1.5) ** 2) * front
    z = z + near * (lids - z)
    points[..., 2] = z + step(-0.35, 0.35, f.eye) * front * (ball - z)
    if person.beard > 0.3:  # a short one has no thickness
        points += (7 * person.beard * (person.beard - 0.3) * f.beard * front)[..., None] * np.array(
            [0, -0.6, 0.8], np.float32
        )
    return points, f
