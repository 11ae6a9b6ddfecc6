"""Printed results are those of the committed tables, and the configuration goes by them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from ifrp.config import experiments, load
from ifrp.paper import tables
from ifrp.paper.documents import quotes

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_quote_what_was_measured(page: Path) -> None:
    """`ifrp paper quote` would change nothing."""
    assert quotes.quoted(page, quotes.known(ROOT / "docs/results")) == page.read_text()


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/results.md"], ids=lambda page: page.name)
def test_no_measured_number_is_typed(page: Path) -> None:
    """Every percentage and every dB of the default run is a quoted number."""
    text = re.sub(
        r"<!--(?:table|scores) .*?<!--end-->",
        "",
        page.read_text().partition("## Photographs")[0],
        flags=re.DOTALL,
    )
    bare = re.findall(r"[^\n]*\d(?: %| dB)[^\n]*", text)
    assert not bare


def test_every_table_is_on_the_page() -> None:
    results, speed = ((ROOT / f"docs/{name}.md").read_text() for name in ("results", "performance"))
    for table in (ROOT / "docs/results").glob("*/*.md"):
        page = speed if table.parent.name == "speed" else results
        assert f"<!--table {table.relative_to(ROOT / 'docs')}-->" in page


TABLES = [
    path for path in sorted((ROOT / "docs/results/default").glob("*.csv")) if path.stem in tables.every()
]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_printed_table_is_its_csv_laid_out(path: Path) -> None:
    """Heading by heading, mark by mark; a last digit may differ, because the CSV is rounded already."""
    again = tables.every()[path.stem].again(path).markdown()
    assert re.sub(r"\d", "0", again) == re.sub(r"\d", "0", path.with_suffix(".md").read_text())


def test_training_styles_of_the_ablation_follow_the_distance_ranking() -> None:
    """Nested: the chosen styles by their distance, then the most distant of the unseen ones."""
    config = load(ROOT / "config/config.yaml")
    ranking = pd.read_csv(ROOT / "docs/results/default/distance.csv")
    ranking = ranking[(ranking["layer"] == "combined") & (ranking["split"] != "sketch")]
    order = ranking.sort_values(["chosen", "rank"], ascending=[False, True])["style"].tolist()
    table = config.paper.ablations["training-styles"]
    for count, experiment in enumerate(table.values(), start=1):
        assert experiment is not None
        assert sorted(experiments.resolve(config, experiment).styles) == sorted(order[:count])
