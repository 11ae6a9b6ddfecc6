"""Adam as image-to-image translators use it: its schedule, and the first weights of their networks."""

from __future__ import annotations

from torch import nn
from torch.optim import Adam

from ifrp.config.values import Memory, Positive, Share, section
from ifrp.recovery.method import Clock
from ifrp.recovery.training.schedules import linear


@section
class Optimisation:
    """Adam and its schedule, the same for all networks of a method."""

    learning_rate: Positive = 2e-4
    """step size at first [orig: pix2pix, CycleGAN]"""
    momentum: Memory = 0.5
    """Adam's β₁; β₂ is 0.999 [orig: pix2pix, CycleGAN, MGAN]"""
    constant: Share = 0.5
    """fraction of the steps after which the step size falls linearly to 0; 1 for never [orig: 100 of 200 epochs]"""

    def adam(self, *networks: nn.Module) -> Adam:
        """One optimiser for all weights of some networks."""
        weights = [weight for network in networks for weight in network.parameters()]
        return Adam(weights, lr=self.learning_rate, betas=(self.momentum, 0.999))

    def rate(self, clock: Clock) -> float:
        """The step size of a step."""
        return linear(self.learning_rate, clock.step, clock.steps, self.constant)


def initialise(network: nn.Module) -> None:
    """Draws weights from N(0, 0.02), batch norm's from N(1, 0.02), and sets biases to 0 [orig: pix2pix, CycleGAN, MGAN]."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, float(isinstance(module, nn.BatchNorm2d)), 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
