"""Finding the face in a picture, painted or real: MTCNN (Zhang et al., 2016), which facenet-pytorch brings with its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ifrp.compat import prepare_torchvision
from ifrp.faces.geometry import Matrix
from ifrp.runtime import one_thread

if TYPE_CHECKING:
    from PIL.Image import Image

    from ifrp.stacks import Images

SIDE = 640  # pixels; larger pictures are made smaller for the search
SMALLEST = 20  # pixels of that; smaller faces are not searched for


@dataclass(frozen=True)
class Found:
    """A face in a picture.

    Attributes:
        landmarks: (5, 2), x and y in pixels of the picture: the eye on the left, the eye on the right, the nose, the corners of
            the mouth.
        confidence: MTCNN's, 0 to 1.
    """

    landmarks: Matrix
    confidence: float

    @property
    def points(self) -> Matrix:
        """(3, 2): both eyes, and the middle of the mouth."""
        return np.concatenate([self.landmarks[:2], self.landmarks[3:].mean(0, keepdims=True)])


class Finder:
    """MTCNN, on the processor."""

    def __init__(self) -> None:
        prepare_torchvision()
        from facenet_pytorch import MTCNN

        self.network = MTCNN(min_face_size=SMALLEST)

    def faces(self, picture: Image) -> list[Found]:
        """The faces in an RGB picture, the largest first."""
        small = picture.copy()
        small.thumbnail((SIDE, SIDE))
        # Of a face that is cut off at the chin or the hair, MTCNN misses the place; it fails on pictures of a few pixels.
        edge = max(SMALLEST, max(small.size) // 4)
        around = np.pad(np.asarray(small), ((edge, edge), (edge, edge), (0, 0)), mode="edge")
        with one_thread():  # its networks are so small that threads wait for each other for most of the time
            _, confidences, points = self.network.detect(around, landmarks=True)
        if points is None:
            return []
        scale = picture.width / small.width
        return [
            Found((five.astype(float) - edge) * scale, float(confidence))
            for five, confidence in zip(points, confidences, strict=True)
        ]

    def largest(self, picture: Image) -> Found | None:
        """The largest face in an RGB picture; none if there is no face."""
        return next(iter(self.faces(picture)), None)

    def points(self, picture: Image) -> Matrix | None:
        """Eyes and mouth of the largest face in an RGB picture, see `Found.points`; none if there is no face."""
        face = self.largest(picture)
        return None if face is None else face.points


def typical(faces: Images) -> Matrix | None:
    """Where eyes and mouth lie in aligned faces.

    Args:
        faces: (N, S, S, 3) uint8 RGB.

    Returns:
        (3, 2), the median over the faces, as fractions of the side; none if in most of them no face is found.
    """
    from PIL import Image

    finder = Finder()
    found = [points for face in faces if (points := finder.points(Image.fromarray(face))) is not None]
    if 2 * len(found) <= len(faces):
        return None
    middle: Matrix = np.median(found, axis=0) / faces.shape[1]
    return middle
