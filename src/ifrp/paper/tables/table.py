"""What a table is, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import atomic, read_table, require
from ifrp.config import Config
from ifrp.paper.part import Part
from ifrp.paper.tables.grid import Grid
from ifrp.provenance import card

if TYPE_CHECKING:
    import pandas as pd

NOT_THERE = "not in the paper"


@dataclass(frozen=True, kw_only=True)
class Table(Part):
    """A table of the paper.

    Attributes:
        caption: its heading.
        compare: its values, one row each; they are the CSV.
        lay_out: arranges these values for printing.
    """

    of_paper: str = NOT_THERE
    caption: str
    compare: Callable[[Config], pd.DataFrame]
    lay_out: Callable[[pd.DataFrame], Grid]

    def products(self) -> list[Path]:
        """Its files."""
        return [paths.table(self.name, suffix) for suffix in ("csv", "md", "tex", "typ", "html", "json")]

    def again(self, path: Path) -> Grid:
        """A CSV of it, laid out again; a last digit may differ, because the CSV is rounded already."""
        values = read_table(path, text=("published", "published_ms_per_face"))
        return self.lay_out(values.fillna({"note": ""}))

    def write(self, config: Config) -> None:
        """Writes it as csv, md, tex, typ and html, with one card.

        Raises:
            IfrpError: what it compares has not been made.
        """
        used = self.reads(config)
        require(used)
        with card(paths.table(self.name), {"experiments": self.rows(config)}, config.seed, used):
            values = self.compare(config)
            grid = self.lay_out(values)
            texts = {"md": grid.markdown(), "tex": grid.latex(), "typ": grid.typst(), "html": grid.html()}
            texts["csv"] = values.to_csv(index=False, float_format="%.6g", lineterminator="\n")
            for suffix, text in texts.items():
                with atomic(paths.table(self.name, suffix)) as new:
                    new.write_text(text)
