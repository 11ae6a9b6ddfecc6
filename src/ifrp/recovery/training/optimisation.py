"""Adam as image-to-image translators use it: its schedule, and the first weights of their networks."""

from __future__ import annotations

from torch import nn
from torch.optim import Adam

from ifrp.config.methods.translation import Optimisation
from ifrp.recovery.method import Clock
from ifrp.recovery.training.schedules import linear


def adam(settings: Optimisation, *networks: nn.Module) -> Adam:
    """One optimiser for all weights of some networks."""
    weights = [weight for network in networks for weight in network.parameters()]
    return Adam(weights, lr=settings.learning_rate, betas=(settings.momentum, 0.999))


def rate(settings: Optimisation, clock: Clock) -> float:
    """The step size of a step, the same for all networks of a method."""
    return linear(settings.learning_rate, clock.step, clock.steps, settings.constant)


def initialise(network: nn.Module) -> None:
    """Draws weights from N(0, 0.02), batch norm's from N(1, 0.02), and sets biases to 0 [orig: pix2pix, CycleGAN, MGAN]."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, float(isinstance(module, nn.BatchNorm2d)), 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
