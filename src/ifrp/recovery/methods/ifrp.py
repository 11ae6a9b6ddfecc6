"""IFRP (the paper, Sec. 3): style removal network, discriminative network, and an identity loss by a face recogniser."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, device

from ifrp.config import Config
from ifrp.config.methods.ifrp import Settings
from ifrp.recovery.method import Batch, Clock
from ifrp.recovery.networks.srn import SRN
from ifrp.recovery.training import adversarial, losses
from ifrp.recovery.training.schedules import weight


class Method(adversarial.AdversarialMethod[Settings]):
    """Identity-preserving face recovery from portraits."""

    settings_class = Settings

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        self.networks["generator"] = SRN(settings.network, size)
        self.features: Callable[[Tensor], Tensor] | None = None

    def prepare(self, config: Config, device: device, training: bool) -> None:
        """Loads the network of the identity loss."""
        settings = self.settings.losses
        if not training or not settings.identity:
            return
        if settings.recogniser is None:
            self.features = _perceptual(config, settings.identity_layer, device)
        else:
            from ifrp.recovery.recognisers import recogniser

            network = recogniser.load(config, settings.recogniser, device)
            self.features = lambda images: network.features(images, settings.identity_layer)

    def further_losses(
        self, batch: Batch, recovered: Tensor, clock: Clock
    ) -> dict[str, tuple[float, Tensor]]:
        """The identity loss."""
        settings = self.settings.losses
        if self.features is None:
            return {}
        factor = weight(settings.identity, clock.epoch, settings.decay, settings.floor)
        some = slice(settings.identity_pairs)
        return {"identity": (factor, losses.identity(self.features, recovered[some], batch.faces[some]))}


def _perceptual(config: Config, layer: str, device: device) -> Callable[[Tensor], Tensor]:
    from ifrp.styles.features import Features

    network = Features.configured((layer,), config.styles.features, config.seed).to(device)
    return lambda images: network(images)[layer]
