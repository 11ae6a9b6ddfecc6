"""What a figure is, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import require, require_writable
from ifrp.config import Config, plain
from ifrp.paper.part import Part
from ifrp.provenance import card

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True, kw_only=True)
class Figure(Part):
    """A figure of the paper.

    Attributes:
        draw: draws it, in the look of all figures.
        picked: the artifacts that are in it, for its card, if only their content tells; none: all that it reads.
    """

    draw: Callable[[Config], Drawing]
    picked: Callable[[Config], list[Path]] | None = None

    def products(self) -> list[Path]:
        """Its files."""
        return [paths.figure(self.name, suffix) for suffix in ("png", "pdf", "json")]

    def write(self, config: Config) -> None:
        """Draws it as PNG and PDF, with one card.

        Raises:
            IfrpError: what it shows has not been made.
        """
        from matplotlib import rc_context

        from ifrp.paper.figures import look

        require(self.reads(config))
        require_writable(paths.figure(self.name))
        with rc_context(look.LOOK):
            drawn = self.draw(config)
            used = (self.picked or self.reads)(config)
            with card(paths.figure(self.name), plain(config.paper), config.seed, used):
                look.save(self.name, drawn)
