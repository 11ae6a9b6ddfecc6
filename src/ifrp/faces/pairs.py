"""A face and the same face misaligned: cut from one picture, and written to the two stacks of a split."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ifrp import paths, runtime, stacks
from ifrp.config import Faces
from ifrp.faces import geometry, warp
from ifrp.faces.geometry import Matrix
from ifrp.faces.pictures import Skip
from ifrp.faces.source import Source
from ifrp.faces.warp import Misalignment
from ifrp.stacks import Images

if TYPE_CHECKING:
    from PIL.Image import Image

Drawn = tuple[Misalignment, Matrix]
"""a warp, and the place of the warped face in its picture"""
WARP = [field.name for field in fields(Misalignment)]


@dataclass(frozen=True)
class Copy:
    """A face misaligned once."""

    image: Images  # (size, size, 3)
    misalignment: Misalignment


@dataclass(frozen=True)
class Misaligned:
    """One picture's face in all its misalignments."""

    file: str
    person: str
    copies: tuple[Copy, ...]


@dataclass(frozen=True)
class Face(Misaligned):
    """One picture made into training pairs."""

    aligned: Images  # (size, size, 3)


def make(source: Source, index: int, faces: Faces, seed: int) -> Face:
    """One face of a source; depends on the seed and the picture's file name only, and its first copy not on their number.

    Raises:
        Skip: the picture cannot be used.
    """
    record, (picture, place, drawn) = source.records[index], _drawn(source, index, faces, seed)
    aligned = geometry.cut(picture, place, faces.size)
    return Face(record.file, record.person, _copies(picture, drawn, faces.size), aligned)


def misalign(source: Source, index: int, faces: Faces, seed: int) -> Misaligned:
    """The same without the aligned face.

    Raises:
        Skip: the picture cannot be used.
    """
    record, (picture, _, drawn) = source.records[index], _drawn(source, index, faces, seed)
    return Misaligned(record.file, record.person, _copies(picture, drawn, faces.size))


def _drawn(source: Source, index: int, faces: Faces, seed: int) -> tuple[Image, Matrix, list[Drawn]]:
    """The picture, the place of its aligned face, and its warps."""
    record = source.records[index]
    picture = source.load(record.file)
    place = source.place(index, picture, faces.size)
    drawn: list[Drawn] = []
    for copy in range(faces.warp.copies):
        rng = runtime.generator(seed, "faces", "warp", record.file, *([copy] if copy else []))
        try:
            drawn.append(warp.draw(rng, faces.warp, place, faces.size, picture.size))
        except Skip as skip:
            if not drawn:
                around = f"{picture.width}×{picture.height} pixels around {source.framing}"
                raise Skip(f"{skip} of {around}") from skip
            drawn.append(drawn[0])  # so narrow a picture is in the set or not, however many copies there are
    return picture, place, drawn


def _copies(picture: Image, drawn: list[Drawn], size: int) -> tuple[Copy, ...]:
    return tuple(Copy(geometry.cut(picture, warped, size), one) for one, warped in drawn)


class Unaligned:
    """The stack of misaligned faces of one split while it is filled.

    It holds copy after copy, each in the order of the aligned stack. So its first rows are, row by row, the aligned faces, for
    all who look at a face beside its portrait; and what the system reads ahead of a picture are other faces, of which
    training may want one in the same pass, and not the same face again, which it does not. The column `index` of its
    table is each face's place in the aligned stack.
    """

    def __init__(self, opened: ExitStack, path: Path, count: int, copies: int, size: int) -> None:
        self.count, self.copies = count, copies
        shape = (copies * count, size, size)
        self._images, self._rows = opened.enter_context(stacks.create(path, shape))
        self._labels = [("", "")] * count
        self._warps = np.empty((copies * count, len(WARP)))

    def add(self, index: int, face: Misaligned) -> None:
        """Writes the copies of a face whose place in the aligned stack is `index`."""
        self._labels[index] = face.file, face.person
        for number, copy in enumerate(face.copies[: self.copies]):
            row = number * self.count + index
            self._images[row], self._warps[row] = copy.image, astuple(copy.misalignment)

    def finish(self) -> dict[str, Any]:
        """Writes the table; returns the number of copies and the distribution of all their warps."""
        for row, warped in enumerate(self._warps):
            index = row % self.count
            file, person = self._labels[index]
            labels = {"file": file, "person": person, "index": index}
            self._rows.append(labels | dict(zip(WARP, warped.tolist(), strict=True)))
        spread = {name: _quantiles(self._warps[:, WARP.index(name)]) for name in ("rotation", "scale")}
        return {"copies": self.copies, **spread}


class Pair:
    """The two stacks of one split while they are filled, in random order."""

    def __init__(self, opened: ExitStack, split: str, count: int, faces: Faces, seed: int) -> None:
        shape = (count, faces.size, faces.size)
        self.aligned, self._rows = opened.enter_context(stacks.create(paths.faces(split), shape))
        copies = copies_in(split, faces)
        self.unaligned = Unaligned(opened, paths.warped(split), count, copies, faces.size)
        self.order = runtime.generator(seed, "faces", "order", split).permutation(count)
        self._labels = [("", "")] * count
        self._taken = 0

    def __len__(self) -> int:
        return self._taken

    def add(self, face: Face) -> None:
        """Writes the next face to its random place."""
        index = int(self.order[len(self)])
        self.aligned[index] = face.aligned
        self.unaligned.add(index, face)
        self._labels[index] = face.file, face.person
        self._taken += 1

    def finish(self) -> dict[str, Any]:
        """Writes the tables; returns how many faces, people and copies there are, and how the accepted warps are distributed."""
        self._rows.extend({"file": file, "person": person} for file, person in self._labels)
        people = {person for _, person in self._labels}
        return {"faces": len(self), "people": len(people), **self.unaligned.finish()}


def copies_in(split: str, faces: Faces) -> int:
    """How often each face of a split is misaligned: only those of training more than once."""
    return faces.warp.copies if split == "train" else 1


def _quantiles(values: NDArray[np.float64]) -> dict[str, float]:
    return {
        f"{part:g} %": round(float(np.percentile(values, part)), 3) for part in (0, 5, 25, 50, 75, 95, 100)
    }
