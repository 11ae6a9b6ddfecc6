"""The figures, in the order in which they are shown: one file each, or one for a family."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper import part

if TYPE_CHECKING:
    from ifrp.paper.figures.figure import Figure

MODULES = (
    "teaser",
    "network",
    "samples",
    "landmarks",
    "distance",
    "recovered",
    "own",
    "consistency",
    "angles",
    "retrieval",
    "cost",
    "curves",
    "worst",
)


@cache
def every() -> dict[str, Figure]:
    """All figures by name, without those of ablations."""
    return part.declared(__name__, MODULES, "FIGURES")


def find(config: Config, name: str) -> Figure:
    """A figure by its name, or that of a table of `paper.ablations`.

    Raises:
        IfrpError: there is no such figure.
    """
    from ifrp.paper.figures import ablation

    if name in config.paper.ablations:
        return ablation.figure(name)
    if name not in every():
        raise IfrpError(
            f"There is no figure {name}; there are {', '.join([*every(), *config.paper.ablations])}."
        )
    return every()[name]


def of_document(config: Config, document: str) -> list[Figure]:
    """The figures of a document that a configuration asks for; in the main one, those of its ablations before the comparisons."""
    names = part.of_document(config, document, every().values())
    if document == "paper":
        place = names.index("distance") + 1
        names[place:place] = config.paper.main_ablations
    return [find(config, name) for name in names]
