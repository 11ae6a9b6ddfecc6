"""Identity, asked more strictly: rank 1, also among distractors, and likeness."""

from ifrp.paper.tables.comparison import comparison

TABLES = (
    comparison(
        name="likeness",
        module=__name__,
        shows="rank-1, rank-1 among distractors, and their chance levels; cosine of the embeddings",
        caption="Identity, more strictly: rank 1, rank 1 among distractors, and cosine of the embeddings",
        cells=(
            ("", "rank1", "Rank-1 (%)"),
            ("", "rank1-distractors", "Rank-1 among distractors (%)"),
            ("", "cosine", "Cosine"),
        ),
        chance=True,
    ),
)
