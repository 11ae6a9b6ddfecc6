"""Printed results are those of the committed tables."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "table",
    sorted((ROOT / "docs/results").glob("*/*.md")),
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_page_shows_the_table_as_it_was_made(table: Path) -> None:
    assert table.read_text().strip() in (ROOT / "docs/results.md").read_text()
