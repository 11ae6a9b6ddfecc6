"""What image-to-image translators share (pix2pix, CycleGAN, MGAN): Adam for all networks, and its schedule."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from torch import nn
from torch.optim import Adam, Optimizer

from ifrp.config.methods import cyclegan, mgan, pix2pix
from ifrp.recovery.method import Clock, Method
from ifrp.recovery.training import optimisation

S = TypeVar("S", bound=cyclegan.Settings | mgan.Settings | pix2pix.Settings)


class TranslationMethod(Method[S]):
    """One optimiser for each network, unless a subclass groups them; all steps do the same."""

    def adam(self, *networks: nn.Module) -> Adam:
        """One optimiser for all weights of some networks."""
        return optimisation.adam(self.settings.optimisation, *networks)

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam for each network."""
        return {name: self.adam(network) for name, network in self.networks.items()}

    def rate(self, clock: Clock) -> float:
        """Constant, then falling in a line."""
        return optimisation.rate(self.settings.optimisation, clock)

    def phase(self, clock: Clock) -> Hashable | None:
        """All steps do the same."""
        return 0
