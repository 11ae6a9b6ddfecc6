"""The run on photographs that the paper tells of, whatever run the rest of it shows: its tables, laid out again from `docs/`."""

from __future__ import annotations

from pathlib import Path

from ifrp import paths
from ifrp.paper.tables import identity, likeness, quality

TABLES = (*quality.TABLES, *identity.TABLES, *likeness.TABLES)
SHOWN = tuple(paths.PHOTOGRAPHS / name for name in ("numbers.json", "card-ifrp.json"))
"""what the text itself reads: the numbers, and a card that says what they were made with"""
READS = (
    *(paths.PHOTOGRAPHS / f"{table.name}.csv" for table in TABLES), *SHOWN, paths.PHOTOGRAPHS_RETRIEVAL,
)  # fmt: skip


def write(folder: Path) -> None:
    """Writes its tables as Typst into a folder."""
    for table in TABLES:
        grid = table.again(paths.PHOTOGRAPHS / f"{table.name}.csv")
        Path(folder, f"{table.name}.typ").write_text(grid.typst())
