"""MobileFaceNet (Chen et al., CCBR 2018): a small face recogniser with a 128-dimensional embedding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Literal["prelu", "relu6"]

BLOCKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Expansion, channels, repeats and first stride of the inverted residual blocks (Table 1)."""


class _Rectified(torch.autograd.Function):
    """`F.prelu` over channels, whose gradients torch computes on a processor value by value."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(maps, weight)
        return F.prelu(maps, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None]:
        maps, weight = ctx.saved_tensors
        above = torch.ops.aten.threshold_backward(gradient, maps, 0)
        below = gradient - above
        by_weight = (below * maps).sum((0, 2, 3)) if ctx.needs_input_grad[1] else None
        return torch.addcmul(above, below, weight[:, None, None]), by_weight


class PReLU(nn.PReLU):
    """PReLU over the channels of (N, C, H, W); on a processor its gradient, bit by bit torch's, takes a third of the time."""

    def forward(self, maps: Tensor) -> Tensor:
        """The same shape."""
        if maps.device.type != "cpu" or not maps.requires_grad or maps.dtype != self.weight.dtype:
            return super().forward(maps)
        found: Tensor = _Rectified.apply(maps, self.weight)  # type: ignore[no-untyped-call]
        return found


def _unit(
    before: int, after: int, kernel: int | tuple[int, int], stride: int, groups: int, activation: str | None
) -> nn.Sequential:
    padding = 1 if kernel == 3 else 0
    unit = nn.Sequential()
    unit.add_module("conv", nn.Conv2d(before, after, kernel, stride, padding, groups=groups, bias=False))
    unit.add_module("norm", nn.BatchNorm2d(after))
    if activation is not None:
        unit.add_module(
            "active",
            PReLU(after) if activation == "prelu" else nn.ReLU6() if activation == "relu6" else nn.ReLU(),
        )
    return unit


class InvertedResidual(nn.Module):
    """Expand, convolve each channel, project; added to the input where shapes allow. (N, C, H, W)."""

    def __init__(self, before: int, after: int, stride: int, expansion: int, activation: Activation) -> None:
        super().__init__()
        self.adds = stride == 1 and before == after
        wide = before * expansion
        self.expand = _unit(before, wide, 1, 1, 1, activation)
        self.depthwise = _unit(wide, wide, 3, stride, wide, activation)
        self.project = _unit(wide, after, 1, 1, 1, None)

    def forward(self, maps: Tensor) -> Tensor:
        """One block."""
        found: Tensor = self.project(self.depthwise(self.expand(maps)))
        return maps + found if self.adds else found


class MobileFaceNet(nn.Sequential):
    """(N, 3, H, W) normalised images to (N, 128) embeddings, not L2-normalised; H and W are multiples of 16.

    Args:
        size: height and width of the input in pixels; it sets the kernel of the global depthwise convolution.
        activation: prelu as in the paper; relu6 is a variant that was published with weights (its second unit has ReLU).
    """

    def __init__(self, size: tuple[int, int] = (112, 112), activation: Activation = "prelu") -> None:
        super().__init__()
        self.add_module("conv1", _unit(3, 64, 3, 2, 1, activation))
        if activation == "relu6":
            separable = nn.Sequential()
            separable.add_module("depthwise", _unit(64, 64, 3, 1, 64, "relu"))
            separable.add_module("pointwise", _unit(64, 64, 1, 1, 1, "relu"))
            self.add_module("conv2", separable)
        else:
            self.add_module("conv2", _unit(64, 64, 3, 1, 64, activation))
        before, index = 64, 0
        for expansion, after, repeats, stride in BLOCKS:
            for repeat in range(repeats):
                block = InvertedResidual(before, after, stride if repeat == 0 else 1, expansion, activation)
                self.add_module(f"block{index}", block)
                before, index = after, index + 1
        self.add_module("conv3", _unit(128, 512, 1, 1, 1, activation))
        self.add_module("pool", _unit(512, 512, (size[0] // 16, size[1] // 16), 1, 512, None))
        self.add_module("embedding", _unit(512, 128, 1, 1, 1, None))
        self.add_module("flatten", nn.Flatten())


_PARTS = ("conv", "norm", "active")
_STAGES = ("expand", "depthwise", "project")
_PLACES = {"conv1": "conv1", "dw_conv1": "conv2", "conv2": "conv3", "linear7": "pool", "linear1": "embedding"}
# Where two published layouts keep what is here: (pattern, replacement), the first that fits.
_RENAMED = (
    (r"^conv([12])\.([01])\.", lambda m: f"conv{2 * int(m[1]) - 1}.{_PARTS[int(m[2])]}."),
    (r"^dw_conv\.(depth|point)wise\.", r"conv2.\1wise.conv."),
    (r"^dw_conv\.bn([12])\.", lambda m: f"conv2.{('depth', 'point')[int(m[1]) - 1]}wise.norm."),
    (r"^features\.(\d+)\.conv\.([01])\.([01])\.",
     lambda m: f"block{m[1]}.{_STAGES[int(m[2])]}.{_PARTS[int(m[3])]}."),
    (r"^features\.(\d+)\.conv\.([23])\.", lambda m: f"block{m[1]}.project.{_PARTS[int(m[2]) - 2]}."),
    (r"^gdconv\.depthwise\.", "pool.conv."), (r"^gdconv\.bn\.", "pool.norm."),
    (r"^conv3\.(weight|bias)$", r"embedding.conv.\1"), (r"^bn\.", "embedding.norm."),
    (r"^blocks\.(\d+)\.conv\.(\d)\.",
     lambda m: f"block{m[1]}.{_STAGES[int(m[2]) // 3]}.{_PARTS[int(m[2]) % 3]}."),
    (r"^(conv1|dw_conv1|conv2|linear7|linear1)\.(conv|bn|prelu)\.",
     lambda m: f"{_PLACES[m[1]]}.{_PARTS[('conv', 'bn', 'prelu').index(m[2])]}."),
)  # fmt: skip


def _rename(key: str) -> str:
    for pattern, replacement in _RENAMED:
        found, count = re.subn(pattern, replacement, key)
        if count:
            return found
    return key


def convert(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Renames the tensors of two published layouts; leaves those of this one as they are.

    A bias before the last norm is folded into the norm's running mean, which changes nothing in evaluation.
    """
    if "block0.expand.conv.weight" in tensors:
        return dict(tensors)
    renamed = {_rename(key): value for key, value in tensors.items()}
    bias = renamed.pop("embedding.conv.bias", None)
    if bias is not None and "embedding.norm.running_mean" in renamed:
        renamed["embedding.norm.running_mean"] = renamed["embedding.norm.running_mean"] - bias
    return renamed
