"""The U-Net generator of pix2pix (Isola et al., CVPR 2017), with dropout that stays on when faces are recovered."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ifrp.config.methods.pix2pix import levels
from ifrp.recovery.networks.stn import channels
from ifrp.recovery.training.optimisation import initialise

DROPOUT = 0.5
"""fraction of values that are dropped [orig]"""


class Dropout(nn.Module):
    """Dropout in training and after: (N, C, H, W) to the same shape.

    In evaluation mode one mask, drawn from the seed, serves all pictures: what is recovered from a portrait depends
    on nothing else.

    Args:
        seed: of that mask.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def forward(self, maps: Tensor) -> Tensor:
        """Drops half of the values and doubles the others."""
        if self.training:
            return F.dropout(maps, DROPOUT)
        draw = torch.Generator().manual_seed(self.seed)
        kept = torch.rand(maps.shape[1:], generator=draw) >= DROPOUT
        return maps * kept.to(maps) / (1 - DROPOUT)


class UNet(nn.Module):
    """Turns portraits into faces: (N, 3, S, S) to the same shape, both in [-1, 1].

    Each of `depth` strided convolutions halves the side, and as many deconvolutions double it. A deconvolution sees the
    maps of the convolution that has its side, beside those of the deconvolution before it.

    Args:
        depth: convolutions; 7 end at 1×1 for faces of 128 pixels (unet_128).
        width: factor on all channels.
        size: side of a face, S, divisible by 2^depth.

    Raises:
        IfrpError: the depth does not fit the size.
    """

    def __init__(self, depth: int = 7, width: float = 1.0, size: int = 128) -> None:
        super().__init__()
        levels(size, depth)
        counts = [3] + [channels(min(512, 64 << level), width) for level in range(depth)]
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for level in range(1, depth + 1):
            layers: list[nn.Module] = [] if level == 1 else [nn.LeakyReLU(0.2)]
            layers.append(nn.Conv2d(counts[level - 1], counts[level], 4, 2, padding=1, bias=False))
            if 1 < level < depth:
                layers.append(nn.BatchNorm2d(counts[level]))
            self.encoder.append(nn.Sequential(*layers))
        for level in range(depth, 0, -1):
            before = counts[level] * (1 if level == depth else 2)
            layers = [nn.ReLU(), nn.ConvTranspose2d(before, counts[level - 1], 4, 2, 1, bias=level == 1)]
            layers.append(nn.Tanh() if level == 1 else nn.BatchNorm2d(counts[level - 1]))
            if 5 <= level < depth:
                layers.append(Dropout(seed=level))
            self.decoder.append(nn.Sequential(*layers))
        initialise(self)

    def forward(self, portraits: Tensor) -> Tensor:
        """Recovers faces."""
        maps, encoded = portraits, list[Tensor]()
        for stage in self.encoder:
            maps = stage(maps)
            encoded.append(maps)
        faces: Tensor = self.decoder[0](encoded.pop())
        for stage in self.decoder[1:]:
            faces = stage(torch.cat([encoded.pop(), faces], 1))
        return faces
