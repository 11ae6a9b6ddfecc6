"""What a source of faces is: an indexable list of pictures, and where the face lies in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ifrp.faces import geometry
from ifrp.faces.geometry import Matrix
from ifrp.faces.pictures import Skip

SMALLEST = 32  # pixels of a face's side in its picture; below, too little of a person is left to recover


@dataclass(frozen=True)
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
        inputs: files it was read from, for the provenance card.
        skipped: reasons by file, of pictures that are in no record.
        find: landmarks of a picture, (3, 2), if they are not in the records; None where there is no face.
    """

    name: str
    records: Sequence[Record]
    load: Callable[[str], Image.Image]
    crop: Sequence[float] | None
    inputs: Sequence[Path] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    find: Callable[[Image.Image], Matrix | None] | None = None

    @property
    def framing(self) -> str:
        """How faces are placed, in words."""
        if self.crop is None:
            return "the face placed by its landmarks"
        return f"the crop [{', '.join(f'{value:g}' for value in self.crop)}] (left, top, width, height)"

    def place(self, index: int, picture: Image.Image, size: int) -> Matrix:
        """Where the face lies in the picture of a record, (2, 3); see `geometry`.

        Raises:
            Skip: no face is found, it is tiny, or it reaches beyond the picture.
        """
        if self.crop is None:
            recorded = np.array(self.records[index].landmarks).reshape(-1, 2)
            points = self.find(picture) if self.find else recorded
            if points is None:
                raise Skip("no face was found in it")
            place = geometry.aligned(points, size)
        else:
            place = geometry.crop(self.crop, size)
        side = size * float(np.sqrt(max(0, np.linalg.det(place[:, :2]))))
        if not side >= SMALLEST:
            raise Skip(f"the face's side is {side:.0f} pixels; at least {SMALLEST} are needed")
        if not geometry.inside(place, size, picture.size):
            raise Skip(
                f"{self.framing} reaches beyond the picture of {picture.width}×{picture.height} pixels"
            )
        return place
