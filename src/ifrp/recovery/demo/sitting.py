"""A picture on the page of `ifrp demo`: the faces in it, which of them is chosen, and how its crop is moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ifrp.faces import geometry
from ifrp.faces.pictures import Skip, reduced
from ifrp.recovery import portrait
from ifrp.recovery.portrait import Model, Portrait

WIDE = 1024  # pixels of the picture in which faces are marked
WHOLE = "the picture as it is"


@dataclass(frozen=True)
class Adjustment:
    """How far a crop is moved from where the face was found.

    Attributes:
        right: percent of the crop's side.
        down: percent of the crop's side.
        size: percent of the crop's size.
        turn: degrees, clockwise.
    """

    right: float = 0
    down: float = 0
    size: float = 100
    turn: float = 0

    def of(self, place: geometry.Matrix, side: int) -> geometry.Matrix:
        """The place of a window of so many pixels, adjusted: turned and scaled about its centre, then moved."""
        angle, scale = np.radians(self.turn), self.size / 100
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = np.full(2, side / 2)
        shift = centre - linear @ centre + side * np.array([self.right, self.down]) / 100
        return geometry.compose(place, np.column_stack([linear, shift]))


@dataclass(frozen=True)
class Sitting:
    """A picture on the page.

    Attributes:
        name: of its file, without suffix.
        picture: upright RGB.
        crops: by what the page calls it, each face that was found, the largest first; last, the picture as it is.
    """

    name: str
    picture: Image.Image
    crops: dict[str, Portrait]

    @property
    def shrunk(self) -> float:
        """Pixels of the picture for each of the picture on the page."""
        return max(1.0, max(self.picture.size) / WIDE)

    def cut(self, choice: str, adjustment: Adjustment) -> Portrait:
        """A crop, adjusted."""
        crop = self.crops[choice]
        if adjustment == Adjustment():
            return crop
        side = len(crop.image)
        place = adjustment.of(_place(crop), side)
        return replace(crop, image=geometry.cut(self.picture, place, side), place=place)

    def marked(self, choice: str, seen: Portrait) -> Image.Image:
        """The picture as the page shows it, with the chosen crop, as it was adjusted, and the other faces framed."""
        small = self.picture.copy()
        small.thumbnail((WIDE, WIDE))
        drawing = ImageDraw.Draw(small)
        for name, crop in self.crops.items():
            chosen = name == choice
            if chosen or name != WHOLE:
                _frame(drawing, self._corners(seen if chosen else crop), chosen=chosen)
        return small

    def _corners(self, crop: Portrait) -> geometry.Matrix:
        corners: geometry.Matrix = (geometry.corners(_place(crop), len(crop.image)) / self.shrunk).T
        return corners[[0, 1, 3, 2]]

    def aimed(self, choice: str, at: Sequence[float]) -> tuple[str, Adjustment]:
        """What a click means: the face that lies there, or else the chosen crop, moved to it.

        Args:
            choice: what was chosen before.
            at: x and y in the picture as the page shows it, in pixels.
        """
        point = np.array(at) * self.shrunk
        for name, crop in self.crops.items():
            if name != WHOLE and np.abs(_offset(crop, point)).max() <= 0.5:
                return name, Adjustment()
        right, down = 100 * _offset(self.crops[choice], point)
        return choice, Adjustment(right=round(right), down=round(down))


UNMOVED = astuple(Adjustment())


def _offset(crop: Portrait, point: geometry.Matrix) -> geometry.Matrix:
    """From the centre of a crop to a point of the picture, in sides of the crop."""
    place = _place(crop)
    within: geometry.Matrix = np.linalg.solve(place[:, :2], point - place[:, 2]) / len(crop.image) - 0.5
    return within


def _place(crop: Portrait) -> geometry.Matrix:
    assert crop.place is not None  # every crop of a sitting was cut from its picture
    return crop.place


def _here(face: Portrait, picture: Image.Image) -> Portrait:
    """A portrait whose place is in the picture as it was read, which may be smaller than in its file."""
    return replace(face, place=_place(face) / reduced(picture))


def _frame(drawing: ImageDraw.ImageDraw, corners: geometry.Matrix, *, chosen: bool) -> None:
    outline = [tuple(corner) for corner in (*corners, corners[0], corners[1])]
    for colour, width in (("black", 8), ("gold", 4)) if chosen else (("black", 4), ("white", 2)):
        drawing.line(outline, colour, width, joint="curve")


def sit(path: str | Path, model: Model) -> Sitting:
    """Opens a picture and finds its faces.

    Raises:
        Skip: it is no picture.
    """
    picture = portrait.opened(path)
    try:
        found = [_here(face, picture) for face in model.portraits(picture, every=True)]
    except Skip:
        found = []
    crops = {
        f"face {number} (confidence {face.confidence:.2f})": face
        for number, face in enumerate(found, start=1)
    }
    whole = portrait.central(picture.size, model.size)
    crops[WHOLE] = Portrait(geometry.cut(picture, whole, model.size), whole)
    return Sitting(Path(path).stem, picture, crops)


def told(sitting: Sitting, choice: str) -> str:
    """What to know of the crop that is chosen, for the page."""
    if len(sitting.crops) == 1:
        return (
            "No face was found, so the picture is taken as it is, cut square at its centre: adjust the crop until eyes and mouth "
            "lie as in the examples."
        )
    return " ".join(f"Mind: {sentence}." for sentence in sitting.crops[choice].warnings)
