"""Keys of CycleGAN (`ifrp.recovery.methods.cyclegan`)."""

from __future__ import annotations

from pydantic import Field

from ifrp.config.methods import fitting
from ifrp.config.methods.translation import Optimisation
from ifrp.config.values import Blocks, Pool, Weight, Width, section


@section
class Losses:
    """Weights of the generators' losses; that of the least-squares adversarial loss is 1."""

    cycle: Weight = 10.0
    """weight λ of the mean absolute difference after going there and back [orig]"""
    identity: Weight = 0.5
    """weight, times λ, of what a generator changes on pictures that are already of its kind; 0 leaves it out [orig]"""


@section
class Settings(fitting.Settings):
    """Keys of CycleGAN."""

    blocks: Blocks = 6
    """residual blocks of a generator; 6 for 128 pixels, 9 from 256 on [orig]"""
    width: Width = 1.0
    """factor on the generators' channels"""
    discriminator_width: Width = 1.0
    """factor on the discriminators' channels"""
    pool: Pool = 50
    """past pictures of each kind that are kept to be shown to the discriminator again [orig]"""
    losses: Losses = Field(default_factory=Losses)
    optimisation: Optimisation = Field(default_factory=Optimisation)

    def fit(self, size: int) -> None:
        """Refuses faces that cannot go through generators and discriminators, as `fitting.Settings.fit`."""
        fitting.divisible(size, 4, "the generators of CycleGAN halve the side twice")
        fitting.at_least(size, 24, "the discriminator's patches need it")
