"""A face and the same face misaligned: cut from one picture, and written to the two stacks of a split."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ifrp import paths, runtime, stacks
from ifrp.config import Faces
from ifrp.faces import geometry, warp
from ifrp.faces.pictures import Skip
from ifrp.faces.source import Source
from ifrp.faces.warp import Misalignment
from ifrp.stacks import Images

Row = dict[str, object]


@dataclass(frozen=True)
class Face:
    """One picture made into a training pair."""

    file: str
    person: str
    aligned: Images  # (size, size, 3)
    warped: Images  # (size, size, 3)
    misalignment: Misalignment


def make(source: Source, index: int, faces: Faces, seed: int) -> Face:
    """One face of a source; depends on the seed and the picture's file name only.

    Raises:
        Skip: the picture cannot be used.
    """
    record = source.records[index]
    picture = source.load(record.file)
    place = source.place(index, picture, faces.size)
    rng = runtime.generator(seed, "faces", "warp", record.file)
    try:
        drawn, warped = warp.draw(rng, faces.warp, place, faces.size, picture.size)
    except Skip as skip:
        raise Skip(f"{skip} of {picture.width}×{picture.height} pixels around {source.framing}") from skip
    aligned = geometry.cut(picture, place, faces.size)
    return Face(record.file, record.person, aligned, geometry.cut(picture, warped, faces.size), drawn)


class Pair:
    """The two stacks of one split while they are filled, in random order."""

    def __init__(self, opened: ExitStack, split: str, count: int, size: int, seed: int) -> None:
        shape = (count, size, size)
        self.aligned, self._aligned_rows = opened.enter_context(stacks.create(paths.faces(split), shape))
        self.warped, self._warped_rows = opened.enter_context(stacks.create(paths.warped(split), shape))
        self.order = runtime.generator(seed, "faces", "order", split).permutation(count)
        self.rows: list[tuple[int, Row, Row]] = []

    def add(self, face: Face) -> None:
        """Writes the next face to its random place."""
        place = int(self.order[len(self.rows)])
        self.aligned[place], self.warped[place] = face.aligned, face.warped
        row: Row = {"file": face.file, "person": face.person}
        self.rows.append((place, row, row | asdict(face.misalignment)))

    def finish(self) -> dict[str, Any]:
        """Writes the tables; returns how many faces and people there are, and how the accepted warps are distributed."""
        self.rows.sort(key=lambda row: row[0])
        self._aligned_rows.extend(row[1] for row in self.rows)
        self._warped_rows.extend(row[2] for row in self.rows)
        warps = np.array([[row[2]["rotation"], row[2]["scale"]] for row in self.rows], dtype=float)
        return {
            "faces": len(self.rows),
            "people": len({row[1]["person"] for row in self.rows}),
            "rotation": _quantiles(warps[:, 0]),
            "scale": _quantiles(warps[:, 1]),
        }


def _quantiles(values: NDArray[np.float64]) -> dict[str, float]:
    return {
        f"{part:g} %": round(float(np.percentile(values, part)), 3) for part in (0, 5, 25, 50, 75, 95, 100)
    }
