"""The style removal network (Sec. 3.1): a convolutional autoencoder with spatial transformers and residual skips."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ifrp.config.methods.srn import Network
from ifrp.recovery.networks.stn import SpatialTransformer, channels, instance_norm


class ResidualBlock(nn.Module):
    """Convolution, norm, ReLU, convolution, norm, added to the input [inferred: as Johnson et al. do]. (N, C, H, W)."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(depth, depth, 3, padding=1, bias=False),
            nn.BatchNorm2d(depth),
            nn.ReLU(inplace=True),
            nn.Conv2d(depth, depth, 3, padding=1, bias=False),
            nn.BatchNorm2d(depth),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Refines feature maps."""
        found: Tensor = maps + self.body(maps)
        return found


def whitened(portraits: Tensor) -> Tensor:
    """Brings each channel of each portrait, (N, 3, S, S), to mean 0 and standard deviation 0.5; a flat channel stays flat."""
    deviation, mean = torch.std_mean(portraits, (2, 3), keepdim=True)
    return 0.5 * (portraits - mean) / deviation.clamp_min(0.01)


class SRN(nn.Module):
    """Turns unaligned stylised portraits into aligned faces: (N, 3, S, S) to the same shape, values in [-1, 1].

    Spatial transformers follow the first three convolutions and the deconvolution to a quarter of the face's side;
    each skip connection takes the encoder's (aligned) feature map of the same side through residual blocks.

    Args:
        network: the structure.
        size: side of a face, S, divisible by 2^depth.

    Raises:
        IfrpError: the structure does not fit the size.
    """

    def __init__(self, network: Network, size: int = 128) -> None:
        super().__init__()
        network.fit(size)
        sides = [size >> level for level in range(network.depth + 1)]  # 128, 64, 32, 16, 8, 4
        counts = [3] + [channels(32 << level, network.width) for level in range(network.depth)]
        shape = (network.kernel, 2, network.kernel // 2 - 1)  # kernel, stride, padding
        joined = set(network.skip_sides(size))
        norm = instance_norm if network.encoder_norm == "instance" else nn.BatchNorm2d
        self.concatenate, self.whiten = network.merge == "concat", network.whiten
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        self.skips, self.transformers = nn.ModuleDict(), nn.ModuleDict()

        for level in range(1, network.depth + 1):
            self.encoder.append(
                nn.Sequential(
                    nn.Conv2d(counts[level - 1], counts[level], *shape, bias=False),
                    norm(counts[level]),
                    nn.LeakyReLU(0.2, inplace=True),
                )
            )
            if network.stn and level <= 3:
                self.transformers[f"encoder{level}"] = SpatialTransformer(
                    f"stn{level}", counts[level], sides[level], network.width
                )
        for level in range(network.depth, 0, -1):
            wide = self.concatenate and sides[level] in joined and level < network.depth
            before, after = counts[level] * (2 if wide else 1), counts[level - 1]
            if level == 1:
                self.decoder.append(nn.ConvTranspose2d(before, after, *shape))
                continue
            relu = nn.ReLU(inplace=True) if network.decoder_activation == "relu" else nn.LeakyReLU(0.2, True)
            self.decoder.append(
                nn.Sequential(
                    nn.ConvTranspose2d(before, after, *shape, bias=False), nn.BatchNorm2d(after), relu
                )
            )
            if sides[level - 1] in joined:
                blocks = [ResidualBlock(after) for _ in range(network.residual_blocks)]
                self.skips[str(level - 1)] = nn.Sequential(*blocks)
            if network.stn and level == 3:
                self.transformers["decoder2"] = SpatialTransformer("stn4", after, sides[2], network.width)
        self.output = nn.Tanh() if network.output == "tanh" else nn.Identity()

    def forward(self, portraits: Tensor) -> Tensor:
        """Recovers faces; with a linear output they are not clamped."""
        maps, encoded = whitened(portraits) if self.whiten else portraits, dict[str, Tensor]()
        for level, stage in enumerate(self.encoder, start=1):
            maps = self._align(f"encoder{level}", stage(maps))
            encoded[str(level)] = maps
        level = len(self.encoder)
        for stage in self.decoder:
            level -= 1
            maps = self._align(f"decoder{level}", stage(maps))
            if str(level) in self.skips:
                skip = self.skips[str(level)](encoded[str(level)])
                maps = torch.cat([maps, skip], 1) if self.concatenate else maps + skip
        faces: Tensor = self.output(maps)
        return faces

    def _align(self, place: str, maps: Tensor) -> Tensor:
        found: Tensor = self.transformers[place](maps) if place in self.transformers else maps
        return found
