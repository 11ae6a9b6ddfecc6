"""Keys of pix2pix (`ifrp.recovery.methods.pix2pix`)."""

from __future__ import annotations

from pydantic import Field

from ifrp.config.methods import fitting
from ifrp.config.methods.translation import Optimisation
from ifrp.config.values import Depth, Weight, Width, section, some_weight


@section
class Losses:
    """Weights of the generator's losses."""

    pixel: Weight = 100.0
    """weight of the mean absolute difference of pixels [orig]"""
    adversarial: Weight = 1.0
    """weight of the cross-entropy of the discriminator's patches [orig]"""

    _some = some_weight("pixel", "adversarial")


@section
class Settings(fitting.Settings):
    """Keys of pix2pix."""

    depth: Depth = 7
    """strided convolutions of the U-Net; 7 is the original's unet_128, 8 its unet_256 [orig]"""
    width: Width = 1.0
    """factor on the generator's channels"""
    discriminator_width: Width = 1.0
    """factor on the discriminator's channels"""
    losses: Losses = Field(default_factory=Losses)
    optimisation: Optimisation = Field(default_factory=Optimisation)

    def fit(self, size: int) -> None:
        """Refuses faces that cannot go through generator and discriminator, as `fitting.Settings.fit`."""
        levels(size, self.depth)
        fitting.at_least(size, 24, "the discriminator's patches need it")


def levels(size: int, depth: int) -> None:
    """Refuses faces that the U-Net cannot halve as often as it is deep.

    Raises:
        IfrpError: they are.
    """
    fitting.divisible(
        size, 1 << depth, f"depth is {depth}, and each level of the U-Net halves the side", fitting.DEPTH
    )
