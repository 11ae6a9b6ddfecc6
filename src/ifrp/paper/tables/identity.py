"""Whether recovered faces are still the same people (Table 3)."""

from ifrp.paper.tables.comparison import comparison

TABLES = (
    comparison(
        name="identity",
        module=__name__,
        shows="FRR and FCR, and their chance levels",
        of_paper="Table 3",
        caption="Identity of recovered faces: retrieval (FRR) and consistency (FCR), in %",
        cells=(
            ("seen", "frr", "FRR seen"),
            ("unseen", "frr", "FRR unseen"),
            ("sketch", "frr", "FRR sketch"),
            ("all", "fcr", "FCR"),
        ),
        chance=True,
    ),
)
