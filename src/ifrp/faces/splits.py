"""Splits by person: whole people are drawn at random, so that nobody is in two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from ifrp import runtime

F = TypeVar("F")
ORDER = ("test", "val", "train")


def shuffled(people: Sequence[str], seed: int) -> list[int]:
    """All indices, person by person: people in random order, the pictures of each in the given one."""
    groups = defaultdict(list)
    for index, person in enumerate(people):
        groups[person].append(index)
    order = runtime.generator(seed, "faces", "people").permutation(sorted(groups))
    return [index for person in order for index in groups[person]]


def deal(faces: Iterator[tuple[str, F]], counts: Mapping[str, int]) -> Iterator[tuple[str, F]]:
    """Deals faces to splits.

    A split takes whole people until its count is reached; what is left of the last of them is dropped, never given to
    the next split.

    Args:
        faces: pairs of person and face, those of a person in a row.
        counts: faces per split, in the order in which the splits are filled.

    Yields:
        Pairs of split and face; fewer than asked for if `faces` ends.
    """
    last: str | None = None
    for split, count in counts.items():
        closed, taken = last, 0
        for person, face in faces:
            if person == closed:
                continue
            last = person
            yield split, face
            taken += 1
            if taken == count:
                break
