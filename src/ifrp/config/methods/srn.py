"""Keys of the style removal network, which IFRP and IFRP+ have."""

from __future__ import annotations

from typing import Literal

from ifrp.config.methods.fitting import DEPTH, at_least, divisible
from ifrp.config.values import Blocks, Depth, Kernel, Skips, Width, section
from ifrp.errors import IfrpError


@section
class Network:
    """Structure of the style removal network."""

    width: Width = 1.0
    """factor on all channels, those of the spatial transformers included"""
    kernel: Kernel = 4
    """side of the strided convolutions' and deconvolutions' kernels, in pixels [recalled]"""
    depth: Depth = 5
    """number of strided convolutions; 5 gives a bottleneck of 4×4×512 at 128 pixels [inferred]"""
    skips: Skips = (8, 16)
    """which levels have a skip connection: none, all, or a list of their sides in pixels [inferred: the two deepest]"""
    residual_blocks: Blocks = 3
    """residual blocks in each skip connection; 0 is a plain one [paper]"""
    merge: Literal["concat", "add"] = "concat"
    """how a skip joins the decoder [inferred]"""
    stn: bool = True
    """whether the four spatial transformers are there [paper]"""
    encoder_norm: Literal["batch", "instance"] = "batch"
    """normalisation after each strided convolution; instance takes each portrait's own statistics out of it [recalled]"""
    decoder_activation: Literal["relu", "lrelu"] = "relu"
    """activation after each deconvolution; lrelu has slope 0.2 [authors]"""
    output: Literal["linear", "tanh"] = "linear"
    """linear is clamped to [-1, 1] when faces are recovered [authors]"""
    whiten: bool = False
    """whether each portrait comes in with mean 0 and one spread in each channel, so without its colours and exposure [ours]"""

    def skip_sides(self, size: int) -> list[int]:
        """Sides in pixels of the feature maps that have a skip connection, shallowest first.

        Args:
            size: side of a face, in pixels.

        Raises:
            IfrpError: `skips` names none of the encoder's levels.
        """
        inner = [size >> level for level in range(1, self.depth)]
        if self.skips in ("none", "all"):
            return inner if self.skips == "all" else []
        chosen = list(self.skips) if isinstance(self.skips, list | tuple) else [self.skips]
        wrong = [side for side in chosen if side not in inner]
        if wrong:
            raise IfrpError(
                f"network.skips has {wrong[0]!r}; it must be none, all, or a list of sides among {', '.join(map(str, inner))}."
            )
        return [side for side in inner if side in chosen]

    def fit(self, size: int) -> None:
        """Refuses faces that cannot go through it, as `fitting.Settings.fit`."""
        divisible(
            size, 1 << self.depth, f"network.depth is {self.depth}, and each level halves the side", DEPTH
        )
        if self.encoder_norm == "instance":
            at_least(
                size, 2 << self.depth, "encoder_norm instance needs two pixels a side at the deepest level"
            )
        if self.stn:
            upright(size)
        self.skip_sides(size)


def upright(size: int) -> None:
    """Refuses faces that are too small for a spatial transformer, which ends with a 3×3 convolution at 1/32 of the side.

    Raises:
        IfrpError: they are.
    """
    at_least(
        size,
        96,
        "the spatial transformers shrink it to 1/32 and need 3 pixels there (network.stn: false has none)",
    )
