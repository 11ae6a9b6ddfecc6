"""What figures of faces share: which faces they show, and the pictures themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifrp import paths, stacks
from ifrp.config import Config
from ifrp.paper.figures import mosaic

if TYPE_CHECKING:
    import pandas as pd


def spread(people: pd.Series[str], count: int) -> list[int]:
    """Places of `count` faces of different people (as far as there are so many), evenly spread over a stack."""
    firsts = np.flatnonzero(~people.duplicated())
    chosen = np.linspace(0, len(firsts) - 1, min(count, len(firsts))).round().astype(int)
    return [int(place) for place in firsts[chosen]]


def shared(experiments: Iterable[str], styles: Sequence[str]) -> NDArray[np.int64]:
    """Places of the test faces that all these experiments recovered from each of these styles."""
    found = [
        stacks.read(paths.recovered(name, style)).table["index"].to_numpy()
        for name in experiments
        for style in styles
    ]
    return reduce(np.intersect1d, found)


def example_places(config: Config, experiments: Iterable[str], styles: Sequence[str]) -> list[int]:
    """Places of `paper.examples` test faces that all these experiments recovered, of different people."""
    common = shared(experiments, styles)
    people = stacks.read(paths.faces("test")).table["person"].iloc[common]
    places: list[int] = common[spread(people, config.paper.examples)].tolist()
    return places


def picture(path: Path, place: int) -> mosaic.Tile:
    """The picture in a place of a stack."""
    return np.array(stacks.pictures(path)[place])


def recovery(experiment: str, style: str, place: int) -> mosaic.Tile:
    """What an experiment made of the test face in a place."""
    stack = stacks.read(paths.recovered(experiment, style))
    return np.array(stack.images[np.flatnonzero(stack.table["index"] == place)[0]])


def same(one: Sequence[mosaic.Tile], other: Sequence[mosaic.Tile]) -> bool:
    """Whether an experiment leaves the portraits as they are: then they need not be shown twice."""
    return all(
        a is not None and b is not None and np.array_equal(a, b) for a, b in zip(one, other, strict=True)
    )
