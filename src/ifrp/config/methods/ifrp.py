"""Keys of IFRP (`ifrp.recovery.methods.ifrp`)."""

from __future__ import annotations

from pydantic import Field

from ifrp.config.methods import adversarial
from ifrp.config.methods.srn import Network
from ifrp.config.sections import IdentityLoss
from ifrp.config.values import Batch, section, some_weight


@section
class Losses(IdentityLoss, adversarial.Losses):
    """The three losses."""

    identity_layer: str = "conv2d_4a"
    """the layer of that network; relu3_2 for vgg19 [inferred: the stage that the paper calls ReLU3-2]"""
    identity_pairs: Batch | None = None
    """pairs of each batch that it compares, to save time; none: all, as in the paper"""

    _some = some_weight("pixel", "adversarial", "identity")


@section
class Settings(adversarial.Settings):
    """Keys of IFRP."""

    network: Network = Field(default_factory=Network)
    losses: Losses = Field(default_factory=Losses)

    def fit(self, size: int) -> None:
        """Refuses faces that cannot go through the generator, as `fitting.Settings.fit`."""
        self.network.fit(size)
