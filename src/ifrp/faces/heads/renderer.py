"""From a person and a view to a picture: shade every vertex, then rasterise with a depth buffer."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ifrp.faces.heads.features import Array
from ifrp.faces.heads.hair import hair, scalp
from ifrp.faces.heads.outfit import body, ears, glasses
from ifrp.faces.heads.person import Person, View
from ifrp.faces.heads.raster import draw, visible
from ifrp.faces.heads.skin import linear, paint
from ifrp.faces.heads.surface import Grid, head

CANVAS = 240  # pixels of the canvas; CROP in its middle is the aligned face
CROP = 128
EYES = ((45.0, 58.0), (83.0, 58.0))  # (x, y) of the pupils of an average frontal head in the crop
SCALE = 38.0 / 63.0  # pixels of the canvas per mm
DISTANCE = 1300.0  # mm from the camera to the eyes
SAMPLES = 2  # samples per pixel along each axis


def _turn(view: View, share: float = 1.0) -> Array:
    """Rotation (3, 3) of the head, or of the body that follows a `share` of it."""
    (sy, cy), (sp, cp), (sr, cr) = (
        (np.sin(a), np.cos(a)) for a in (share * view.yaw, -share * view.pitch, view.roll)
    )
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    result: Array = (roll @ pitch @ yaw).astype(np.float32)
    return result


def _unit(vectors: Array) -> Array:
    length = np.sqrt(np.einsum("ijk,ijk->ij", vectors, vectors))[..., None]
    result: Array = vectors / (length + 1e-9)
    return result


def _normals(points: Array) -> tuple[Array, Array]:
    """Unit normals and unit tangents along the rows, both (R, C, 3)."""
    down = np.gradient(points, axis=0)
    normal = np.cross(down, np.gradient(points, axis=1))
    return _unit(normal), _unit(down)


def scene(person: Person, view: View) -> list[Grid]:
    """All surfaces, posed: the camera looks along -z at the origin between the eyes."""
    points, features = head(person, view)
    albedo, gloss, sharp = paint(person, view, points, features)
    albedo = scalp(person, points, albedo)
    rotation, torso = _turn(view), body(person, view)
    pivot = np.array([0, -75, -98], np.float32)
    torso.points = (torso.points - pivot) @ _turn(view, 0.35).T + pivot @ rotation.T
    parts = (Grid(points, albedo, gloss, sharp), *_unmoved(person))
    return [*(replace(part, points=part.points @ rotation.T) for part in parts), torso]


@lru_cache(1)
def _unmoved(person: Person) -> tuple[Grid, ...]:
    """What no expression changes; pictures of a person are drawn one after the other."""
    return (*hair(person), *ears(person), *glasses(person))


def _shade(part: Grid, normal: Array, tangent: Array, view: View, sky: Array, sun: Array) -> Array:
    """Linear colours (R, C, 3) from open sky (R, C) and visible sun (R, C), both in 0..1."""
    light = np.asarray(view.light, np.float32) / np.linalg.norm(view.light)
    half = light + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    facing = normal @ light
    colour = np.asarray(view.light_colour, np.float32) * (1.1 * view.light_power)
    if part.hair:
        sine = np.sqrt(np.clip(1 - (tangent @ light) ** 2, 0, 1))
        glint = np.clip(1 - (tangent @ half) ** 2, 0, 1) ** 40 * np.clip(facing + 0.3, 0, 1)
        key = 0.55 * np.clip(facing * 0.8 + 0.2, 0, 1)[..., None] * (0.5 + 0.5 * sine)[..., None]
        tint = 0.5 * part.albedo + 0.06
    else:
        wrap = np.array([0.22, 0.10, 0.07], np.float32)  # light that travels under the skin is red
        key = np.clip((facing[..., None] + wrap) / (1 + wrap), 0, 1)
        glint = np.clip(normal @ half, 0, 1) ** part.sharp * (facing > 0)
        tint = np.full(3, 0.6, np.float32)
    up = 0.5 + 0.5 * normal[..., 1]
    bounce = view.ambient * (
        np.array([0.55, 0.50, 0.48], np.float32) + up[..., None] * np.array([0.45, 0.50, 0.55], np.float32)
    )
    fill = 0.22 * view.ambient * np.clip(normal[..., 2], 0, 1)
    ambient = (bounce + fill[..., None]) * (sky[..., None] ** np.array([0.9, 1.15, 1.2], np.float32))
    lit = part.albedo * (ambient + key * sun[..., None] * colour)
    result: Array = lit + tint * (part.gloss * glint * sun)[..., None] * colour
    return result


def _directions(view: View) -> tuple[Array, Array]:
    """Directions to the sky (A, 3), evenly over the camera's half space, and to an extended sun (B, 3)."""
    n = np.arange(14)
    z, turn = 1 - (n + 0.5) / 14 * 1.05, n * 2.399963
    ring = np.sqrt(np.clip(1 - z**2, 0, 1))
    sky = np.stack([ring * np.cos(turn), ring * np.sin(turn), z], -1)
    light = np.asarray(view.light) / np.linalg.norm(view.light)
    spread = np.array([(0, 0, 0), (1, 0, 0), (-0.5, 0.87, 0), (-0.5, -0.87, 0), (0, 0, 1), (0, 0, -1)]) * 0.13
    sun = light + spread
    return sky.astype(np.float32), (sun / np.linalg.norm(sun, axis=1, keepdims=True)).astype(np.float32)


