"""Johnson et al. (ECCV 2016), trained for destylisation: one feed-forward network, perceptual losses towards a real face."""

from __future__ import annotations

from collections.abc import Hashable

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from ifrp.config import Config
from ifrp.config.methods.johnson import Settings
from ifrp.recovery import method
from ifrp.recovery.method import Batch, Clock, Update, Updates
from ifrp.recovery.training import perceptual
from ifrp.styles.losses import Losses
from ifrp.styles.network import StyleNetwork


class Method(method.Method[Settings]):
    """The style network of `ifrp.styles`, with portraits in and the look of a photograph out; one for all styles."""

    settings_class = Settings

    def __init__(self, settings: Settings, size: int, styles: tuple[str, ...]) -> None:
        super().__init__(settings, size, styles)
        self.networks["generator"] = StyleNetwork(settings.width, settings.keep)
        self.losses: Losses | None = None

    def prepare(self, config: Config, device: torch.device, training: bool) -> None:
        """Loads the features, and the face that is the style."""
        if training:
            self.losses = perceptual.losses(config, self.settings, device)

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam."""
        return {"generator": Adam(self.networks["generator"].parameters(), lr=self.settings.learning_rate)}

    def rate(self, clock: Clock) -> float:
        """Constant."""
        return self.settings.learning_rate

    def phase(self, clock: Clock) -> Hashable:
        """All steps do the same."""
        return 0

    def updates(self, batch: Batch, clock: Clock) -> Updates:
        """One step; the true faces of the batch have no part in it.

        As in `ifrp.styles`, the batch's mean Gram matrix is compared with the style's; the original compares each one.
        """
        assert self.losses is not None
        content = self.losses.content(batch.portraits)
        terms = self.losses(content, self.networks["generator"](batch.portraits))
        logs = {name: term.detach() for name, term in terms.items() if name != "total"}
        yield Update("generator", terms["total"], logs)

    def recover(self, portraits: Tensor) -> Tensor:
        """One forward pass."""
        found: Tensor = self.networks["generator"](portraits)
        return found
