"""The losses of Sec. 3.3, each a mean over its batch and computed in float32 whatever the training's precision."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def pixel(recovered: Tensor, faces: Tensor) -> Tensor:
    """Mean squared difference of all values; any equal shapes (Eq. 1; averaged as in the published code)."""
    return F.mse_loss(recovered.float(), faces.float())


def identity(features: Callable[[Tensor], Tensor], recovered: Tensor, faces: Tensor) -> Tensor:
    """Mean squared difference of feature maps; no gradient reaches `faces` (Eq. 2)."""
    with torch.no_grad():
        target = features(faces)
    return F.mse_loss(features(recovered).float(), target.float())


def adversarial(logits: Tensor, real: bool) -> Tensor:
    """Binary cross-entropy of discriminator logits with one target for all (Eq. 3).

    The generator's term is the non-saturating one: its recovered faces with the target `real` [authors].
    """
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))
