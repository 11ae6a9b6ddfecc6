"""Keys of Adam as image-to-image translators use it: pix2pix, CycleGAN, MGAN."""

from __future__ import annotations

from ifrp.config.values import Memory, Rate, Share, section


@section
class Optimisation:
    """Adam and its schedule, the same for all networks of a method."""

    learning_rate: Rate = 2e-4
    """step size at first [orig: pix2pix, CycleGAN]"""
    momentum: Memory = 0.5
    """Adam's β₁; β₂ is 0.999 [orig: pix2pix, CycleGAN, MGAN]"""
    constant: Share = 0.5
    """fraction of the steps after which the step size falls linearly to 0; 1 for never [orig: 100 of 200 epochs]"""
