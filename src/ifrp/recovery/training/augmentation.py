"""Portraits in other colours and textures: random convolutions (Xu et al., ICLR 2021), for styles never seen."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ifrp import runtime

SIDES = (1, 3, 5, 7)  # of the kernels, in pixels


def recoloured(portraits: Tensor, share: float, seed: int) -> Tensor:
    """Gives some portraits other colours and another texture, and leaves shapes where they are.

    Each goes through a convolution of its own, with weights from N(0, 1/(3k²)) and a side k of 1, 3, 5 or 7 pixels (the
    same in a batch), is brought to the mean and spread of a random other portrait of the batch, and mixed with itself
    by a random share.

    Args:
        portraits: (N, 3, S, S) in [-1, 1].
        share: of the portraits that are changed, 0–1.
        seed: the same seed gives the same.

    Returns:
        The same shape, in [-1, 1].
    """
    random = torch.Generator().manual_seed(seed)
    count = len(portraits)
    side = SIDES[int(torch.randint(len(SIDES), (1,), generator=random))]
    kernels = torch.randn(count, 3, 3, side, side, generator=random) / (3 * side**2) ** 0.5
    other = torch.randperm(count, generator=random)
    mixed = torch.rand(count, 1, 1, 1, generator=random)
    mixed[torch.rand(count, generator=random) >= share] = 1.0
    kernels, mixed, other = (runtime.sent(part, portraits.device) for part in (kernels, mixed, other))
    padded = F.pad(portraits, [side // 2] * 4, mode="reflect").contiguous()
    changed = F.conv2d(padded.flatten(0, 1)[None], kernels.flatten(0, 1), groups=count)  # (1, 3N, S, S)
    changed = _like(changed.view_as(portraits), portraits[other])
    return (mixed * portraits + (1 - mixed) * changed).clamp(-1, 1)


def _like(images: Tensor, others: Tensor) -> Tensor:
    """Images with the mean and standard deviation of others, each over all its pixels and channels."""
    spread, mean = torch.std_mean(images, (1, 2, 3), keepdim=True)
    wanted, level = torch.std_mean(others, (1, 2, 3), keepdim=True)
    return (images - mean) / spread.clamp_min(1e-3) * wanted + level
