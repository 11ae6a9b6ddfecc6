"""Keys of MGAN (`ifrp.recovery.methods.mgan`)."""

from __future__ import annotations

from pydantic import Field

from ifrp.config.methods import fitting, translation
from ifrp.config.sections import Features
from ifrp.config.values import Rate, Seed, Share, Weight, Width, section, some_weight


@section
class Losses:
    """Weights of the decoder's losses; divided by their sum [orig]."""

    pixel: Weight = 1.0
    """weight of the mean squared difference of pixels [orig]"""
    adversarial: Weight = 1e-2
    """weight of the hinge loss of the discriminator's patches [orig]"""

    _some = some_weight("pixel", "adversarial")


@section
class Optimisation(translation.Optimisation):
    """Adam, at a constant rate."""

    learning_rate: Rate = 0.02
    """step size [orig]"""
    constant: Share = 1.0
    """fraction of the steps after which the step size falls linearly to 0; 1 for never [orig]"""


@section
class Settings(fitting.Settings):
    """Keys of MGAN."""

    width: Width = 1.0
    """factor on the decoder's channels"""
    discriminator_width: Width = 1.0
    """factor on the discriminator's channels"""
    features: Features | None = None
    """perceptual features that are decoded and discriminated; none: those of `styles.features`"""
    features_seed: Seed | None = None
    """seed of random features; none: that of the configuration"""
    losses: Losses = Field(default_factory=Losses)
    optimisation: Optimisation = Field(default_factory=Optimisation)

    def fit(self, size: int) -> None:
        """Refuses faces that cannot go through decoder and discriminator, as `fitting.Settings.fit`."""
        fitting.divisible(size, 8, "VGG-19's relu4_1, which MGAN decodes, has an eighth of the side")
        fitting.at_least(size, 48, "the discriminator leaves out patches at the edges")
