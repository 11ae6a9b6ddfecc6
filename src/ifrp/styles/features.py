"""Perceptual features: torchvision's VGG-19, cut after the deepest layer that is asked for, and Gram matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING
from urllib.error import URLError

import torch
from torch import Tensor, nn

from ifrp.artifacts import load_into, load_weights
from ifrp.compat import prepare_torchvision
from ifrp.config.values import CONVOLUTIONS, LAYERS
from ifrp.errors import IfrpError, brief
from ifrp.runtime import subseed

if TYPE_CHECKING:
    from ifrp.config import Features as FeatureSettings

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""of ImageNet's pixels, 0–1, RGB: torchvision's normalisation"""
CHANNELS = (64, 128, 256, 512, 512)
"""of the convolutions in each block"""


def layer_index(name: str) -> int:
    """Position of a named layer, such as relu3_2, conv4_1 or pool5, in torchvision's `vgg19().features`.

    Raises:
        IfrpError: VGG-19 has no such layer.
    """
    if name not in LAYERS:
        raise IfrpError(
            f"VGG-19 has no layer {name}: it has relu1_1 to relu5_4, conv1_1 to conv5_4 and pool1 to pool5."
        )
    return LAYERS.index(name)


class Features(nn.Module):
    """Named layers of a frozen VGG-19.

    Args:
        layers: names such as relu1_2; nothing deeper than the deepest is built.
        weights: imagenet (torchvision's, downloaded once), random, or a file in torchvision's vgg19 layout
            that reaches at least the deepest layer.
        width: fraction of VGG-19's channels; other than 1 only with random weights.
        seed: of random weights.

    Raises:
        IfrpError: an unknown layer, a width that does not fit the weights, weights that cannot be had or do not fit.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, layers: Sequence[str], weights: str = "imagenet", width: float = 1.0, seed: int = 0
    ) -> None:
        super().__init__()
        if width != 1 and weights != "random":
            raise IfrpError(
                f"VGG-19 features of width {width} exist only with weights random, not {weights}."
            )
        self.layers = tuple(layers)
        self.body = nn.Sequential(*list(_body(width))[: max(map(layer_index, layers)) + 1])
        if weights == "random":
            _randomise(self.body, seed)
        else:
            _load(self.body, weights)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    @classmethod
    def configured(cls, layers: Sequence[str], settings: FeatureSettings, seed: int) -> Features:
        """The features of a configuration, in channels-last layout."""
        found = cls(layers, settings.weights, settings.width, subseed(seed, "features"))
        return found.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def forward(self, images: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Features of RGB images.

        Args:
            images: (B, 3, H, W), values -1…1.
            layers: some of the layers; all by default. Nothing deeper than the deepest is computed.

        Returns:
            Layer name to (B, C, H', W').
        """
        wanted = {layer_index(name): name for name in (self.layers if layers is None else layers)}
        x = ((images + 1) / 2 - self.mean) / self.deviation
        features = {}
        for index, layer in enumerate(islice(self.body, max(wanted) + 1)):
            x = layer(x)
            if index in wanted:
                features[wanted[index]] = x
        return features

    def train(self, mode: bool = True) -> Features:
        """Stays in evaluation mode."""
        return super().train(False)


def gram(features: Tensor) -> Tensor:
    """Gram matrices of (B, C, H, W), divided by C·H·W (Johnson et al. 2016, Eq. 3), as (B, C, C) in 32 bits."""
    _, channels, height, width = features.shape
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)  # (B, C, H·W)
        return flat @ flat.transpose(1, 2) / (channels * height * width)


def _body(width: float) -> nn.Sequential:
    """The layers of torchvision's `vgg19().features`, whose import takes as long as that of torch."""
    body, inputs = nn.Sequential(), 3
    for channels, count in zip(CHANNELS, CONVOLUTIONS, strict=True):
        outputs = max(4, round(channels * width))
        for _ in range(count):
            body.extend([nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()])
            inputs = outputs
        body.append(nn.MaxPool2d(2))
    return body


@torch.no_grad()
def _randomise(body: nn.Sequential, seed: int) -> None:
    """Random filters, three in four of them blind to flat areas, whose outputs have mean 0 and variance 1 on pink noise.

    Plain random filters answer to little but the mean colour, and their Gram matrices to little but its brightness.
    """
    draw = torch.Generator().manual_seed(seed)
    x = _pink_noise(8, 64, draw)
    for layer in body:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, generator=draw)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
            textured = layer.weight[len(layer.weight) // 4 :]
            textured -= textured.mean((2, 3), keepdim=True)
            if layer.in_channels == 3:  # pictures vary less in hue than in brightness
                layer.weight += layer.weight - layer.weight.mean(1, keepdim=True)
            deviation, mean = torch.std_mean(layer(x), (0, 2, 3))
            layer.weight /= deviation.view(-1, 1, 1, 1)
            layer.bias.copy_(-mean / deviation)  # type: ignore[union-attr]
        x = layer(x)


def _pink_noise(count: int, size: int, draw: torch.Generator) -> Tensor:
    """Noise with the 1/f spectrum of natural pictures, its channels correlated as theirs, (B, 3, S, S)."""
    steps = torch.fft.fftfreq(size)
    spectrum = 1 / (steps[:, None].square() + steps.square() + 1 / size**2).sqrt()
    grey, colour = torch.randn(2, count, 3, size, size, generator=draw)
    white = grey[:, :1] + 0.5 * colour
    pink: Tensor = torch.fft.ifft2(torch.fft.fft2(white) * spectrum).real
    return (pink - pink.mean((2, 3), keepdim=True)) / pink.std()


def _load(body: nn.Sequential, weights: str) -> None:
    path = Path(weights)
    tensors = _imagenet() if weights == "imagenet" else load_weights(path)
    ours = body.state_dict()
    found = {name.removeprefix("features."): tensor.float() for name, tensor in tensors.items()}
    load_into(body, {name: tensor for name, tensor in found.items() if name in ours}, path)


def _imagenet() -> Mapping[str, Tensor]:
    prepare_torchvision()
    from torchvision.models import VGG19_Weights

    try:
        tensors: Mapping[str, Tensor] = VGG19_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True
        )
    except (URLError, OSError, RuntimeError, UnpicklingError, EOFError) as error:
        raise IfrpError(
            f"The ImageNet weights of VGG-19 cannot be downloaded and read ({brief(error)}): put the file at "
            f"{VGG19_Weights.IMAGENET1K_V1.url} into {torch.hub.get_dir()}/checkpoints, or set"
            " styles.features.weights to a file or to random."
        ) from error
    return tensors
