"""Finding the face in a picture, painted or real: MTCNN (Zhang et al., 2016), which facenet-pytorch brings with its weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ifrp.compat import prepare_torchvision
from ifrp.faces.geometry import Matrix
from ifrp.faces.pictures import Skip
from ifrp.runtime import one_thread

if TYPE_CHECKING:
    from facenet_pytorch import MTCNN
    from PIL.Image import Image

    from ifrp.stacks import Images

SIDE = 640  # pixels; larger pictures are made smaller for the first look, and cut into parts for a closer one
SMALLEST = 20  # pixels of that; smaller faces are not searched for
OVERLAP = 80  # pixels that one part shares with the next
LEVELS = (16, 8, 4, 2)  # how much smaller than it is a picture is looked at closer, until a face is found
LEAST = 0.9  # confidence that a face needs
CLOSER = 0.99  # the same in a closer look, which comes upon so many more things
SURE = 0.999  # confidence that makes other orientations needless; of 1,200 faces that did not stand upright, two had it


@dataclass(frozen=True)
class Found:
    """A face in a picture.

    Attributes:
        landmarks: (5, 2), x and y in pixels of the picture: the eye on the left, the eye on the right, the nose, the corners of
            the mouth; left and right as in the face held upright.
        confidence: MTCNN's, 0 to 1.
    """

    landmarks: Matrix
    confidence: float

    @property
    def points(self) -> Matrix:
        """(3, 2): both eyes, and the middle of the mouth."""
        return np.concatenate([self.landmarks[:2], self.landmarks[3:].mean(0, keepdims=True)])

    @property
    def reach(self) -> float:
        """How far the furthest landmark is from the middle of all, in pixels: about half a face."""
        return float(np.linalg.norm(self.landmarks - self.landmarks.mean(0), axis=1).max())

    def within(self, other: Found) -> bool:
        """Whether it is in the place of another."""
        apart = float(np.linalg.norm(self.landmarks.mean(0) - other.landmarks.mean(0)))
        return apart < max(self.reach, other.reach)


class Finder:
    """MTCNN, on the processor."""

    def __init__(self) -> None:
        prepare_torchvision()
        from facenet_pytorch import MTCNN

        self.network = MTCNN(min_face_size=SMALLEST)

    def faces(self, picture: Image, *, every: bool = False) -> list[Found]:
        """The sure faces in an RGB picture, which may lie on its side or upside down; the largest first.

        The picture is looked at as it is, made smaller if it is large; if no face is beyond doubt, in four orientations, of
        which the one with the surest face is the picture's. If no face is sure enough then, a large picture is looked at
        closer, part by part, from coarse to fine: the finest makes it half as large, so that faces of 40 pixels are found.

        Args:
            picture: of any size.
            every: faces are looked for that are turned otherwise than the picture's surest, and closer ones in any case.

        Raises:
            Skip: no face was found, or none is sure enough.
        """
        seen = _turned(picture, self._whole, every)
        sure = first = [face for face in seen if face.confidence >= LEAST]
        for level in LEVELS:
            if (every or not sure) and max(picture.size) > level * SIDE:
                parts = _turned(picture.reduce(level), self._parts)
                closer = [Found(face.landmarks * level, face.confidence) for face in parts]
                sure = _distinct(sure, (face for face in closer if face.confidence >= CLOSER))
        if not sure and seen:
            raise Skip(
                f"no face in it is sure enough: the likeliest has a confidence of {_surest(seen):.2f}, and {LEAST:g} is needed"
            )
        if not sure:
            raise Skip("no face was found in it")
        return sure if len(sure) == len(first) else _largest_first(sure)

    def largest(self, picture: Image) -> Found | None:
        """The largest face in an RGB picture that is known to be upright, however unsure; none if there is no face."""
        return next(iter(self._whole(picture)), None)

    def _whole(self, picture: Image) -> list[Found]:
        """The upright faces in a picture, looked at as a whole; the largest first."""
        small = picture.copy()
        small.thumbnail((SIDE, SIDE))
        # Of a face that is cut off at the chin or the hair, MTCNN misses the place; it fails on pictures of a few pixels.
        edge = max(SMALLEST, max(small.size) // 4)
        scale = picture.width / small.width
        return [
            Found(face.landmarks * scale, face.confidence)
            for face in _detected(self.network, np.asarray(small), edge)
        ]

    def _parts(self, picture: Image) -> list[Found]:
        """The upright faces in a picture, looked at part by part; the largest first."""
        found = list[Found]()
        for left in _starts(picture.width):
            for top in _starts(picture.height):
                right, bottom = min(left + SIDE, picture.width), min(top + SIDE, picture.height)
                part = np.asarray(picture.crop((left, top, right, bottom)))
                found += [
                    Found(face.landmarks + np.array([left, top]), face.confidence)
                    for face in _detected(self.network, part, OVERLAP // 2)
                ]
        return _largest_first(_distinct([], sorted(found, key=lambda face: -face.confidence)))


def _detected(network: MTCNN, pixels: Images, edge: int) -> list[Found]:
    """The upright faces in pixels, (H, W, 3), around which the edge is repeated that often; the largest first."""
    around = np.pad(pixels, ((edge, edge), (edge, edge), (0, 0)), mode="edge")
    with one_thread():  # its networks are so small that threads wait for each other for most of the time
        _, confidences, points = network.detect(around, landmarks=True)
    if points is None:
        return []
    return [
        Found(five.astype(float) - edge, float(confidence))
        for five, confidence in zip(points, confidences, strict=True)
    ]


def _turned(picture: Image, look: Callable[[Image], list[Found]], every: bool = False) -> list[Found]:
    """The faces in a picture in the orientation of the surest, and those that are beyond doubt in another."""
    from PIL.Image import Transpose

    looks = [look(picture)]
    if every or _surest(looks[0]) < SURE:
        for quarters, turn in enumerate((Transpose.ROTATE_90, Transpose.ROTATE_180, Transpose.ROTATE_270), 1):
            found = look(picture.transpose(turn))
            looks.append(
                [Found(_back(face.landmarks, quarters, picture.size), face.confidence) for face in found]
            )
    own = max(looks, key=_surest)
    others = (face for found in looks if found is not own for face in found if face.confidence >= SURE)
    seen = _distinct(own, others)
    return _largest_first(seen) if len(seen) > len(own) else seen


def _back(points: Matrix, quarters: int, size: tuple[int, int]) -> Matrix:
    """Points of a picture that was turned counter-clockwise by so many quarters, in the picture of (width, height) itself."""
    x, y = points.T
    width, height = size
    found = {1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[quarters]
    return np.stack(found, axis=1)


def _starts(side: int) -> list[int]:
    """Where parts begin that cover a side, in pixels."""
    count = max(1, -(-(side - OVERLAP) // (SIDE - OVERLAP)))
    starts: list[int] = np.linspace(0, max(0, side - SIDE), count).round().astype(int).tolist()
    return starts


def _surest(faces: Iterable[Found]) -> float:
    return max((face.confidence for face in faces), default=0.0)


def _distinct(kept: list[Found], others: Iterable[Found]) -> list[Found]:
    """Some faces, and of others those that are in the place of none before them."""
    kept = list(kept)
    for face in others:
        if not any(face.within(other) for other in kept):
            kept.append(face)
    return kept


def _largest_first(faces: list[Found]) -> list[Found]:
    return sorted(faces, key=lambda face: -face.reach)


def typical(faces: Images) -> Matrix | None:
    """Where eyes and mouth lie in aligned faces.

    Args:
        faces: (N, S, S, 3) uint8 RGB.

    Returns:
        (3, 2), the median over the faces, as fractions of the side; none if in most of them no face is found.
    """
    from PIL import Image

    finder = Finder()
    looks = (finder.largest(Image.fromarray(face)) for face in faces)
    found = [face.points for face in looks if face is not None]
    if 2 * len(found) <= len(faces):
        return None
    middle: Matrix = np.median(found, axis=0) / faces.shape[1]
    return middle
