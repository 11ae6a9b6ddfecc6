"""Finding the face in a picture, painted or real: MTCNN (Zhang et al., 2016), which facenet-pytorch brings with its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ifrp.compat import prepare_torchvision
from ifrp.faces.geometry import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

    from ifrp.stacks import Images

SIDE = 640  # pixels; larger pictures are made smaller for the search
SMALLEST = 20  # pixels of that; smaller faces are not searched for


class Finder:
    """MTCNN, on the processor."""

    def __init__(self) -> None:
        prepare_torchvision()
        from facenet_pytorch import MTCNN

        self.network = MTCNN(min_face_size=SMALLEST)

    def landmarks(self, picture: Image) -> Matrix | None:
        """Eyes and mouth of the largest face in an RGB picture.

        Returns:
            (3, 2), x and y in pixels: the eye on the left, the eye on the right, the middle of the mouth; none if there
            is no face.
        """
        points = self.five(picture)
        return None if points is None else np.concatenate([points[:2], points[3:].mean(0, keepdims=True)])

    def five(self, picture: Image) -> Matrix | None:
        """All landmarks of the largest face in an RGB picture.

        Returns:
            (5, 2), x and y in pixels: the eye on the left, the eye on the right, the nose, the corners of the mouth; none if
            there is no face.
        """
        small = picture.copy()
        small.thumbnail((SIDE, SIDE))
        # Of a face that is cut off at the chin or the hair, MTCNN misses the place; it fails on pictures of a few pixels.
        edge = max(SMALLEST, max(small.size) // 4)
        around = np.pad(np.asarray(small), ((edge, edge), (edge, edge), (0, 0)), mode="edge")
        _, _, points = self.network.detect(around, landmarks=True)
        if points is None:
            return None
        found: Matrix = (points[0].astype(float) - edge) * (picture.width / small.width)
        return found


def typical(faces: Images) -> Matrix | None:
    """Where eyes and mouth lie in aligned faces.

    Args:
        faces: (N, S, S, 3) uint8 RGB.

    Returns:
        (3, 2), the median over the faces, as fractions of the side; none if in most of them no face is found.
    """
    from PIL import Image

    finder = Finder()
    found = [points for face in faces if (points := finder.landmarks(Image.fromarray(face))) is not None]
    if 2 * len(found) <= len(faces):
        return None
    middle: Matrix = np.median(found, axis=0) / faces.shape[1]
    return middle
