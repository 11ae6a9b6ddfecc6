"""The tables, in the order in which they are shown: one file each, or one for a family."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper import part

if TYPE_CHECKING:
    from ifrp.paper.tables.table import Table

MODULES = (
    "quality",
    "ceilings",
    "exposure",
    "identity",
    "likeness",
    "timing",
    "yardsticks",
    "ablations",
    "recognisers",
    "seeds",
    "tuning",
)


@cache
def every() -> dict[str, Table]:
    """All tables by name."""
    return part.declared(__name__, MODULES, "TABLES")


def find(config: Config, name: str) -> Table:
    """A table by its name.

    Raises:
        IfrpError: there is no such table.
    """
    ablation = name in config.paper.ablations
    names = [key for key, table in every().items() if not ablation or table.module == f"{__name__}.ablations"]
    if name not in names:
        start = "paper.ablations has a table" if ablation else "There is no table"
        raise IfrpError(f"{start} {name}; there are {', '.join(names)}.")
    return every()[name]


def of_document(config: Config, document: str) -> list[Table]:
    """The tables of a document that a configuration asks for."""
    return [find(config, name) for name in part.of_document(config, document, every().values())]
