"""IFRP (the paper, Sec. 3): style removal network, discriminative network, and an identity loss by a face recogniser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor, device

from ifrp.config import Config
from ifrp.recovery import adversarial, losses
from ifrp.recovery.method import Batch, Clock
from ifrp.recovery.schedules import weight
from ifrp.recovery.srn import SRN, Network


@dataclass(frozen=True)
class Losses(adversarial.Losses):
    """The three losses."""

    identity: float = 1e-3
    """weight η of the identity loss in the first epoch; its scale is that of the features [recalled]"""
    identity_network: str = "facenet"
    """a name in `recovery.recognisers`, or vgg19 for the perceptual features of `styles.features` [paper]"""
    identity_layer: str = "conv2d_4a"
    """the layer of that network; relu3_2 for vgg19 [inferred: the stage that the paper calls ReLU3-2]"""
    identity_pairs: int | None = None
    """pairs of each batch that it compares, to save time; none: all, as in the paper"""


@dataclass(frozen=True)
class Settings(adversarial.Settings):
    """Keys of IFRP."""

    network: Network = field(default_factory=Network)
    losses: Losses = field(default_factory=Losses)


class Method(adversarial.AdversarialMethod[Settings]):
    """Identity-preserving face recovery from portraits."""

    settings_class = Settings

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        self.networks["generator"] = SRN(settings.network, size)
        self.features: Callable[[Tensor], Tensor] | None = None

    @classmethod
    def recognisers(cls, settings: Settings) -> tuple[str, ...]:
        """The recogniser in the identity loss, if that has a weight."""
        given = settings.losses
        return (given.identity_network,) if given.identity and given.identity_network != "vgg19" else ()

    def prepare(self, config: Config, device: device, training: bool) -> None:
        """Loads the network of the identity loss."""
        given = self.settings.losses
        if not training or not given.identity:
            return
        if given.identity_network == "vgg19":
            self.features = _perceptual(config, given.identity_layer, device)
        else:
            from ifrp.recovery import recogniser

            judge = recogniser.load(config, given.identity_network, device)
            self.features = lambda images: judge.features(images, given.identity_layer)

    def further_losses(
        self, batch: Batch, recovered: Tensor, clock: Clock
    ) -> dict[str, tuple[float, Tensor]]:
        """The identity loss."""
        given = self.settings.losses
        if self.features is None:
            return {}
        factor = weight(given.identity, clock.epoch, given.decay, given.floor)
        some = slice(given.identity_pairs)
        return {"identity": (factor, losses.identity(self.features, recovered[some], batch.faces[some]))}


def _perceptual(config: Config, layer: str, device: device) -> Callable[[Tensor], Tensor]:
    from ifrp.styles.features import Features

    network = Features.configured((layer,), config.styles.features, config.seed).to(device)
    return lambda images: network(images)[layer]
