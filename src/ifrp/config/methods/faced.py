"""Keys of FaceD (`ifrp.recovery.methods.faced`)."""

from __future__ import annotations

from ifrp.config.methods import adversarial
from ifrp.config.methods.fitting import divisible
from ifrp.config.values import Width, section

HALVINGS = 6
"""how often the generator's encoder halves the side of a face"""


@section
class Settings(adversarial.Settings):
    """Keys of FaceD."""

    width: Width = 1.0
    """factor on the generator's channels"""

    def fit(self, size: int) -> None:
        """Refuses faces that cannot go through the generator, as `fitting.Settings.fit`."""
        divisible(size, 1 << HALVINGS, f"FaceD halves the side {HALVINGS} times")
