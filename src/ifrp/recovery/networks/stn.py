"""Spatial transformer (Jaderberg et al., NIPS 2015) that estimates a similarity transform of its input (Appendix A)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ifrp.errors import IfrpError

LOCALISATION: dict[str, tuple[int, ...]] = {
    "stn1": (64, 128, 256, 20),
    "stn2": (128, 256, 20),
    "stn3": (256, 20),
    "stn4": (64, 128, 256),
}
"""Channels of the padded 3×3 convolutions, each followed by ReLU and 2×2 max-pooling [paper, Appendix A]."""
LAST = 20
"""Channels of the layers after them, and of the last of most of them."""


def channels(count: int, width: float) -> int:
    """`count` channels at a width factor; never fewer than four."""
    return max(4, round(count * width))


def instance_norm(count: int) -> nn.GroupNorm:
    """Normalises each channel of each portrait by its own mean and variance, with a learnt scale and shift; (N, C, H, W)."""
    # The same as nn.InstanceNorm2d, weights included, which copies maps that are channels-last and is half as fast on them.
    return nn.GroupNorm(count, count)


def similarity(parameters: Tensor) -> Tensor:
    """The matrix R(θ)·S(s)·T(t) of a similarity transform; the shift is in the rotated and scaled frame [authors].

    Args:
        parameters: (N, 4): rotation in radians, scale, shifts along x and y in half image sides.

    Returns:
        (N, 2, 3), from output to input coordinates, both in [-1, 1].
    """
    angle, scale, shift = parameters[:, 0], parameters[:, 1], parameters[:, 2:, None]
    cos, sin = scale * angle.cos(), scale * angle.sin()
    linear = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)  # (N, 2, 2)
    # Not a matrix product, which mixed precision would round to half.
    return torch.cat([linear, (linear * shift.transpose(1, 2)).sum(2, keepdim=True)], 2)


def resample(images: Tensor, matrix: Tensor) -> Tensor:
    """Samples images bilinearly on a transformed grid: corner-aligned, zero outside [authors]. Shapes (N, C, H, W), (N, 2, 3)."""
    # Coordinates in half precision would be off by up to half a pixel, so this stays in float32. The grid is that of
    # F.affine_grid, which multiplies matrices of two columns for it and takes as long as the sampling.
    height, width = images.shape[2:]
    along = torch.linspace(-1, 1, width, device=images.device)[:, None]  # (W, 1)
    down = torch.linspace(-1, 1, height, device=images.device)[:, None, None]  # (H, 1, 1)
    x, y, shift = matrix.float()[:, None, None].unbind(4)  # (N, 1, 1, 2) each
    grid = x * along + (y * down + shift)  # (N, H, W, 2)
    return F.grid_sample(images.float(), grid, align_corners=True).to(images.dtype)


class SpatialTransformer(nn.Module):
    """Estimates rotation, scale and shift from a feature map, and undoes them on it.

    The last layer starts at the identity transform. The published code sets both of its first two biases to 1,
    which is a rotation by 57°; that slip is not reproduced.

    Args:
        name: which of the paper's four, stn1 to stn4.
        depth: channels of the feature map.
        side: its height and width, in pixels.
        width: factor on the channels of the localisation network.

    Raises:
        IfrpError: the feature map is too small for the localisation network.
    """

    def __init__(self, name: str, depth: int, side: int, width: float) -> None:
        super().__init__()
        self.localise = localisation(name, depth, side, width)

    def forward(self, maps: Tensor) -> Tensor:
        """Aligns feature maps, (N, C, H, W) to the same shape."""
        return resample(maps, similarity(self.localise(maps).float()))


class Aligner(nn.Module):
    """Estimates the similarity transform of portraits themselves, from a quarter as many pixels a side; undoes nothing.

    Args:
        size: side of a portrait, in pixels.
        width: factor on the channels of the localisation network, that of the paper's second transformer; not on its last 20.
    """

    def __init__(self, size: int, width: float) -> None:
        super().__init__()
        self.localise = localisation("stn2", 3, size // 4, width, supervised=True)

    def forward(self, portraits: Tensor) -> Tensor:
        """The transform of each portrait, (N, 3, S, S) to (N, 2, 3): see `similarity`."""
        # The mean of 4×4 pixels. F.avg_pool2d gives the same, and takes six times as long on channels-last portraits.
        mean = portraits.new_full((3, 1, 4, 4), 1 / 16)
        return similarity(self.localise(F.conv2d(portraits, mean, stride=4, groups=3)).float())


def localisation(name: str, depth: int, side: int, width: float, supervised: bool = False) -> nn.Sequential:
    """The network that estimates four parameters of a feature map, (N, C, H, W) to (N, 4); starts at the identity.

    Args and errors are those of `SpatialTransformer`. One that is `supervised` by the true transform normalises the maps of each
    portrait by their own statistics, and keeps its last channels whatever the width.
    """
    layers: list[nn.Module] = []
    last = LAST if supervised else channels(LAST, width)
    before = depth
    for count in LOCALISATION[name]:
        after = last if count == LAST else channels(count, width)
        layers.append(nn.Conv2d(before, after, 3, padding=1, bias=not supervised))
        layers += [instance_norm(after)] if supervised else []
        # The paper's order is ReLU, then pooling, which gives the same; this way round ReLU has a quarter to do.
        layers += [nn.MaxPool2d(2), nn.ReLU(inplace=True)]
        before, side = after, side // 2
    if side < 3:
        raise IfrpError(f"Faces are too small for the network's {name}: use faces.size 128, or stn: false.")
    layers += [nn.Conv2d(before, last, 3), nn.ReLU(), nn.Flatten()]  # (N, 20·2·2) at 128 pixels, width 1
    layers += [nn.Linear(last * (side - 2) ** 2, last), nn.ReLU(), nn.Linear(last, 4)]
    final = layers[-1]
    assert isinstance(final, nn.Linear)
    nn.init.zeros_(final.weight)
    with torch.no_grad():
        final.bias.copy_(torch.tensor([0.0, 1.0, 0.0, 0.0]))
    return nn.Sequential(*layers)
