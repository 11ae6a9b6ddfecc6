"""The residual generator of CycleGAN (Zhu et al., ICCV 2017), after that of Johnson et al. (ECCV 2016)."""

from __future__ import annotations

from torch import Tensor, nn

from ifrp.recovery.networks.stn import channels
from ifrp.recovery.training.optimisation import initialise


class Residual(nn.Module):
    """Two 3×3 convolutions with instance norm, added to their input; no activation after the sum. (N, C, H, W)."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*_unit(depth, depth, 3), *_unit(depth, depth, 3)[:-1])

    def forward(self, maps: Tensor) -> Tensor:
        """Refines feature maps."""
        found: Tensor = maps + self.body(maps)
        return found


class ResNet(nn.Sequential):
    """c7-64, d128, d256, R256 repeatedly, u128, u64, c7-3, tanh: (N, 3, S, S) to the same shape, both in [-1, 1].

    Instance norm has no weights; sides are divisible by 4.

    Args:
        blocks: residual blocks, R256.
        width: factor on all channels.
    """

    def __init__(self, blocks: int = 6, width: float = 1.0) -> None:
        a, b, c = (channels(count, width) for count in (64, 128, 256))
        super().__init__(
            *_unit(3, a, 7),
            *_norm(nn.Conv2d(a, b, 3, 2, padding=1), b),
            *_norm(nn.Conv2d(b, c, 3, 2, padding=1), c),
            *(Residual(c) for _ in range(blocks)),
            *_norm(nn.ConvTranspose2d(c, b, 3, 2, padding=1, output_padding=1), b),
            *_norm(nn.ConvTranspose2d(b, a, 3, 2, padding=1, output_padding=1), a),
            _convolution(a, 3, 7),
            nn.Tanh(),
        )
        initialise(self)


def _convolution(before: int, after: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, padding=kernel // 2, padding_mode="reflect")


def _norm(convolution: nn.Module, count: int) -> list[nn.Module]:
    return [convolution, nn.InstanceNorm2d(count), nn.ReLU(inplace=True)]


def _unit(before: int, after: int, kernel: int) -> list[nn.Module]:
    return _norm(_convolution(before, after, kernel), after)
