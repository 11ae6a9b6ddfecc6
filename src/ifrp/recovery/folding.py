"""Batch norm folded into the convolutions before it, for networks that are not trained."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode, in which each batch norm behind a convolution is part of the convolution's weights.

    It computes the same but for rounding errors. Of each module, parts are taken to run in the order in which they were set.
    """
    found = copy.deepcopy(network).eval()
    for module in list(found.modules()):
        for (name, layer), (following, norm) in pairwise(list(module.named_children())):
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and isinstance(norm, nn.BatchNorm2d):
                fused = fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d))
                setattr(module, name, fused)
                setattr(module, following, nn.Identity())
    return found.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
