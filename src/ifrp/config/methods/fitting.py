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


def divisible(size: int, by: int, why: str, spelled: str = "{by}") -> None:
    """Refuses sides that cannot be halved as often as a network halves them.

    Args:
        size: side of a face, in pixels.
        by: what must divide it.
        why: for the sentence.
        spelled: how `by` comes about, for the sentence.

    Raises:
        IfrpError: `size` is no multiple of `by`.
    """
    if size % by:
        raise IfrpError(f"faces.size {size} must be divisible by {spelled.format(by=by)}, because {why}.")


DEPTH = "2^depth ({by})"
"""`spelled`, for networks of a given depth"""


def at_least(size: int, least: int, why: str) -> None:
    """Refuses faces from which too little is left inside a network.

    Raises:
        IfrpError: `size` is below `least`.
    """
    if size < least:
        raise IfrpError(
            f"Faces are too small: faces.size is {size}; it must be at least {least}, because {why}."
        )
