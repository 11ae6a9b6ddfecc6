"""The losses of all methods, each a mean over its batch and computed in float32 whatever the training's precision."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def pixel(recovered: Tensor, faces: Tensor) -> Tensor:
    """Mean squared difference of all values; any equal shapes (Eq. 1; averaged as in the published code)."""
    return F.mse_loss(recovered.float(), faces.float())


def absolute(recovered: Tensor, faces: Tensor) -> Tensor:
    """Mean absolute difference of all values; any equal shapes [orig: pix2pix, CycleGAN]."""
    return F.l1_loss(recovered.float(), faces.float())


def identity(features: Callable[[Tensor], Tensor], recovered: Tensor, faces: Tensor) -> Tensor:
    """Mean squared difference of feature maps; no gradient reaches `faces` (Eq. 2)."""
    with torch.no_grad():
        target = features(faces)
    return F.mse_loss(features(recovered).float(), target.float())


def places(found: Tensor, true: Tensor) -> Tensor:
    """Mean squared distance, in half sides, by which two affine maps (N, 2, 3) miss each other over the square [-1, 1]²."""
    miss = (found - true).float()
    linear, shift = miss[:, :, :2].square().sum((1, 2)), miss[:, :, 2].square().sum(1)
    return (linear / 3 + shift).mean()  # a coordinate that is uniform on [-1, 1] has a mean square of 1/3


def adversarial(logits: Tensor, real: bool) -> Tensor:
    """Binary cross-entropy of discriminator logits with one target for all (Eq. 3).

    The generator's term is the non-saturating one: its recovered faces with the target `real` [authors].
    """
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def least_squares(scores: Tensor, real: bool) -> Tensor:
    """Mean squared distance of discriminator scores from 1 for `real`, else from 0 [orig: CycleGAN]."""
    return (scores.float() - float(real)).square().mean()


def hinge(scores: Tensor, real: bool) -> Tensor:
    """Mean by which discriminator scores fall short of 1 for `real`, else by which they exceed -1 [orig: MGAN]."""
    return F.relu(1 - scores.float() if real else 1 + scores.float()).mean()
