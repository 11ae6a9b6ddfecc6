"""CycleGAN (Zhu et al., ICCV 2017): two generators, there and back, from portraits and faces that do not belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ifrp.config.methods.cyclegan import Settings
from ifrp.recovery.method import Batch, Clock, Update, Updates, frozen
from ifrp.recovery.networks.patchgan import PatchGAN
from ifrp.recovery.networks.resnet import ResNet
from ifrp.recovery.training import losses
from ifrp.recovery.training.pool import Pool
from ifrp.recovery.training.translation import TranslationMethod


class Method(TranslationMethod[Settings]):
    """Unpaired image-to-image translation; recovery needs the generator from portraits to faces alone."""

    settings_class = Settings
    paired = False

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        self.networks["generator"] = ResNet(settings.blocks, settings.width)
        self.networks["inverse"] = ResNet(settings.blocks, settings.width)
        for kind in ("faces", "portraits"):
            self.networks[f"discriminator_{kind}"] = PatchGAN(
                3, nn.InstanceNorm2d, settings.discriminator_width
            )
        self.pools = {"faces": Pool(settings.pool), "portraits": Pool(settings.pool)}

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam for both generators, and for both discriminators."""
        networks = self.networks
        return {
            "generator": self.adam(networks["generator"], networks["inverse"]),
            "discriminator": self.adam(networks["discriminator_faces"], networks["discriminator_portraits"]),
        }

    def phase(self, clock: Clock) -> None:
        """No two steps do the same: the pools decide by the processor's random numbers."""

    def updates(self, batch: Batch, clock: Clock) -> Updates:
        """The generators' step, then the discriminators' on pictures from the pools."""
        fakes = {
            "faces": self.networks["generator"](batch.portraits),
            "portraits": self.networks["inverse"](batch.faces),
        }
        terms = self._terms(batch, fakes)
        logs = {name: term.detach() for name, (_, term) in terms.items()}
        loss = torch.stack([factor * term for factor, term in terms.values()]).sum()
        yield Update("generator", loss, logs)
        real, fake = self._discriminated(batch, fakes)
        logs = {"discriminator_real": real.detach(), "discriminator_fake": fake.detach()}
        yield Update("discriminator", (real + fake) / 2, logs)

    def _terms(self, batch: Batch, fakes: Mapping[str, Tensor]) -> dict[str, tuple[float, Tensor]]:
        generator, inverse, weights = (
            self.networks["generator"],
            self.networks["inverse"],
            self.settings.losses,
        )
        with (
            frozen(self.networks["discriminator_faces"]) as faces,
            frozen(self.networks["discriminator_portraits"]) as portraits,
        ):
            error = losses.least_squares(faces(fakes["faces"]), True)
            error = error + losses.least_squares(portraits(fakes["portraits"]), True)
        cycle = losses.absolute(inverse(fakes["faces"]), batch.portraits)
        cycle = cycle + losses.absolute(generator(fakes["portraits"]), batch.faces)
        terms = {"adversarial": (1.0, error), "cycle": (weights.cycle, cycle)}
        if weights.identity:
            kept = losses.absolute(generator(batch.faces), batch.faces)
            kept = kept + losses.absolute(inverse(batch.portraits), batch.portraits)
            terms["identity"] = (weights.identity * weights.cycle, kept)
        return terms

    def _discriminated(self, batch: Batch, fakes: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Errors of both discriminators together, on real pictures and on those from the pools."""
        real, fake = [], []
        for kind, pictures in (("faces", batch.faces), ("portraits", batch.portraits)):
            network = self.networks[f"discriminator_{kind}"]
            real.append(losses.least_squares(network(pictures), True))
            fake.append(losses.least_squares(network(self.pools[kind](fakes[kind])), False))
        return torch.stack(real).sum(), torch.stack(fake).sum()

    def recover(self, portraits: Tensor) -> Tensor:
        """One forward pass."""
        found: Tensor = self.networks["generator"](portraits)
        return found

    def extra_state(self) -> dict[str, Any]:
        """The pictures in the pools."""
        return {kind: list(pool.images) for kind, pool in self.pools.items()}

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Takes the pictures back."""
        for kind, pool in self.pools.items():
            pool.images = list(state[kind])
