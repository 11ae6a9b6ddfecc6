"""What IFRP and its predecessor share: a generator and a discriminator, trained in turn with the authors' skeleton."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer, RMSprop

from ifrp.config.methods.adversarial import Settings
from ifrp.recovery.method import Batch, Clock, Gate, Method, Update, Updates, frozen
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

    def rate(self, clock: Clock) -> float:
        """Falls with the epochs, and starts low."""
        settings = self.settings.optimisation
        rate = learning_rate(settings.learning_rate, clock.epoch, settings.decay, settings.floor)
        return rate * (warm_up(clock.step, settings.warm_up) if settings.warm_up else 1.0)

    def phase(self, clock: Clock) -> Hashable:
        """The epoch, with which the weights of the losses change."""
        return clock.epoch

    def updates(self, batch: Batch, clock: Clock) -> Updates:
        """The discriminator's step on half the faces and the other half's recoveries, then the generator's on all."""
        weights = self.settings.losses
        recovered = self.networks["generator"](batch.portraits)
        terms = {"pixel": (weights.pixel, losses.pixel(recovered, batch.faces))}
        if weights.adversarial:
            updated = yield from self._discriminator(batch.faces, recovered.detach(), _logs(terms))
            if not updated:
                return
            with frozen(self.networks["discriminator"]) as discriminator:
                error = losses.adversarial(discriminator(recovered), real=True)
            factor = weight(weights.adversarial, clock.epoch, weights.decay, weights.floor)
            terms["adversarial"] = (factor, error)
        terms |= self.further_losses(batch, recovered, clock)
        loss = torch.stack([factor * term for factor, term in terms.values()]).sum()
        yield Update("generator", loss, _logs(terms))

    def _discriminator(
        self, faces: Tensor, recovered: Tensor, logs: dict[str, Tensor]
    ) -> Generator[Update | Gate, Mapping[str, bool], bool]:
        """The discriminator's update, unless it is gated; returns whether the generator is to be updated."""
        # The halves show different faces: one batch never tells which recovery belongs to which face [authors].
        # Each has a pass of its own, as the generator's step has: in a mixed batch, the statistics that batch norm takes of
        # both give the recoveries away, the discriminator stops by its margin, and what it learned means nothing to the
        # generator.
        half, network = len(faces) // 2, self.networks["discriminator"]
        real = losses.adversarial(network(faces[:half]), True)
        fake = losses.adversarial(network(recovered[half:]), False)
        logs = {**logs, "discriminator_real": real.detach(), "discriminator_fake": fake.detach()}
        margin, updated = self.settings.optimisation.margin, {"discriminator": True, "generator": True}
        if margin:
            errors = self.average(torch.stack([real.detach(), fake.detach()]))
            updated = dict((yield Gate(tuple(updated), errors, partial(balance, margin=margin), logs)))
        if updated["discriminator"]:
            yield Update("discriminator", real + fake, logs)
        return updated["generator"]

    def further_losses(
        self, batch: Batch, recovered: Tensor, clock: Clock
    ) -> dict[str, tuple[float, Tensor]]:
        """More terms of the generator's loss: weight and value, by name."""
        return {}

    def recover(self, portraits: Tensor) -> Tensor:
        """One forward pass."""
        found: Tensor = self.networks["generator"](portraits)
        return found.clamp(-1, 1)


def _logs(terms: Mapping[str, tuple[float, Tensor]]) -> dict[str, Tensor]:
    return {name: term.detach() for name, (_, term) in terms.items()}
