"""MGAN (Li and Wand, ECCV 2016): perceptual features decoded into a face, with a discriminator of neural patches."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, device, nn

from ifrp.config import Config
from ifrp.config import Features as FeatureSettings
from ifrp.config.methods.mgan import Settings
from ifrp.recovery.method import Batch, Clock, Update, Updates, frozen
from ifrp.recovery.networks.stn import channels
from ifrp.recovery.training import losses, optimisation
from ifrp.recovery.training.translation import TranslationMethod
from ifrp.styles.features import Features

ENCODED, DISCRIMINATED = "relu4_1", "relu3_1"
"""Layers of VGG-19 that are decoded (an eighth of the side) and that the discriminator sees (a quarter) [orig]."""
BORDER = 1
"""Neural patches along each edge that the discriminator does not score, for they see the padding [orig]."""


class Decoder(nn.Sequential):
    """Deconvolutions from features to faces: (N, C, S/8, S/8) to (N, 3, S, S) in [-1, 1].

    Args:
        depth: channels of the features, C.
        width: factor on the decoder's channels.
    """

    def __init__(self, depth: int = 512, width: float = 1.0) -> None:
        a, b, c = (channels(count, width) for count in (512, 256, 128))
        super().__init__(
            *_unit(nn.ConvTranspose2d(depth, a, 3, padding=1, bias=False), nn.ReLU(inplace=True)),
            *_unit(nn.ConvTranspose2d(a, b, 4, 2, padding=1, bias=False), nn.ReLU(inplace=True)),
            *_unit(nn.ConvTranspose2d(b, c, 4, 2, padding=1, bias=False), nn.ReLU(inplace=True)),
            nn.ConvTranspose2d(c, 3, 4, 2, padding=1, bias=False),  # the original resets all biases to 0
            nn.Tanh(),
        )
        optimisation.initialise(self)


class Discriminator(nn.Sequential):
    """One score for each neural patch: features (N, C, S/4, S/4) to (N, 1, S/16, S/16).

    Args:
        depth: channels of the features, C.
        width: factor on the discriminator's channels.
    """

    def __init__(self, depth: int = 256, width: float = 1.0) -> None:
        a, b = channels(256, width), channels(512, width)
        super().__init__(
            nn.LeakyReLU(0.2),
            *_unit(nn.Conv2d(depth, a, 4, 2, padding=1, bias=False), nn.LeakyReLU(0.2, inplace=True)),
            *_unit(nn.Conv2d(a, b, 4, 2, padding=1, bias=False), nn.LeakyReLU(0.2, inplace=True)),
            nn.Conv2d(b, 1, 1, bias=False),
        )
        optimisation.initialise(self)


def _unit(convolution: nn.Conv2d | nn.ConvTranspose2d, activation: nn.Module) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), activation]


class Method(TranslationMethod[Settings]):
    """Markovian generative adversarial network, with real faces as its targets [inferred]."""

    settings_class = Settings

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        width = (settings.features or FeatureSettings()).width
        self.networks["generator"] = Decoder(channels(512, width), settings.width)
        self.networks["discriminator"] = Discriminator(channels(256, width), settings.discriminator_width)
        self.features: Features | None = None

    @classmethod
    def complete(cls, settings: Settings, config: Config) -> Settings:
        """Which features: a decoder is of no use with others, so its model file must name them."""
        seed = config.seed if settings.features_seed is None else settings.features_seed
        return replace(settings, features=settings.features or config.styles.features, features_seed=seed)

    def prepare(self, config: Config, device: device, training: bool) -> None:
        """Loads or draws the features that the settings name."""
        settings = self.settings.features or FeatureSettings()
        layers = (ENCODED, DISCRIMINATED) if training else (ENCODED,)
        self.features = Features.configured(layers, settings, self.settings.features_seed or 0).to(device)

    def updates(self, batch: Batch, clock: Clock) -> Updates:
        """The discriminator's step, then the decoder's."""
        weights = self.settings.losses
        recovered = self.recover(batch.portraits)
        network, features = self.networks["discriminator"], self._features(recovered, DISCRIMINATED)
        real = losses.hinge(_inner(network(self._features(batch.faces, DISCRIMINATED))), True)
        fake = losses.hinge(_inner(network(features.detach())), False)
        logs = {"discriminator_real": real.detach(), "discriminator_fake": fake.detach()}
        yield Update("discriminator", real + fake, logs)
        with frozen(network) as discriminator:
            error = losses.hinge(_inner(discriminator(features)), True)
        pixel = losses.pixel(recovered, batch.faces)
        loss = (weights.pixel * pixel + weights.adversarial * error) / (weights.pixel + weights.adversarial)
        yield Update("generator", loss, {"pixel": pixel.detach(), "adversarial": error.detach()})

    def recover(self, portraits: Tensor) -> Tensor:
        """One forward pass of encoder and decoder."""
        with torch.no_grad():
            encoded = self._features(portraits, ENCODED)
        found: Tensor = self.networks["generator"](encoded)
        return found

    def _features(self, images: Tensor, layer: str) -> Tensor:
        assert self.features is not None, "prepare comes first"
        found: Tensor = self.features(images, (layer,))[layer]
        return found


def _inner(scores: Tensor) -> Tensor:
    return scores[..., BORDER:-BORDER, BORDER:-BORDER]
