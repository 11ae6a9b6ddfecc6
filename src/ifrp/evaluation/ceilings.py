"""What a recovered face would score if its colours, or its colours and contrasts, were those of the true one."""

from __future__ import annotations

from torch import Tensor, where

FLAT = 1e-6
"""deviation, in levels, below which a channel is constant; one pixel of 10⁶ that differs makes 10⁻³"""


def with_colour(recovered: Tensor, truth: Tensor) -> Tensor:
    """Faces with the mean colour of the true ones: each channel is shifted.

    Args:
        recovered: (N, 3, H, W), values 0–255, RGB.
        truth: the same.

    Returns:
        (N, 3, H, W) float64, whole levels 0–255 as in a picture file.
    """
    return _levels(recovered.double() - _mean(recovered) + _mean(truth))


def with_contrast(recovered: Tensor, truth: Tensor) -> Tensor:
    """Faces with the mean colour and the contrast of the true ones: each channel is shifted and scaled.

    The standard deviation of a channel is its contrast; a constant channel has none to be scaled and becomes the true
    mean.

    Args:
        recovered: (N, 3, H, W), values 0–255, RGB.
        truth: the same.

    Returns:
        (N, 3, H, W) float64, whole levels 0–255 as in a picture file.
    """
    away, true = (faces.double() - _mean(faces) for faces in (recovered, truth))
    own, wanted = (values.square().mean((2, 3), keepdim=True).sqrt() for values in (away, true))
    return _levels(where(own > FLAT, away / own.clamp(min=FLAT), 0) * wanted + _mean(truth))


def _levels(faces: Tensor) -> Tensor:
    return faces.round().clamp(0, 255)


def _mean(faces: Tensor) -> Tensor:
    return faces.double().mean((2, 3), keepdim=True)
