"""IFRP that sets portraits upright first: one transformer that learns from the true warp, then a network with more skips.

Not in the paper. Its four transformers must find out by themselves how a portrait is turned, from the loss of pixels far
behind them, and resample feature maps four times. In training the warp is known: here one transformer learns it, and
resamples the portrait once. What then goes through a skip connection is in its place, so finer levels can have one, too.
The encoder normalises each portrait by its own statistics, which carry the style (Huang & Belongie, ICCV 2017), not by
those of the training styles.
"""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor
from torch.optim import Adam, Optimizer

from ifrp.config.methods.ifrp_plus import Settings
from ifrp.recovery.method import Batch, Clock, Update, Updates
from ifrp.recovery.methods import ifrp
from ifrp.recovery.networks.stn import Aligner, resample
from ifrp.recovery.training import losses


class Method(ifrp.Method):
    """Upright first, then recovered."""

    settings_class: ClassVar[type[Any]] = Settings
    kept = ("generator", "aligner")
    settings: Settings

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        self.networks["aligner"] = Aligner(size, settings.aligner_width)

    def optimisers(self) -> dict[str, Optimizer]:
        """Those of IFRP, and Adam for the transformer, which RMSprop takes twice as long to train."""
        return super().optimisers() | {"aligner": Adam(self.networks["aligner"].parameters())}

    def updates(self, batch: Batch, clock: Clock) -> Updates:
        """The transformer's step towards the true places, then those of IFRP on upright portraits."""
        places = self.networks["aligner"](batch.portraits)
        error = losses.places(places, batch.places)
        yield Update("aligner", error, {"places": error.detach()})
        upright = resample(batch.portraits, places.detach())
        yield from super().updates(batch._replace(portraits=upright), clock)

    def recover(self, portraits: Tensor) -> Tensor:
        """Two forward passes."""
        return super().recover(resample(portraits, self.networks["aligner"](portraits)))
