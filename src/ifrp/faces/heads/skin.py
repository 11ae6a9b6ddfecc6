"""The colours of the head: skin, lips, eyes, brows, beard, marks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ifrp.faces.heads.features import Array, Features, bump, step
from ifrp.faces.heads.person import Colour, Person, View


def linear(colour: Colour) -> Array:
    """Linear light of an sRGB colour."""
    return (np.asarray(colour, np.float32) ** 2.2).astype(np.float32)


@lru_cache(8)  # those of one person, whose pictures are drawn one after the other
def speckle(shape: tuple[int, int], seed: int, smooth: int) -> Array:
    """Noise of mean 0 and standard deviation 1 on a grid, averaged over `smooth` cells; always the same for a seed."""
    noise = np.random.default_rng(seed).standard_normal(
        (shape[0] + smooth, shape[1] + smooth), dtype=np.float32
    )
    total = np.pad(noise, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    tall = total[smooth:] - total[:-smooth]
    mean: Array = (tall[:, smooth:] - tall[:, :-smooth])[: shape[0], : shape[1]] / smooth
    mean.flags.writeable = False
    return mean


def _mix(albedo: Array, colour: Array, mask: Array) -> Array:
    result: Array = albedo + mask[..., None] * (colour - albedo)
    return result


def _eye(albedo: Array, person: Person, f: Features) -> Array:
    corners = step(0.7, 1.1, np.abs(f.ax - person.eye_gap) / person.eye_width)
    white = _mix(np.full_like(albedo, 0.55), np.array([0.60, 0.36, 0.32], np.float32), corners)
    iris = linear(person.iris) * 1.15
    spokes = 1 + 0.25 * speckle(f.x.shape, person.grain, 3)
    eye = _mix(white, np.array([0.02, 0.02, 0.02], np.float32), step(6.5, 5.9, f.iris))
    eye = _mix(eye, iris * spokes[..., None], step(5.7, 5.0, f.iris))
    eye = _mix(eye, np.array([0.004, 0.004, 0.004], np.float32), step(2.7, 2.1, f.iris))
    eye = eye * (1 - 0.6 * step(-3.6, -0.2, f.lid_upper))[..., None]
    return _mix(albedo, eye, step(-0.3, 0.4, f.eye))


def _mouth(albedo: Array, person: Person, view: View, f: Features, skin: Array) -> Array:
    red = np.array([0.06, 0.24, 0.17], np.float32) * person.lip_red
    lip = skin * (np.array([0.84, 0.60, 0.60], np.float32) - red)
    albedo = _mix(albedo, np.maximum(lip, 0.01) * 0.9, 0.9 * f.lip_upper)
    albedo = _mix(albedo, np.maximum(lip, 0.01) * 1.08, 0.9 * f.lip_lower)
    inside = np.broadcast_to(np.array([0.05, 0.012, 0.012], np.float32), albedo.shape)
    teeth_end = -1.0 - 5.5 * view.open - 1.0
    teeth = step(teeth_end, teeth_end + 1.2, f.mouth_line) * step(
        person.mouth_width, 0.6 * person.mouth_width, f.ax
    )
    gaps = 1 - 0.3 * np.exp(-(((f.ax % 7.5) / 0.7) ** 2)) * step(2, 12, f.ax)
    inside = _mix(inside, np.array([1.0, 0.95, 0.84], np.float32) * gaps[..., None], 0.9 * teeth)
    albedo = _mix(albedo, inside, f.mouth)
    crease = np.exp(-((f.mouth_line / 0.9) ** 2)) * step(1.12, 1.0, f.ax / person.mouth_width) * (1 - f.mouth)
    result: Array = albedo * (1 - 0.62 * crease)[..., None]
    return result


def _hairs(albedo: Array, person: Person, f: Features) -> Array:
    strands = 0.85 + 0.15 * np.clip(speckle(f.x.shape, person.grain + 1, 3), -2, 2)
    dark = linear(person.hair) * (0.4 if sum(person.hair) > 0.9 else 0.7)
    albedo = _mix(albedo, dark, np.clip(1.1 * f.brow * strands, 0, 0.95))
    cover = min(1.0, 0.25 + 1.1 * person.beard) * (person.beard > 0)
    ragged = np.clip(f.beard * (1 + 0.3 * strands) - 0.15, 0, 1)
    beard = linear(person.hair) * 0.6
    albedo = _mix(albedo, beard * strands[..., None], np.clip(cover * ragged, 0, 0.97))
    return _mix(albedo, beard * strands[..., None], 0.95 * person.moustache * f.moustache)


def paint(person: Person, view: View, points: Array, f: Features) -> tuple[Array, Array, Array]:
    """Linear albedo (R, C, 3), gloss (R, C) and sharpness (R, C) of the highlights on the skin."""
    skin = linear(person.skin)
    red = np.array([1.0, 0.62, 0.60], np.float32)
    albedo = np.broadcast_to(skin, points.shape).copy()
    tip = -person.nose_length
    blush = 0.55 * bump(f.ax, f.y, 41, -34, 14, 12) + 0.4 * bump(f.ax, f.y, 0, tip, 9, 7)
    albedo = _mix(albedo, skin * red, person.blush * blush)
    below, above = (bump(f.ax, f.y, person.eye_gap - 2, at, 14, 5.5) for at in (-6, 6))
    around = np.clip((0.16 + 0.25 * person.age) * below + 0.22 * above, 0, 1)
    albedo = _mix(albedo, skin * np.array([0.70, 0.55, 0.58], np.float32), around)
    albedo = albedo * (1 + 0.02 * speckle(f.x.shape, person.grain + 2, 6))[..., None]
    if person.freckles > 0:
        spots = step(1.4, 2.2, speckle(f.x.shape, person.grain + 3, 4)) * bump(f.ax, f.y, 26, -22, 22, 14)
        albedo = _mix(
            albedo, skin * np.array([0.62, 0.42, 0.33], np.float32), np.clip(person.freckles * spots, 0, 1)
        )
    folds = (0.03 + 0.16 * person.age + 0.08 * max(0.0, view.smile)) * np.exp(-((f.fold / 2.0) ** 2))
    nostril = bump(f.ax, f.y, 0.42 * person.nose_width, tip + person.nose_tilt - 6.0, 2.7, 1.6)
    albedo = albedo * (1 - np.clip(folds + 0.9 * nostril, 0, 0.92))[..., None]
    albedo = _hairs(_mouth(albedo, person, view, f, skin), person, f)
    albedo = _eye(albedo, person, f)
    crease = np.exp(-(((f.lid_upper - person.lid_crease) / 0.8) ** 2)) * f.lid_span
    lash = np.exp(-(((f.lid_upper - 0.3) / (0.55 + 0.6 * person.lashes)) ** 2)) * f.lid_span
    front = step(-70, -45, points[..., 2])
    shade = np.clip(0.4 * crease + (0.5 + 0.45 * person.lashes) * lash, 0, 0.95) * front
    albedo = albedo * (1 - shade)[..., None]
    wet, lips = step(0.0, 0.5, f.eye), np.maximum(f.lip_upper, f.lip_lower)
    gloss = 0.16 + 0.10 * bump(f.ax, f.y, 0, tip + 10, 8, 30) + 0.12 * lips + 2.2 * wet
    hairy = np.maximum(np.maximum(f.brow, f.moustache * person.moustache), f.beard * (person.beard > 0))
    gloss = gloss * (1 - 0.9 * hairy)
    return (
        albedo.astype(np.float32),
        gloss.astype(np.float32),
        (14 + 14 * lips + 220 * wet).astype(np.float32),
    )
