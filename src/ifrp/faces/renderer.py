"""From a person and a view to a picture: shade every vertex, then rasterise with a depth buffer (compiled by numba)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ifrp.faces import outfit
from ifrp.faces.features import Array
from ifrp.faces.heads import Person, View
from ifrp.faces.skin import linear, paint
from ifrp.faces.surface import Grid, head

CANVAS = 240  # pixels of the canvas; CROP in its middle is the aligned face
CROP = 128
EYES = ((45.0, 58.0), (83.0, 58.0))  # (x, y) of the pupils of an average frontal head in the crop
SCALE = 38.0 / 63.0  # pixels of the canvas per mm
DISTANCE = 1300.0  # mm from the camera to the eyes
SAMPLES = 2  # samples per pixel along each axis
CELL = 3.0  # mm, cell of the maps that decide which points see the light


@njit(cache=True, fastmath=True, nogil=True)
def _raster(screen: Array, colours: Array, image: Array, depth: Array) -> None:
    """Draw a grid of quads: screen (R, C, 3) holds x, y in pixels and depth; image (H, W, 3), depth (H, W) are updated."""
    height, width = depth.shape
    for i in range(screen.shape[0] - 1):
        for j in range(screen.shape[1] - 1):
            for half in range(2):
                i0, j0 = i, j
                i1, j1 = (i + 1, j) if half == 0 else (i + 1, j + 1)
                i2, j2 = (i + 1, j + 1) if half == 0 else (i, j + 1)
                ax, ay = screen[i0, j0, 0], screen[i0, j0, 1]
                bx, by = screen[i1, j1, 0], screen[i1, j1, 1]
                cx, cy = screen[i2, j2, 0], screen[i2, j2, 1]
                area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
                if abs(area) < 1e-9:
                    continue
                left, right = max(0, int(np.ceil(min(ax, bx, cx)))), min(width - 1, int(np.floor(max(ax, bx, cx))))
                top, bottom = max(0, int(np.ceil(min(ay, by, cy)))), min(height - 1, int(np.floor(max(ay, by, cy))))
                for y in range(top, bottom + 1):
                    for x in range(left, right + 1):
                        wb = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
                        wc = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
                        wa = 1.0 - wb - wc
                        if wa < -1e-5 or wb < -1e-5 or wc < -1e-5:
                            continue
                        z = wa * screen[i0, j0, 2] + wb * screen[i1, j1, 2] + wc * screen[i2, j2, 2]
                        if z > depth[y, x]:
                            depth[y, x] = z
                            for k in range(3):
                                image[y, x, k] = wa * colours[i0, j0, k] + wb * colours[i1, j1, k] + wc * colours[i2, j2, k]


@njit(cache=True, fastmath=True, nogil=True)
def _seen(points: Array, normals: Array, directions: Array, bias: float, soft: float) -> Array:
    """Cosine-weighted share of `directions` (D, 3) from which each of the points (N, 3) is not hidden by another: (N, D)."""
    size = 180
    result = np.zeros((points.shape[0], directions.shape[0]), np.float32)
    for d in range(directions.shape[0]):
        dx, dy, dz = directions[d]
        ux, uy, uz = (0.0, dz, -dy) if abs(dx) < 0.7 else (-dz, 0.0, dx)
        norm = np.sqrt(ux * ux + uy * uy + uz * uz)
        ux, uy, uz = ux / norm, uy / norm, uz / norm
        vx, vy, vz = dy * uz - dz * uy, dz * ux - dx * uz, dx * uy - dy * ux
        nearest = np.full((size, size), -1e9, np.float32)
        cells = np.empty((points.shape[0], 2), np.int32)
        far = np.empty(points.shape[0], np.float32)
        for n in range(points.shape[0]):
            px, py, pz = points[n, 0], points[n, 1] + 30, points[n, 2] + 80
            a = int((px * ux + py * uy + pz * uz) / CELL + size / 2 + 0.37 * (d % 3))
            b = int((px * vx + py * vy + pz * vz) / CELL + size / 2 + 0.37 * (d % 2))
            a, b = min(max(a, 0), size - 1), min(max(b, 0), size - 1)
            cells[n, 0], cells[n, 1] = a, b
            far[n] = px * dx + py * dy + pz * dz
            nearest[a, b] = max(nearest[a, b], far[n])
        for n in range(points.shape[0]):
            cosine = normals[n, 0] * dx + normals[n, 1] * dy + normals[n, 2] * dz
            slack = bias + CELL * np.sqrt(max(0.0, 1.0 - cosine * cosine)) / max(0.25, abs(cosine))
            hidden = (nearest[cells[n, 0], cells[n, 1]] - far[n] - slack) / soft
            result[n, d] = 1.0 - min(1.0, max(0.0, hidden))
    return result


def _turn(view: View, share: float = 1.0) -> Array:
    """Rotation (3, 3) of the head, or of the body that follows a `share` of it."""
    (sy, cy), (sp, cp), (sr, cr) = ((np.sin(a), np.cos(a)) for a in (share * view.yaw, -share * view.pitch, view.roll))
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (roll @ pitch @ yaw).astype(np.float32)


def _normals(points: Array) -> tuple[Array, Array]:
    """Unit normals and unit tangents along the rows, both (R, C, 3)."""
    down = np.gradient(points, axis=0)
    normal = np.cross(down, np.gradient(points, axis=1))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    down /= np.linalg.norm(down, axis=-1, keepdims=True) + 1e-9
    return normal, down


def scene(person: Person, view: View) -> list[Grid]:
    """All surfaces, posed: the camera looks along -z at the origin between the eyes."""
    points, features = head(person, view)
    albedo, gloss, sharp = paint(person, view, points, features)
    albedo = outfit.scalp(person, points, albedo)
    parts = [Grid(points, albedo, gloss, sharp), *outfit.hair(person, view), *outfit.ears(person), *outfit.glasses(person)]
    rotation, torso = _turn(view), outfit.body(person, view)
    pivot = np.array([0, -75, -98], np.float32)
    torso.points = (torso.points - pivot) @ _turn(view, 0.35).T + pivot @ rotation.T
    for part in parts:
        part.points = part.points @ rotation.T
    return [*parts, torso]


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
    bounce = view.ambient * (np.array([0.55, 0.50, 0.48], np.float32) + up[..., None] * np.array([0.45, 0.50, 0.55], np.float32))
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
    return (top + blend[..., None] * (bottom - top)).astype(np.float32)


def render(person: Person, view: View, size: int = CANVAS) -> NDArray[np.uint8]:
    """Picture (size, size, 3), uint8 sRGB. Its central CROP/CANVAS is the aligned face, eyes at EYES."""
    parts = scene(person, view)
    shells = [_normals(p.points) for p in parts]
    flat = np.concatenate([p.points.reshape(-1, 3) for p in parts])
    sky_directions, sun_directions = _directions(view)
    normals = np.concatenate([n.reshape(-1, 3) for n, _ in shells])
    directions = np.concatenate([sky_directions, sun_directions])
    seen = _seen(flat, normals, directions, 3.0, 5.0)
    cosine = np.clip(normals @ sky_directions.T, 0.02, 1)
    count = len(sky_directions)
    sky = (seen[:, :count] * cosine).sum(1) / cosine.sum(1)
    sun = seen[:, count:].mean(1)

    side = size * SAMPLES
    scale = SCALE * side / CANVAS
    centre_y = ((CANVAS - CROP) / 2 + EYES[0][1]) * side / CANVAS
    image, depth = _background(view, side), np.full((side, side), -1e9, np.float32)
    start = 0
    for part, (normal, tangent) in zip(parts, shells, strict=True):
        shape, end = part.gloss.shape, start + part.gloss.size
        smooth = (gaussian_filter(v[start:end].reshape(shape), 1.6, mode="nearest") for v in (sky, sun))
        colours = _shade(part, normal, tangent, view, *smooth)
        zoom = scale * DISTANCE / (DISTANCE - part.points[..., 2])
        x, y = side / 2 - 0.5 + part.points[..., 0] * zoom, centre_y - 0.5 - part.points[..., 1] * zoom
        _raster(np.stack([x, y, part.points[..., 2]], -1), colours.astype(np.float32), image, depth)
        start = end
    image = image.reshape(size, SAMPLES, size, SAMPLES, 3).mean((1, 3))
    if view.blur > 0:
        image = gaussian_filter(image, (view.blur * size / CANVAS,) * 2 + (0,))
    image = 1 - np.exp(-np.maximum(image, 0) * 1.35)  # bright places saturate gently, as on film
    return (np.clip(image / 0.86, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
