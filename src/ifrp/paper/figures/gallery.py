"""What figures of faces share: which faces they show, in which order, and the pictures themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifrp import paths, stacks
from ifrp.artifacts import read_table
from ifrp.config import Config
from ifrp.tiles import Tile

if TYPE_CHECKING:
    import pandas as pd

Turn = tuple[int, str]
"""a test face, by its place, and the style of its portrait"""


def spread(people: pd.Series[str], count: int) -> list[int]:
    """Places of `count` faces of different people (as far as there are so many), evenly spread over a stack."""
    firsts = np.flatnonzero(~people.duplicated())
    return [int(place) for place in firsts[stacks.spread(len(firsts), count)]]


def shared(experiments: Iterable[str], styles: Sequence[str]) -> NDArray[np.int64]:
    """Places of the test faces that all these experiments recovered from each of these styles."""
    found = [
        stacks.read(paths.recovered(name, style)).table["index"].to_numpy()
        for name in experiments
        for style in styles
    ]
    return reduce(np.intersect1d, found)


def turns(
    config: Config, experiments: Iterable[str], styles: Sequence[str], count: int, people: int
) -> list[Turn]:
    """Which faces a figure shows in which styles: of some people those first whom `paper.experiment` recovers best.

    Args:
        config: the configuration.
        experiments: shown side by side, so only faces that all of them recovered from all these styles are shown.
        styles: that may be shown.
        count: turns, at most.
        people: evenly spread over those faces; best is the highest PSNR.
    """
    scores = read_table(paths.quality(config.paper.experiment))
    common = np.intersect1d(shared(experiments, styles), scores["index"])
    persons = stacks.read(paths.faces("test")).table["person"].iloc[common]
    chosen = common[spread(persons, people)]
    asked = scores[scores["index"].isin(chosen) & scores["style"].isin(styles)]
    return cast(asked.set_index(["index", "style"])["psnr"], count)


def cast(scores: pd.Series[float], count: int) -> list[Turn]:
    """Always the turn with the highest score of those whose style, and then whose face, was shown least.

    Args:
        scores: by place of the face and style.
        count: turns, at most all.

    Returns:
        The turns, the best first: no style comes twice before each has come once, and no face as far as can be.
    """
    left = [
        (int(place), str(style)) for place, style in scores.sort_values(ascending=False, kind="stable").index
    ]
    turns: list[Turn] = []
    for _ in range(min(count, len(left))):
        faces, styles = Counter(place for place, _ in turns), Counter(style for _, style in turns)
        turns.append(min(left, key=lambda turn: (styles[turn[1]], faces[turn[0]])))
        left.remove(turns[-1])
    return turns


def labels(turns: Sequence[Turn], styled: bool) -> list[str]:
    """Person of each turn, below its style if that is to be said."""
    people = stacks.read(paths.faces("test")).table["person"].astype(str)
    names = [f"person {people.iloc[place].lstrip('0') or 0}" for place, _ in turns]
    return [f"{style}\n{name}" if styled else name for name, (_, style) in zip(names, turns, strict=True)]


def clearest(config: Config, styles: Sequence[str]) -> str:
    """The style from which `paper.experiment` recovers the test faces best, by mean PSNR."""
    means = read_table(paths.quality(config.paper.experiment)).groupby("style")["psnr"].mean()
    return str(means.reindex(list(styles)).idxmax())


def picture(path: Path, place: int) -> Tile:
    """The picture in a place of a stack."""
    return np.array(stacks.pictures(path)[place])


def recovery(experiment: str, style: str, place: int) -> Tile:
    """What an experiment made of the test face in a place."""
    stack = stacks.read(paths.recovered(experiment, style))
    return np.array(stack.images[np.flatnonzero(stack.table["index"] == place)[0]])


def three(experiment: str, style: str, place: int) -> list[Tile]:
    """A portrait, what an experiment made of it, and the true face."""
    portrait = picture(paths.portraits("test", style), place)
    return [portrait, recovery(experiment, style, place), picture(paths.faces("test"), place)]


def same(one: Sequence[Tile], other: Sequence[Tile]) -> bool:
    """Whether an experiment leaves the portraits as they are: then they need not be shown twice."""
    return all(
        a is not None and b is not None and np.array_equal(a, b) for a, b in zip(one, other, strict=True)
    )
