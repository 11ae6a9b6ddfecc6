"""Rules that choose the styles to train on from their distances; docs/styles.md says which rule gives what."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ifrp.errors import IfrpError

Matrix = NDArray[np.float64]
Rule = Callable[[Matrix, Matrix, int], list[int]]


def farthest(faces: Matrix, styles: Matrix, count: int) -> list[int]:
    """The styles farthest from real faces, farthest first."""
    return [int(i) for i in np.argsort(-faces, kind="stable")[:count]]


def nearest(faces: Matrix, styles: Matrix, count: int) -> list[int]:
    """The styles nearest to real faces, nearest first."""
    return farthest(-faces, styles, count)


def spread(faces: Matrix, styles: Matrix, count: int) -> list[int]:
    """From the style farthest from faces on, always the one farthest from those chosen (greedy max-min)."""
    return _grow(int(faces.argmax()), styles, count)


def spread_from_nearest(faces: Matrix, styles: Matrix, count: int) -> list[int]:
    """As spread, but from the style nearest to faces on."""
    return _grow(int(faces.argmin()), styles, count)


def diverse(faces: Matrix, styles: Matrix, count: int) -> list[int]:
    """The set with the largest sum of distances between its members."""
    return _best(lambda chosen: -styles[np.ix_(chosen, chosen)].sum(), len(faces), count)


def medoids(faces: Matrix, styles: Matrix, count: int) -> list[int]:
    """The set with the smallest sum of distances from each style to the nearest of the set (k-medoids, exact)."""
    return _best(lambda chosen: styles[:, chosen].min(axis=1).sum(), len(faces), count)


def _grow(first: int, styles: Matrix, count: int) -> list[int]:
    chosen = [first]
    while len(chosen) < count:
        chosen.append(int(styles[:, chosen].min(axis=1).argmax()))
    return chosen


def _best(cost: Callable[[list[int]], float], styles: int, count: int) -> list[int]:
    return min(map(list, combinations(range(styles), count)), key=cost)


RULES: dict[str, Rule] = {
    rule.__name__: rule for rule in (farthest, nearest, spread, spread_from_nearest, diverse, medoids)
}
"""The rules, by name. Each takes distances to faces (N,), among styles (N, N), and how many to choose."""


def choose(rule: str, faces: Matrix, styles: Matrix, count: int) -> list[int]:
    """Numbers of the styles that a named rule chooses.

    Raises:
        IfrpError: there are fewer styles than are to be chosen.
    """
    if count > len(faces):
        raise IfrpError(
            f"{count} styles cannot be chosen from {len(faces)}: mend the splits in the style table."
        )
    return RULES[rule](faces, styles, count)
