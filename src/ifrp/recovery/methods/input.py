"""The unrecovered portrait itself: what any recovery must beat."""

from __future__ import annotations

from torch import Tensor

from ifrp.config.methods.input import Settings
from ifrp.recovery import method


class Method(method.Method[Settings]):
    """Returns portraits as they are."""

    settings_class = Settings
    kept = ()

    def recover(self, portraits: Tensor) -> Tensor:
        """The portraits."""
        return portraits
