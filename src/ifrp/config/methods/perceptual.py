"""Keys that Gatys' and Johnson's methods share."""

from __future__ import annotations

from ifrp.config.methods import fitting
from ifrp.config.sections import PerceptualLosses
from ifrp.config.values import Place, section


@section
class Settings(PerceptualLosses, fitting.Settings):
    """Layers and weights of the losses, and the face that is the style."""

    face: Place = 0
    """place in the training stack of the one real face that is the style: never a test person's [inferred]"""
