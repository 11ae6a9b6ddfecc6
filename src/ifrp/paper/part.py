"""What a table and a figure have in common: each is declared once, and rules, report, documents and pages go by that.

A module that declares some imports nothing that Snakemake does not bring: what draws and computes is imported by the
functions that do it.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ifrp import paths
from ifrp.config import Config, experiments, selected
from ifrp.provenance import card_path


def main_experiments(config: Config) -> list[str]:
    """The experiments of the main tables and figures."""
    return list(config.recovery.experiments)


def trained(config: Config, names: Iterable[str]) -> list[str]:
    """Those of some experiments that have a model and a curve of their own."""
    return [name for name in names if experiments.resolve(config, name).trained]


def training_cards(config: Config, names: Iterable[str]) -> list[Path]:
    """The cards that say what the trainings of some experiments took."""
    return [card_path(paths.recovery_model(name)) for name in trained(config, names)]


def _nothing(config: Config) -> list[Any]:
    return []


def _always(config: Config) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Part(ABC):
    """A table or a figure.

    Attributes:
        name: of its files, too.
        module: the module that declares it; the workflow follows what that imports.
        shows: what it shows, in a few words, for the report and docs/paper.md.
        of_paper: where the paper has it.
        document: which of the documents has it.
        reads: the artifacts that it is made from, which its own card names.
        cards: the cards that it looks at besides those of such artifacts.
        rows: the experiments that it shows, as its card tells them.
        settings: dotted keys of the configuration that it goes by, besides the seed.
        runs: dotted names of modules that it finds by name at run time.
        wanted: whether a configuration asks for it.
    """

    name: str
    module: str
    shows: str
    of_paper: str = ""
    document: str = "paper"
    reads: Callable[[Config], list[Path]]
    cards: Callable[[Config], list[Path]] = _nothing
    rows: Callable[[Config], Any] = main_experiments
    settings: tuple[str, ...] = ()
    runs: Callable[[Config], list[str]] = _nothing
    wanted: Callable[[Config], bool] = _always

    @property
    def description(self) -> str:
        """What it shows and where the paper has it, as a sentence."""
        return f"{self.shows[0].upper()}{self.shows[1:]}{f' ({self.of_paper})' if self.of_paper else ''}."

    @abstractmethod
    def products(self) -> list[Path]:
        """Its files."""

    def files(self, config: Config) -> list[str]:
        """Every file that it reads, for the `input:` of its rule."""
        return paths.files([*self.reads(config), *self.cards(config)])

    def depends(self, config: Config) -> dict[str, Any]:
        """Experiments and settings that it goes by, for the `params:` of its rule."""
        return {"rows": self.rows(config), **selected(config, "seed", *self.settings)}

    def modules(self, config: Config) -> list[str]:
        """Dotted names of the modules that make it, whose source its rule follows."""
        return [self.module, *self.runs(config)]


def declared(package: str, modules: Sequence[str], what: str) -> dict[str, Any]:
    """What some modules of a package declare, by name, in their order."""
    declarations = [getattr(importlib.import_module(f"{package}.{module}"), what) for module in modules]
    return {part.name: part for parts in declarations for part in parts}


def of_document(config: Config, document: str, every: Iterable[Part]) -> list[str]:
    """Names of the tables, or the figures, of a document: first those of its ablations, in their order."""
    first = config.paper.ablations if document == "ablations" else ()
    names = (part.name for part in every if part.document == document and part.wanted(config))
    return list(dict.fromkeys([*first, *names]))


def method_of_featured(config: Config) -> list[str]:
    """The module of the method of `paper.experiment`, for figures that run its networks."""
    return [experiments.featured(config).module]
