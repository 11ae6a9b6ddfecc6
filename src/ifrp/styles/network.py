"""The feed-forward style network of Johnson et al. (ECCV 2016), with a width factor, and pixels in and out of networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ifrp import paths, runtime
from ifrp.artifacts import load_into, load_weights, read_header, require_settings, save_weights
from ifrp.config import Styles, plain
from ifrp.errors import IfrpError
from ifrp.provenance import card_path, read_card
from ifrp.stacks import Images, to_bytes, to_range


class StyleNetwork(nn.Module):
    """Turns faces into portraits: (B, 3, H, W) to the same shape, values -1…1; H and W are multiples of 4.

    Supplement of Johnson et al., with what their released code and its successors changed: instance
    normalisation, nearest upsampling before a convolution instead of a strided transposed one, and reflection
    padding in every convolution. 1,679,235 parameters at width 1.

    Args:
        width: fraction of the network's channels (32, 64, 128), at least 4 each.
    """

    keep: Tensor

    def __init__(self, width: float = 1.0, keep: float = 0.0) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("keep", torch.tensor(float(keep)))
        a, b, c = (max(4, round(channels * width)) for channels in (32, 64, 128))
        self.layers = nn.Sequential(
            *_step(3, a, 9),
            *_step(a, b, 3, stride=2),
            *_step(b, c, 3, stride=2),
            *(Residual(c) for _ in range(5)),
            nn.Upsample(scale_factor=2),
            *_step(c, b, 3),
            nn.Upsample(scale_factor=2),
            *_step(b, a, 3),
            _convolution(a, 3, 9),
        )

    def forward(self, faces: Tensor) -> Tensor:
        """Portraits of faces."""
        found: Tensor = torch.tanh(self.keep * faces + self.layers(faces))
        return found


class Residual(nn.Module):
    """Two 3×3 convolutions around which the input goes unchanged; no ReLU after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*_step(channels, channels, 3), *_step(channels, channels, 3)[:2])

    def forward(self, x: Tensor) -> Tensor:
        """The input plus what the two convolutions make of it."""
        found: Tensor = x + self.body(x)
        return found


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode="reflect")


def _step(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [
        _convolution(inputs, outputs, kernel, stride), nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(),
    ]  # fmt: skip


def save(path: Path, network: StyleNetwork, style: str) -> None:
    """Writes a style network; what is needed to build it again goes into the file's header."""
    save_weights(path, network.state_dict(), {"style": style, "width": str(network.width)})


def load(path: Path) -> StyleNetwork:
    """A trained style network.

    Raises:
        IfrpError: the file is missing, damaged, or not a style network.
    """
    width = read_header(path).get("width")
    if width is None:
        raise IfrpError(f"{path} is not a style network: its header names no width.")
    try:
        network = StyleNetwork(float(width))
    except (ArithmeticError, RuntimeError, ValueError) as error:
        raise IfrpError(
            f"{path} is not a style network: its header gives the width {width}; train it again."
        ) from error
    load_into(network, load_weights(path), path)
    return network.eval()


def trained(settings: Styles, style: str) -> StyleNetwork:
    """The network of a style that was trained with these settings, or that has no card to say with which.

    Raises:
        IfrpError: the file is missing, damaged, not a style network, or was trained with other settings.
    """
    path = paths.style_network(style)
    network = load(path)
    if card_path(path).exists():
        wanted = {"features": plain(settings.features), "training": plain(settings.training)}
        require_settings(path, read_card(path)["settings"], wanted, "styles.")
    return network


def to_tensor(images: Images, device: torch.device | str = "cpu") -> Tensor:
    """Pictures (B, H, W, 3) uint8 as a tensor (B, 3, H, W), values -1…1, channels-last in memory."""
    return to_range(runtime.sent(np.array(images), torch.device(device)))


def to_images(tensor: Tensor) -> Images:
    """A tensor (B, 3, H, W), values -1…1 (clipped), as pictures (B, H, W, 3) uint8."""
    return np.asarray(to_bytes(tensor).cpu().numpy())


@torch.no_grad()
def apply(network: StyleNetwork, faces: Images) -> Images:
    """Portraits of a batch of faces, (B, S, S, 3) uint8 both, on the network's device."""
    return to_images(network(to_tensor(faces, network.keep.device)))
