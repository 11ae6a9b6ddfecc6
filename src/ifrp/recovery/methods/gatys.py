"""Gatys et al. (CVPR 2016): no network is trained; each portrait is optimised until it has the look of a real face.

Layers, weights and optimiser are those of the widely used implementation [orig: jcjohnson/neural-style].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import LBFGS

from ifrp import runtime
from ifrp.config import Config
from ifrp.config.methods.gatys import Settings
from ifrp.errors import IfrpError
from ifrp.recovery import method
from ifrp.recovery.training import perceptual
from ifrp.styles.losses import Losses

NOISE = 1e-3
"""deviation of the noise to start from"""


class Method(method.Method[Settings]):
    """Style transfer by optimisation, with the portrait as content and a real face as style."""

    settings_class = Settings
    kept = ()

    def prepare(self, config: Config, device: torch.device, training: bool) -> None:
        """Loads the features and the face that is the style, and draws the noise, the same for every portrait."""
        self.losses: Losses = perceptual.losses(config, self.settings, device)
        draw = torch.Generator().manual_seed(runtime.subseed(config.seed, "gatys"))
        self.noise = NOISE * torch.randn(3, self.size, self.size, generator=draw).to(device)

    def recover(self, portraits: Tensor) -> Tensor:
        """Optimises each portrait by itself.

        Raises:
            IfrpError: a loss grew beyond all bounds, because L-BFGS without a line search stepped too far.
        """
        content, settings = self.losses.content(portraits), self.settings
        faces = minimise(
            lambda pictures: self.losses(content, pictures, apart=True)["total"],
            portraits if settings.start == "portrait" else self.noise.expand_as(portraits),
            settings.iterations,
            settings.history,
        )
        if not bool(faces.isfinite().all()):
            raise IfrpError(
                "The optimisation of a portrait diverged: lower the method's iterations or weights."
            )
        return faces.clamp(-1, 1)


def minimise(losses: Callable[[Tensor], Tensor], start: Tensor, iterations: int, history: int) -> Tensor:
    """Pictures of least loss: an L-BFGS for each, in step, so that the losses of all are computed at once.

    A single L-BFGS would take steps that suit the sum over the batch, and a portrait's recovery would depend on its neighbours.

    Args:
        losses: pictures (B, …) to a loss for each, (B,), of which none depends on another's picture.
        start: (B, …)
        iterations: evaluations of the losses, and steps, without a line search and without an early end [orig].
        history: see `Settings`.
    """
    pictures = [one.clone(memory_format=torch.contiguous_format).requires_grad_() for one in start.detach()]
    optimisers = [
        LBFGS([one], max_iter=1, history_size=history, tolerance_grad=-1, tolerance_change=-1)
        for one in pictures
    ]
    for _ in runtime.progress(range(iterations), "L-BFGS"):
        for optimiser in optimisers:
            optimiser.zero_grad()
        with torch.enable_grad():
            values = losses(torch.stack(pictures))
            values.sum().backward()
        for optimiser, loss in zip(optimisers, values, strict=True):
            optimiser.step(loss.detach)
    return torch.stack(pictures).detach()
