"""pix2pix (Isola et al., CVPR 2017): a U-Net, and a discriminator that sees patches of portrait and face together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ifrp.config.methods.pix2pix import Settings
from ifrp.recovery.method import Batch, Clock, Update, Updates, frozen
from ifrp.recovery.networks.patchgan import PatchGAN
from ifrp.recovery.networks.unet import UNet
from ifrp.recovery.training import losses
from ifrp.recovery.training.translation import TranslationMethod


class Method(TranslationMethod[Settings]):
    """Image-to-image translation with a conditional discriminator."""

    settings_class = Settings

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        self.networks["generator"] = UNet(settings.depth, settings.width, size)
        self.networks["discriminator"] = PatchGAN(6, nn.BatchNorm2d, settings.discriminator_width)

    def updates(self, batch: Batch, clock: Clock) -> Updates:
        """The discriminator's step at half its loss, then the generator's."""
        weights = self.settings.losses
        recovered = self.networks["generator"](batch.portraits)
        network = self.networks["discriminator"]
        real = losses.adversarial(network(_pair(batch.portraits, batch.faces)), True)
        fake = losses.adversarial(network(_pair(batch.portraits, recovered.detach())), False)
        logs = {"discriminator_real": real.detach(), "discriminator_fake": fake.detach()}
        yield Update("discriminator", (real + fake) / 2, logs)
        with frozen(network) as discriminator:
            error = losses.adversarial(discriminator(_pair(batch.portraits, recovered)), True)
        pixel = losses.absolute(recovered, batch.faces)
        loss = weights.pixel * pixel + weights.adversarial * error
        yield Update("generator", loss, {"pixel": pixel.detach(), "adversarial": error.detach()})

    def recover(self, portraits: Tensor) -> Tensor:
        """One forward pass, with dropout as in the original and batch norm's running statistics."""
        found: Tensor = self.networks["generator"](portraits)
        return found


def _pair(portraits: Tensor, faces: Tensor) -> Tensor:
    return torch.cat([portraits, faces], 1)  # (N, 6, S, S)