def _background(view: View, side: int) -> Array:
    top, bottom = linear(view.background[0]), linear(view.background[1])
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    blend = np.clip(y + 0.25 * np.sin(3 * x + 5 * top[0]) * np.sin(2.2 * y + 7 * bottom[1] + 1), 0, 1)
    result: Array = (top + blend[..., None] * (bottom - top)).astype(np.float32)
    return result


def _light(parts: list[Grid], view: View) -> list[Array]:
    """Linear colours (R, C, 3) of every surface, with soft shadows and ambient occlusion."""
    shells = [_normals(part.points) for part in parts]
    points, normals = (
        np.concatenate([v.reshape(-1, 3) for v in many])
        for many in ([p.points for p in parts], [n for n, _ in shells])
    )
    to_sky, to_sun = _directions(view)
    seen = visible(points, normals, np.concatenate([to_sky, to_sun]), 3.0, 5.0)  # (N, D)
    cosine = np.clip(normals @ to_sky.T, 0.02, 1)
    sky = np.einsum("nd,nd->n", seen[:, : len(to_sky)], cosine) / np.einsum("nd->n", cosine)
    sun = np.einsum("nd->n", seen[:, len(to_sky) :]) / len(to_sun)
    ends = np.cumsum([part.gloss.size for part in parts])[:-1]
    result = []
    for part, shell, *light in zip(parts, shells, np.split(sky, ends), np.split(sun, ends), strict=True):
        smooth = (gaussian_filter(v.reshape(part.gloss.shape), 1.6, mode="nearest") for v in light)
        result.append(_shade(part, *shell, view, *smooth).astype(np.float32))
    return result


def _develop(image: Array, blur: float) -> NDArray[np.uint8]:
    """Average the samples of each pixel, blur, and turn linear light into sRGB."""
    size = len(image) // SAMPLES
    columns = np.add.reduce([image[:, k::SAMPLES] for k in range(SAMPLES)])
    image = np.add.reduce([columns[k::SAMPLES] for k in range(SAMPLES)]) / SAMPLES**2
    if blur > 0:
        image = gaussian_filter(image, (blur * size / CANVAS, blur * size / CANVAS, 0))
    image = 1 - np.exp(-np.maximum(image, 0) * 1.35)  # bright places saturate gently, as on film
    result: NDArray[np.uint8] = (np.clip(image / 0.86, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
    return result


def render(person: Person, view: View, size: int = CANVAS) -> NDArray[np.uint8]:
    """Picture (size, size, 3), uint8 sRGB. Its central CROP/CANVAS is the aligned face, eyes at EYES."""
    parts = scene(person, view)
    side = size * SAMPLES
    image, depth = _background(view, side), np.full((side, side), -1e9, np.float32)
    scale = SCALE * side / CANVAS
    middle = (CANVAS - CROP) / 2 + EYES[0][1]
    for part, colours in zip(parts, _light(parts, view), strict=True):
        zoom = scale * DISTANCE / (DISTANCE - part.points[..., 2])
        x, y = (
            side / 2 - 0.5 + part.points[..., 0] * zoom,
            middle * side / CANVAS - 0.5 - part.points[..., 1] * zoom,
        )
        draw(np.stack([x, y, part.points[..., 2]], -1), colours, image, depth)
    return _develop(image, view.blur)
