"""The two compiled loops of the renderer: drawing grids of quads, and who hides whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from ifrp.faces.heads.features import Array

CELL = 3.0  # mm, cell of the depth maps that decide which points a direction reaches
MAP = 180  # cells along each side of such a map
MIDDLE = (0.0, -30.0, -80.0)  # mm, what the maps are centred on
F = TypeVar("F", bound=Callable[..., Any])


def _compiled(loop: F) -> F:
    try:
        return cast(F, njit(cache=True, fastmath=True, nogil=True)(loop))
    except RuntimeError:  # neither the package's folder nor the home can be written
        return cast(F, njit(fastmath=True, nogil=True)(loop))


@_compiled
def draw(screen: Array, colours: Array, image: Array, depth: Array) -> None:
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
                left, right = (
                    max(0, int(np.ceil(min(ax, bx, cx)))),
                    min(width - 1, int(np.floor(max(ax, bx, cx)))),
                )
                top, bottom = (
                    max(0, int(np.ceil(min(ay, by, cy)))),
                    min(height - 1, int(np.floor(max(ay, by, cy)))),
                )
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
                                image[y, x, k] = (
                                    wa * colours[i0, j0, k]
                                    + wb * colours[i1, j1, k]
                                    + wc * colours[i2, j2, k]
                                )


@_compiled
def visible(points: Array, normals: Array, directions: Array, bias: float, soft: float) -> Array:
    """How much of each direction (D, 3) reaches each of the points (N, 3) with these normals: (N, D) in 0..1.

    A point is hidden gradually, over `soft` mm, once another lies more than `bias` mm further along the direction.
    The points must be so dense that every cell of a surface holds one.
    """
    size = MAP
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
            px, py, pz = points[n, 0] - MIDDLE[0], points[n, 1] - MIDDLE[1], points[n, 2] - MIDDLE[2]
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
