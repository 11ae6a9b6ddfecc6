"""What a source of faces is: an indexable list of pictures, and where the face lies in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ifrp.errors import IfrpError
from ifrp.faces import geometry
from ifrp.faces.geometry import Matrix
from ifrp.faces.pictures import Skip, reduced
from ifrp.stacks import spread

if TYPE_CHECKING:
    from ifrp.faces.find import Found

SMALLEST = 32  # pixels of a face's side in its picture; below, too little of a person is left to recover
SAMPLED = 25  # pictures by whose size a crop is judged
ALIKE = 0.02  # of a side, by which pictures of one size may differ


@dataclass(frozen=True, slots=True)
class Record:
    """One picture.

    Attributes:
        file: its name, unique in the source.
        person: who it shows.
        landmarks: x and y of left eye, right eye and points of the mouth, in pixels, where they are used.
        split: the split it must go to, where that is not drawn.
    """

    file: str
    person: str
    landmarks: tuple[float, ...] = ()
    split: str | None = None


@dataclass(frozen=True)
class Source:
    """An indexable list of pictures.

    Attributes:
        name: what messages call it.
        records: the pictures, in an order that does not depend on the machine.
        load: opens the picture of a file as RGB, or raises Skip; called from several threads.
        crop: box of the face in every picture (left, top, width, height, in pixels); None: placed by landmarks.
        shape: width and height of the pictures that the crop belongs to, see `common`; None: it belongs to all.
        inputs: files it was read from, for the provenance card.
        skipped: reasons by file, of pictures that are in no record.
        find: the faces in a picture, the largest first, if landmarks are not in the records; raises Skip where there is none.
        several: files of the pictures in which it was the largest of several faces, once they have been placed.
    """

    name: str
    records: Sequence[Record]
    load: Callable[[str], Image.Image]
    crop: Sequence[float] | None
    shape: tuple[int, int] | None = None
    inputs: Sequence[Path] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    find: Callable[[Image.Image], list[Found]] | None = None
    several: set[str] = field(default_factory=set)

    @property
    def framing(self) -> str:
        """How faces are placed, in words."""
        if self.crop is None:
            return "the face placed by its landmarks"
        return f"the crop [{', '.join(f'{value:g}' for value in self.crop)}] (left, top, width, height)"

    def place(self, index: int, picture: Image.Image, size: int) -> Matrix:
        """Where the face lies in the picture of a record, (2, 3); see `geometry`.

        Raises:
            Skip: no face is found, it is tiny, it reaches beyond the picture, or the crop belongs to pictures of another size.
        """
        if self.crop is None:
            place = geometry.aligned(self._points(self.records[index], picture), size)
        else:
            place = geometry.crop([value / reduced(picture) for value in self.crop], size)
        side = size * float(np.sqrt(max(0, np.linalg.det(place[:, :2]))))
        if not side >= SMALLEST:
            raise Skip(f"the face's side is {side:.0f} pixels; at least {SMALLEST} are needed")
        if not geometry.inside(place, size, picture.size):
            raise Skip(f"{self.framing} reaches beyond the picture of {_pixels(whole(picture))}")
        if self.shape and not _alike(whole(picture), self.shape):
            raise Skip(
                f"{self.framing} belongs to pictures of {_pixels(self.shape)}, as most are; this has {_pixels(whole(picture))}"
            )
        return place

    def _points(self, record: Record, picture: Image.Image) -> Matrix:
        if self.find is None:
            return np.array(record.landmarks).reshape(-1, 2) / reduced(picture)
        found = self.find(picture)
        if len(found) > 1:
            self.several.add(record.file)
        return found[0].points


def common(
    setting: str, box: Sequence[float], files: Sequence[str], load: Callable[[str], Image.Image]
) -> tuple[int, int] | None:
    """The size that most of some pictures have, width and height in pixels, looked up in a few of them; none if none opens.

    One box of pixels marks the face in pictures of one size alone: in others it marks whatever lies there.

    Args:
        setting: key of the configuration, for the message.
        box: the crop: left, top, width, height.
        files: names of all pictures.
        load: opens one.

    Raises:
        IfrpError: fewer than half of those that were looked at share a size, or the box reaches beyond it.
    """
    sizes = dict[str, tuple[int, int]]()
    for place in spread(len(files), SAMPLED):
        with suppress(Skip):
            sizes[files[place]] = whole(load(files[place]))
    if not sizes:
        return None
    votes = {size: sum(_alike(other, size) for other in sizes.values()) for size in sizes.values()}
    shape = max(votes, key=lambda size: votes[size])
    own = next(file for file, size in sizes.items() if size == shape)
    if 2 * votes[shape] < len(sizes):
        other = next(file for file, size in sizes.items() if not _alike(size, shape))
        raise IfrpError(
            f"{setting} is one box for pictures of one size, and {own} has {_pixels(shape)}, {other} {_pixels(sizes[other])}: "
            "make them one size, or say where the faces are by landmarks or `find: true`."
        )
    left, top, width, height = box
    if left + width > shape[0] * (1 + ALIKE) or top + height > shape[1] * (1 + ALIKE):
        raise IfrpError(
            f"{setting} ends at {left + width:g}, {top + height:g}, beyond the {_pixels(shape)} of {own}: it is left, top, "
            "width and height."
        )
    return shape


def whole(picture: Image.Image) -> tuple[int, int]:
    """Width and height of a picture as it lies in its file, even if it was read smaller."""
    return picture.width * reduced(picture), picture.height * reduced(picture)


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return all(abs(a - b) <= max(1, ALIKE * b) for a, b in zip(one, other, strict=True))


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]} pixels"
