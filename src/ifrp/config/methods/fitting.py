"""Whether faces go through a method's networks: what can be said of that without building them."""

from __future__ import annotations

from ifrp.config.values import section
from ifrp.errors import IfrpError


@section
class Settings:
    """What the settings of every method can be asked."""

    def fit(self, size: int) -> None:
        """Refuses faces that the method's networks do not take; takes all, unless a method says otherwise.

        Args:
            size: side of a face, in pixels.

        Raises:
            IfrpError: they are too small, or their side has the wrong divisors.
        """


def divisible(size: int, by: int, why: str) -> None:
    """Refuses sides that cannot be halved as often as a network halves them.

    Raises:
        IfrpError: `size` is no multiple of `by`.
    """
    if size % by:
        raise IfrpError(f"faces.size is {size}; it must be a multiple of {by}, because {why}.")


def at_least(size: int, least: int, why: str) -> None:
    """Refuses faces from which too little is left inside a network.

    Raises:
        IfrpError: `size` is below `least`.
    """
    if size < least:
        raise IfrpError(f"faces.size is {size}; it must be at least {least}, because {why}.")
