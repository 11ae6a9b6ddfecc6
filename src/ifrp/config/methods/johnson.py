"""Keys of Johnson's method (`ifrp.recovery.methods.johnson`)."""

from __future__ import annotations

from ifrp.config.methods import perceptual
from ifrp.config.values import Rate, Weight, Width, section


@section
class Settings(perceptual.Settings):
    """Keys of Johnson's method; the layers and weights are the original's, see `ifrp.config.PerceptualLosses`."""

    width: Width = 1.0
    """fraction of the network's channels"""
    keep: Weight = 0.0
    """share of the portrait itself in the network's output before its tanh; above 0 a short training suffices"""
    learning_rate: Rate = 1e-3
    """Adam's step size, the same at every step [orig: fast-neural-style]"""
