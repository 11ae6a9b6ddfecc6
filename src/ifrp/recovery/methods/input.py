"""The unrecovered portrait itself: what any recovery must beat."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ifrp.recovery import method


@dataclass(frozen=True)
class Settings:
    """There is nothing to set."""


class Method(method.Method[Settings]):
    """Returns portraits as they are."""

    settings_class = Settings
    needs = "nothing"
    kept = ()

    def recover(self, portraits: Tensor) -> Tensor:
        """The portraits."""
        return portraits
