"""What IFRP and its predecessor share: a generator and a discriminator, trained in turn with the authors' skeleton."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer, RMSprop

from ifrp.config.methods.adversarial import Settings
from ifrp.recovery.method import Batch, Clock, Method, Update, frozen
from ifrp.recovery.networks.dn import DN
from ifrp.recovery.training import losses
from ifrp.recovery.training.schedules import balance, learning_rate, warm_up, weight

S = TypeVar("S", bound=Settings)


class AdversarialMethod(Method[S]):
    """Generator and discriminator in turn; a subclass builds `networks["generator"]`, and may add to the loss."""

    def __init__(self, settings: S, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        if settings.losses.adversarial:
            self.networks["discriminator"] = DN(settings.discriminator_width, size)

    def optimisers(self) -> dict[str, Optimizer]:
        """RMSprop for each network (torch adds ε outside the root, as the published code does)."""
        settings = self.settings.optimisation
        return {
            name: RMSprop(
                network.parameters(),
                lr=settings.learning_rate,
                alpha=settings.smoothing,
                eps=settings.epsilon,
            )
            for name, network in self.networks.items()
        }

    def updates(self, batch: Batch, clock: Clock) -> Iterator[Update]:
        """The discriminator's step on half the faces and the other half's recoveries, then the generator's on all."""
        rate, weights = self._rate(clock), self.settings.losses
        recovered = self.networks["generator"](batch.portraits)
        generator = True
        if weights.adversarial:
            update, generator = self._discriminator(batch.faces, recovered.detach(), rate)
            yield update
        terms = {"pixel": (weights.pixel, losses.pixel(recovered, batch.faces))}
        if generator and weights.adversarial:
            with frozen(self.networks["discriminator"]) as discriminator:
                error = losses.adversarial(discriminator(recovered), real=True)
            terms["adversarial"] = (
                weight(weights.adversarial, clock.epoch, weights.decay, weights.floor),
                error,
            )
        if generator:
            terms |= self.further_losses(batch, recovered, clock)
        loss = torch.stack([factor * term for factor, term in terms.values()]).sum() if generator else None
        yield Update("generator", loss, rate, {name: term.detach() for name, (_, term) in terms.items()})

    def further_losses(
        self, batch: Batch, recovered: Tensor, clock: Clock
    ) -> dict[str, tuple[float, Tensor]]:
        """More terms of the generator's loss: weight and value, by name."""
        return {}

    def _discriminator(self, faces: Tensor, recovered: Tensor, rate: float) -> tuple[Update, bool]:
        # The halves show different faces: one batch never tells which recovery belongs to which face [authors].
        # Each has a pass of its own, as the generator's step has: in a mixed batch, the statistics that batch norm takes of
        # both give the recoveries away, the discriminator stops by its margin, and what it learned means nothing to the
        # generator.
        half, network = len(faces) // 2, self.networks["discriminator"]
        real = losses.adversarial(network(faces[:half]), True)
        fake = losses.adversarial(network(recovered[half:]), False)
        discriminator, generator = True, True
        if self.settings.optimisation.margin:
            errors = self.average(torch.stack([real.detach(), fake.detach()]))
            on_real, on_fake = errors.tolist()  # a GPU is read once
            discriminator, generator = balance(on_real, on_fake, self.settings.optimisation.margin)
        logs = {"discriminator_real": real.detach(), "discriminator_fake": fake.detach()}
        loss = real + fake if discriminator else None
        return Update("discriminator", loss, rate, logs), generator

    def _rate(self, clock: Clock) -> float:
        settings = self.settings.optimisation
        rate = learning_rate(settings.learning_rate, clock.epoch, settings.decay, settings.floor)
        return rate * (warm_up(clock.step, settings.warm_up) if settings.warm_up else 1.0)

    def recover(self, portraits: Tensor) -> Tensor:
        """One forward pass."""
        found: Tensor = self.networks["generator"](portraits)
        return found.clamp(-1, 1)
