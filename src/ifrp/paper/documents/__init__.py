"""The documents that are printed: each has tables, figures, and numbers of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ifrp import paths
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper import figures, tables
from ifrp.paper.documents import photographs
from ifrp.paper.part import main_experiments, trained
from ifrp.provenance import card_path


@dataclass(frozen=True)
class Document:
    """A text in `paper/` and what it shows.

    Attributes:
        name: of the text, of the printed file, and of the document in `Part.document`.
        experiments: those whose numbers it quotes.
        kept: files of another run that it tells of.
    """

    name: str
    experiments: Callable[[Config], list[str]]
    kept: tuple[Path, ...] = ()

    def tables(self, config: Config) -> list[str]:
        """The names of its tables."""
        return [table.name for table in tables.of_document(config, self.name)]

    def figures(self, config: Config) -> list[str]:
        """The names of its figures."""
        return [figure.name for figure in figures.of_document(config, self.name)]

    def sources(self, config: Config) -> dict[str, str]:
        """Its figures by name, and the source file of each."""
        shown = figures.of_document(config, self.name)
        return {figure.name: f"src/{figure.module.replace('.', '/')}.py" for figure in shown}

    def order(self, config: Config) -> dict[str, list[str]]:
        """The names of its tables and of its figures, in the order in which it shows them."""
        return {"tables": self.tables(config), "figures": self.figures(config)}

    def products(self, config: Config) -> list[Path]:
        """All files of its tables and figures, its numbers, and itself with its card."""
        parts = [*tables.of_document(config, self.name), *figures.of_document(config, self.name)]
        printed = paths.document(self.name)
        return [
            *(path for part in parts for path in part.products()),
            paths.numbers(self.name),
            printed,
            card_path(printed),
        ]

    def reads(self, config: Config) -> list[Path]:
        """What it shows: tables as it prints them, figures, numbers, and what it tells of another run."""
        printed = [paths.table(name, suffix) for name in self.tables(config) for suffix in ("typ", "json")]
        drawn = [paths.figure(name, suffix) for name in self.figures(config) for suffix in ("png", "pdf")]
        return [*printed, *drawn, paths.numbers(self.name), *self.kept]

    def counts(self, config: Config) -> list[Path]:
        """What its numbers are taken from."""
        names = self.experiments(config)
        return [
            *map(paths.summary, names),
            *map(paths.recovery_model, trained(config, names)),
            paths.faces("test"),
            paths.faces("train"),
            paths.STYLE_DISTANCE,
            paths.EXPOSURE,
            paths.PUBLISHED,
        ]


def _ablations(config: Config) -> list[str]:
    rows = (name for table in config.paper.ablations.values() for name in table.values() if name)
    return list(dict.fromkeys(rows))


DOCUMENTS = {
    document.name: document
    for document in (
        Document("paper", main_experiments, photographs.READS),
        Document("ablations", _ablations),
    )
}


def find(name: str) -> Document:
    """A document by its name.

    Raises:
        IfrpError: there is no such document.
    """
    if name not in DOCUMENTS:
        raise IfrpError(f"There is no document {name}; there are {', '.join(DOCUMENTS)}.")
    return DOCUMENTS[name]
