"""The discriminative network (Sec. 3.2), with the layers of the published code [authors]."""

from __future__ import annotations

from torch import Tensor, nn

from ifrp.recovery.networks.stn import channels

LAYERS = ((32, 5), (64, 5), (128, 5), (96, 3))
"""Channels and kernel sides of the four convolutions."""


class DN(nn.Module):
    """Tells real faces from recovered ones: (N, 3, S, S) in [-1, 1] to N logits; positive is real.

    Args:
        width: factor on all channels.
        size: side of a face, S, in pixels.
    """

    def __init__(self, width: float = 1.0, size: int = 128) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for count, kernel in LAYERS:
            after = channels(count, width)
            layers += [nn.Conv2d(before, after, kernel, padding=kernel // 2), nn.MaxPool2d(2)]
            layers += [nn.BatchNorm2d(after), nn.LeakyReLU(0.2, inplace=True)]
            before = after
        hidden = channels(1024, width)
        layers += [nn.Flatten(), nn.Linear(before * (size >> 4) ** 2, hidden)]  # 96·8·8 = 6144 at width 1
        layers += [nn.LeakyReLU(0.2, inplace=True), nn.Linear(hidden, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, faces: Tensor) -> Tensor:
        """Logits, (N,)."""
        found: Tensor = self.layers(faces).flatten()
        return found
