"""Keys of IFRP+ (`ifrp.recovery.methods.ifrp_plus`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ifrp.config.methods import ifrp
from ifrp.config.methods.srn import Network, upright
from ifrp.config.values import Skips, Width, section


@section
class Plus(Network):
    """The style removal network, without transformers of its own."""

    skips: Skips = (8, 16, 32)
    """levels with a skip connection"""
    stn: bool = False
    """whether it has the paper's transformers, too"""
    encoder_norm: Literal["batch", "instance"] = "instance"
    """normalisation after each strided convolution"""


@section
class Settings(ifrp.Settings):
    """Keys of IFRP, with other defaults, and one more."""

    network: Plus = Field(default_factory=Plus)
    aligner_width: Width = 0.5
    """factor on the channels of the transformer that sets portraits upright, its last 20 excepted"""

    def fit(self, size: int) -> None:
        """Refuses faces that cannot go through aligner and generator, as `fitting.Settings.fit`."""
        upright(size)
        super().fit(size)
