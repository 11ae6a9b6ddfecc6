"""Keys of Gatys' method (`ifrp.recovery.methods.gatys`)."""

from __future__ import annotations

from typing import Literal

from ifrp.config.methods import perceptual
from ifrp.config.values import Few, Layer, Layers, Natural, Weight, section


@section
class Settings(perceptual.Settings):
    """Keys of Gatys' method."""

    content_layer: Layer = "relu4_2"
    """VGG-19 layer of the content loss: the paper's conv4_2, after its ReLU [orig]"""
    style_layers: Layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    """VGG-19 layers of the style loss, of equal weight: the paper's conv1_1 to conv5_1, after their ReLUs [orig]"""
    content_weight: Weight = 5.0
    """weight of the content loss; here each loss is relative to the size of its target [orig]"""
    style_weight: Weight = 100.0
    """weight of the style loss, the mean over layers [orig]"""
    variation_weight: Weight = 1e-3
    """weight of the mean squared difference between neighbouring pixels, values -1 to 1 [orig; there of 0-255, and a sum]"""
    iterations: Natural = 1_000
    """evaluations of the losses and their gradient [orig]"""
    history: Few = 100
    """last steps from which L-BFGS estimates the curvature [orig: Torch7's default]"""
    start: Literal["noise", "portrait"] = "noise"
    """what is optimised: faint noise on grey [orig: the default], or the portrait, with which few iterations do"""
