"""FaceD (Shiri et al., DICTA 2017), the predecessor: pixel and adversarial loss, no transformers, no skips, no identity loss.

Its layers were never published; the generator here is that of the authors' next code, without its transformers [inferred].
"""

from __future__ import annotations

from torch import nn

from ifrp.config.methods.faced import Settings
from ifrp.recovery.networks.stn import channels
from ifrp.recovery.training import adversarial

ENCODER = ((16, 5), (32, 5), (64, 3), (128, 3), (256, 1), (512, 1))
"""Channels and kernel sides; each halves the side by max-pooling."""
DECODER = ((256, 1), (128, 3), (64, 3), (512, 3), (256, 3), (128, 5))
"""Channels and kernel sides; each doubles the side by repeating pixels."""
LAST = (64, 5)
"""Channels and kernel side of the convolution before the output, at full size."""


class Generator(nn.Sequential):
    """Convolutions and pooling, a fully connected layer, convolutions and upsampling: (N, 3, S, S) in [-1, 1] to the same shape.

    Args:
        width: factor on all channels.
        size: side of a face, S, divisible by 64.

    Raises:
        IfrpError: it is not.
    """

    def __init__(self, width: float = 1.0, size: int = 128) -> None:
        Settings().fit(size)
        layers: list[nn.Module] = []
        before = 3
        for count, kernel in ENCODER:
            layers += _unit(before, channels(count, width), kernel, nn.LeakyReLU(0.2, inplace=True))
            layers.append(nn.MaxPool2d(2))
            before = channels(count, width)
        side = size >> len(ENCODER)
        flat = before * side * side  # 512·2·2 = 2048 at width 1
        layers += [nn.Flatten(), nn.Linear(flat, flat), nn.Unflatten(1, (before, side, side))]
        for count, kernel in DECODER:
            layers += _unit(before, channels(count, width), kernel, nn.ReLU(inplace=True))
            layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
            before = channels(count, width)
        layers += _unit(before, channels(LAST[0], width), LAST[1], nn.ReLU(inplace=True))
        layers.append(nn.Conv2d(channels(LAST[0], width), 3, LAST[1], padding=LAST[1] // 2))
        super().__init__(*layers)


def _unit(before: int, after: int, kernel: int, activation: nn.Module) -> list[nn.Module]:
    return [nn.Conv2d(before, after, kernel, padding=kernel // 2), nn.BatchNorm2d(after), activation]


class Method(adversarial.AdversarialMethod[Settings]):
    """Face destylisation."""

    settings_class = Settings

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        self.networks["generator"] = Generator(settings.width, size)
