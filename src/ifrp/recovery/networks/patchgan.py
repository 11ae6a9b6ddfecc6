"""The 70×70 PatchGAN discriminator of pix2pix and CycleGAN (Isola et al., CVPR 2017)."""

from __future__ import annotations

from torch import nn

from ifrp.recovery.networks.stn import channels
from ifrp.recovery.training.optimisation import initialise

LAYERS = ((64, 2), (128, 2), (256, 2), (512, 1))
"""Channels and strides of the 4×4 convolutions before the one that scores [orig: ndf 64, 3 layers]."""


class PatchGAN(nn.Sequential):
    """One score for each of many overlapping patches of 70×70 pixels: (N, C, S, S) in [-1, 1] to (N, 1, S/8 - 2, S/8 - 2).

    Args:
        depth: channels of the input, C: 3 for a picture, 6 for a portrait and a face.
        norm: batch norm, or instance norm, which has no weights here.
        width: factor on all channels.
    """

    def __init__(
        self, depth: int, norm: type[nn.BatchNorm2d] | type[nn.InstanceNorm2d], width: float = 1.0
    ) -> None:
        layers: list[nn.Module] = []
        for place, (count, stride) in enumerate(LAYERS):
            after = channels(count, width)
            biased = place == 0 or norm is nn.InstanceNorm2d  # batch norm has a shift of its own [orig]
            layers.append(nn.Conv2d(depth, after, 4, stride, padding=1, bias=biased))
            if place:
                layers.append(norm(after))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            depth = after
        super().__init__(*layers, nn.Conv2d(depth, 1, 4, padding=1))
        initialise(self)
