"""Who is rendered (`Person`) and how the picture is taken (`View`), and how both are drawn at random.

Lengths are millimetres of a head whose pupils are 63 mm apart; x points to the right of the picture, y up, z to the
camera; the origin lies between the eyes. Colours are sRGB in 0..1. Averages follow adult anthropometry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

SKINS: tuple[Colour, ...] = (
    (0.94, 0.80, 0.72), (0.92, 0.74, 0.62), (0.89, 0.69, 0.53), (0.78, 0.55, 0.39), (0.58, 0.38, 0.26), (0.40, 0.26, 0.18),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = (
    (0.07, 0.06, 0.06), (0.16, 0.10, 0.07), (0.30, 0.19, 0.11), (0.42, 0.24, 0.12), (0.55, 0.22, 0.09),
    (0.72, 0.54, 0.30), (0.86, 0.74, 0.50), (0.55, 0.54, 0.53), (0.85, 0.84, 0.82),
)  # fmt: skip
IRISES: tuple[Colour, ...] = (
    (0.20, 0.11, 0.06), (0.34, 0.20, 0.10), (0.42, 0.36, 0.18), (0.30, 0.42, 0.28), (0.28, 0.47, 0.66), (0.42, 0.48, 0.52),
)  # fmt: skip
HAIR_STYLES = ("bald", "horseshoe", "buzz", "short", "quiff", "afro", "bob", "fringe", "long", "swept")


@dataclass(frozen=True)
class Person:
    """Identity: everything that stays the same in all pictures of one person."""

    # skull, cheeks, jaw and chin
    skull_width: float  # mm added to half the width of the skull
    skull_height: float  # mm added to the height above the eyes
    forehead: float  # mm the forehead leans forward
    cheek_width: float  # mm added to half the width at the cheekbones
    cheek_bone: float  # mm the cheekbones stand out
    cheek_full: float  # mm of flesh on the lower cheeks, negative for hollow ones
    jaw_width: float  # mm added to half the width of the jaw
    chin_length: float  # mm the chin reaches lower
    chin_width: float  # mm added to half the width of the chin
    chin_out: float  # mm the chin stands out
    chin_cleft: float  # mm
    # nose
    nose_length: float  # mm from the eyes to the tip
    nose_out: float  # mm from the face to the tip
    nose_width: float  # mm, half the width at the wings
    nose_bridge: float  # mm, half the width of the bridge
    nose_bump: float  # mm of convexity of the bridge, negative for a saddle
    nose_tilt: float  # mm the tip points up
    # eyes and brows
    eye_gap: float  # mm from the midline to a pupil
    eye_width: float  # mm, half the length of the lid opening
    eye_open: float  # mm, height of the opened lids
    eye_tilt: float  # radians, outer corners up
    eye_depth: float  # mm the eyes lie deeper
    lid_crease: float  # mm from the lid's edge to its fold
    lashes: float  # 0..1
    brow_height: float  # mm above the eyes
    brow_arch: float  # mm
    brow_tilt: float  # mm the outer end is higher
    brow_thick: float  # mm, half the thickness
    brow_ridge: float  # mm the bone above the eyes stands out
    # mouth and ears
    mouth_width: float  # mm, half
    mouth_height: float  # mm below the eyes
    lip_upper: float  # mm
    lip_lower: float  # mm
    lip_red: float  # 0..1
    ear_size: float  # ratio
    ear_out: float  # radians away from the head
    # hair
    hair_style: str  # one of HAIR_STYLES
    hair_volume: float  # mm
    hairline: float  # mm above the eyes
    recede: float  # mm the temples recede
    part: float  # radians from the midline
    length: float  # mm below the eyes
    curl: float  # 0..1
    # colours and marks
    hair: Colour
    skin: Colour
    iris: Colour
    blush: float  # 0..1
    freckles: float  # 0..1
    beard: float  # 0..1, from stubble to full
    moustache: float  # 0..1
    age: float  # 0..1, depth of the lines
    glasses: int  # 0 none, 1 round, 2 square, 3 narrow
    glasses_colour: Colour
    grain: int  # seed of hair strands, freckles and the like


@dataclass(frozen=True)
class View:
    """Nuisance: what changes from one picture of a person to the next."""

    yaw: float = 0.0  # radians, positive turns the nose to the right of the picture
    pitch: float = 0.0  # radians, positive lifts the nose
    roll: float = 0.0  # radians, positive turns counter-clockwise
    smile: float = 0.0  # -0.5..1
    open: float = 0.0  # 0..1
    brow: float = 0.0  # -1..1, raised
    gaze: tuple[float, float] = (0.0, 0.0)  # mm the iris moves right and up
    blink: float = 0.0  # 0..1
    light: tuple[float, float, float] = (0.3, 0.5, 0.8)  # direction to the light
    light_colour: Colour = (1.0, 0.97, 0.93)
    light_power: float = 1.0
    ambient: float = 0.45
    background: tuple[Colour, Colour] = ((0.55, 0.6, 0.65), (0.35, 0.4, 0.45))  # top, bottom
    cloth: Colour = (0.25, 0.3, 0.4)
    blur: float = 0.0  # standard deviation in pixels of a 240-pixel canvas


def _between(rng: np.random.Generator, colours: tuple[Colour, ...], place: float) -> Colour:
    low = int(np.clip(place, 0, len(colours) - 1.001))
    mixed = np.array(colours[low]) * (low + 1 - place) + np.array(colours[low + 1]) * (place - low)
    r, g, b = np.clip(
        mixed * (1 + 0.03 * rng.standard_normal() + 0.008 * rng.standard_normal(3)), 0.02, 1
    ).tolist()
    return r, g, b


def sample_person(rng: np.random.Generator) -> Person:
    """Draw one identity. Traits that go together in people (brow, jaw, beard; age, grey hair, lines) do so here."""

    def near(mean: float, spread: float, reach: float = 2.0) -> float:
        return float(mean + spread * np.clip(rng.standard_normal(), -reach, reach))

    man = float(rng.random() < 0.5)
    age = float(rng.beta(1.3, 2.0))
    tone = float(rng.uniform(0, len(SKINS) - 1))
    pale = 1 - tone / (len(SKINS) - 1)
    grey = age > 0.55 and rng.random() < 0.75
    hair_place = rng.uniform(7, 8) if grey else rng.uniform(0, 6.5) * (pale**0.6 if pale > 0.3 else 0.15)
    likely = [0.12, 0.10 * (age > 0.4), 0.16, 0.24, 0.18, 0.10, 0.0, 0.05, 0.04, 0.12] if man else [
        0.0, 0.0, 0.03, 0.10, 0.06, 0.11, 0.18, 0.18, 0.22, 0.12]  # fmt: skip
    style = str(rng.choice(HAIR_STYLES, p=np.array(likely) / np.sum(likely)))
    bearded = man * (rng.random() < 0.5)
    beard = float(bearded * rng.uniform(0.15, 1))
    rim = rng.uniform(0.02, 0.12, 3) if rng.random() < 0.7 else rng.uniform(0.1, 0.55, 3)
    return Person(
        skull_width=near(man, 2.5), skull_height=near(0, 4), forehead=near(0, 2.5),
        cheek_width=near(0, 2.5), cheek_bone=near(4, 2.4), cheek_full=near(0, 3.5),
        jaw_width=near(5.5 * man - 3, 3.8), chin_length=near(2 * man - 1, 3.6), chin_width=near(3 * man, 3.6),
        chin_out=near(1, 2.6), chin_cleft=max(0.0, near(-0.8 + man, 1.0)),
        nose_length=near(40 + man, 3.0), nose_out=near(21 + 2 * man, 3.2), nose_width=near(15.5 + 2.5 * (1 - pale), 1.9),
        nose_bridge=near(6.5, 1.2), nose_bump=near(0.6 * man, 1.4), nose_tilt=near(1.5 - 2 * man, 1.8),
        eye_gap=near(31.5, 0.8), eye_width=near(15.2, 1.0), eye_open=near(10.7 - 0.7 * man, 1.1), eye_tilt=near(0.08, 0.07),
        eye_depth=near(man, 1.3), lid_crease=near(3.6, 1.2), lashes=float(np.clip(near(0.85 - 0.5 * man, 0.15), 0, 1)),
        brow_height=near(21.5 - 2 * man, 2.0), brow_arch=near(3.2 - 1.6 * man, 1.4), brow_tilt=near(0.5, 2.0),
        brow_thick=max(1.6, near(2.7 + 1.2 * man, 0.75)), brow_ridge=near(1.5 + 2 * man, 1.2),
        mouth_width=near(24.5 + man, 2.3), mouth_height=near(68 + man, 2.0), lip_upper=near(6.0 - 1.2 * man, 1.4),
        lip_lower=near(8.2 - 1.0 * man, 1.5), lip_red=float(np.clip(near(0.62 - 0.35 * man, 0.22), 0, 1)),
        ear_size=near(1, 0.09), ear_out=near(0.30, 0.15),
        hair_style=style, hair_volume=near(1, 0.25), hairline=near(72, 5), recede=max(0.0, near(-2 + 6 * man + 8 * age, 5)),
        part=float(rng.choice([-1, 1])) * near(0.45, 0.15), length=near(120, 30), curl=float(rng.beta(0.7, 1.3)),
        hair=_between(rng, HAIRS, hair_place), skin=_between(rng, SKINS, tone),
        iris=_between(rng, IRISES, rng.uniform(0, 5) * (pale > 0.35) + 0.3 * rng.random()),
        blush=float(rng.uniform(0.1, 1)), freckles=float(pale * max(0.0, near(-0.5, 0.8))),
        beard=beard, moustache=float(man * (rng.random() < 0.2 + 0.7 * (beard > 0.3)) * rng.uniform(0.75, 1)), age=age,
        glasses=int(rng.integers(1, 4)) if rng.random() < 0.22 + 0.2 * age else 0,
        glasses_colour=(float(rim[0]), float(rim[1]), float(rim[2])), grain=int(rng.integers(2**31)),
    )  # fmt: skip


def sample_view(rng: np.random.Generator) -> View:
    """Draw one way of taking the picture: pose within ±25° of yaw, ±12° of pitch, a few degrees of roll."""
    yaw, pitch, roll = np.radians(np.clip(rng.standard_normal(3), -2, 2) * (12.5, 5.5, 1.3))
    azimuth, height = rng.uniform(-1.1, 1.1), rng.uniform(0.05, 0.9)
    hue, shade = rng.uniform(0, 1, 3), rng.uniform(0.25, 0.95)
    top = shade * (0.55 + 0.45 * hue)
    bottom = np.clip(top * rng.uniform(0.5, 1.1) + rng.uniform(-0.08, 0.08, 3), 0, 1)
    smile = float(rng.uniform(-0.3, 1.0))
    warm = rng.uniform(-0.08, 0.08)

    def colour(c: np.ndarray) -> Colour:
        return float(c[0]), float(c[1]), float(c[2])

    return View(
        yaw=float(yaw), pitch=float(pitch), roll=float(roll), smile=smile,
        open=float(rng.uniform(0.1, 0.75)) if rng.random() < 0.4 else 0.0, brow=float(rng.uniform(-0.6, 1)),
        gaze=(float(rng.uniform(-2.6, 2.6)), float(rng.uniform(-0.9, 0.9))),
        blink=float(rng.uniform(0, 0.3)) if rng.random() < 0.9 else float(rng.uniform(0.3, 1)),
        light=(float(np.sin(azimuth) * np.cos(height)), float(np.sin(height)), float(np.cos(azimuth) * np.cos(height))),
        light_colour=(1.0 + float(warm), 0.98, 0.96 - float(warm)), light_power=float(rng.uniform(0.75, 1.15)),
        ambient=float(rng.uniform(0.3, 0.65)), background=(colour(top), colour(bottom)),
        cloth=colour(rng.uniform(0.05, 0.85, 3)), blur=float(rng.uniform(0, 0.6)),
    )  # fmt: skip
