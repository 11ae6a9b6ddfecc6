"""Keys of the methods of a generator and a discriminator that the authors wrote: FaceD, IFRP, IFRP+."""

from __future__ import annotations

from pydantic import Field

from ifrp.config.methods import fitting
from ifrp.config.values import (
    Memory,
    Natural,
    Part,
    Positive,
    Rate,
    Share,
    Weight,
    Width,
    section,
    some_weight,
)


@section
class Losses:
    """Weights of the losses; 0 leaves one out, with all that only it needs."""

    pixel: Weight = 1.0
    """weight of the pixel loss [paper]"""
    adversarial: Weight = 1e-2
    """weight λ of the adversarial loss in the first epoch [recalled, authors]"""
    decay: Part = 0.995
    """factor on λ (and η) per epoch [authors]"""
    floor: Share = 0.5
    """fraction of λ (and η) at which the decay ends [authors]"""

    _some = some_weight("pixel", "adversarial")


@section
class Optimisation:
    """RMSprop, its schedule, and the balance of the two networks."""

    learning_rate: Rate = 1e-3
    """step size in the first epoch [recalled, authors]"""
    decay: Part = 0.99
    """factor on the step size per epoch [authors]"""
    floor: Weight = 1e-6
    """smallest step size [authors]"""
    smoothing: Memory = 0.9
    """RMSprop's α [authors]"""
    epsilon: Positive = 1e-8
    """RMSprop's ε, outside the square root [authors]"""
    warm_up: Natural = 50
    """steps at 1/50 of the step size, then as many at 1/5; 0 for none [authors]"""
    margin: Share = 0.3
    """a discriminator with errors below this waits, one with errors above 1 - margin is waited for; 0 for no gate [authors]"""


@section
class Settings(fitting.Settings):
    """Keys that both methods have."""

    losses: Losses = Field(default_factory=Losses)
    optimisation: Optimisation = Field(default_factory=Optimisation)
    discriminator_width: Width = 1.0
    """factor on the discriminator's channels"""
