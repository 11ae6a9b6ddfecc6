"""Printed results are those of the committed tables, and the configuration goes by them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ifrp.config import load, training_styles

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "table",
    sorted((ROOT / "docs/results").glob("*/*.md")),
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_page_shows_the_table_as_it_was_made(table: Path) -> None:
    assert table.read_text().strip() in (ROOT / "docs/results.md").read_text()


def test_training_styles_of_the_ablation_follow_the_distance_ranking() -> None:
    """Nested: the chosen styles by their distance, then the most distant of the unseen ones."""
    config = load(ROOT / "config/config.yaml")
    ranking = pd.read_csv(ROOT / "docs/results/default/distance.csv")
    ranking = ranking[(ranking["layer"] == "combined") & (ranking["split"] != "sketch")]
    order = ranking.sort_values(["chosen", "rank"], ascending=[False, True])["style"].tolist()
    table = config.paper.ablations["training-styles"]
    for count, experiment in enumerate(table.values(), start=1):
        assert experiment is not None
        assert sorted(training_styles(config, experiment)) == sorted(order[:count])
