"""The style distance of every artwork of the style table, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ifrp import artifacts, paths, provenance, runtime, stacks
from ifrp.config import Config, Style, plain, styles
from ifrp.stacks import Images
from ifrp.styles.artworks import read
from ifrp.styles.choice import choose
from ifrp.styles.distance import mean_grams, pairwise
from ifrp.styles.features import Features

FACES = "faces"
BATCH = 8
"""faces whose features are taken at a time; of 512 pixels, so many fill a GPU, too"""


def write(config: Config) -> str:
    """Measures how far each style is from real faces, and from the others, to results/styles/; returns a sentence about it.

    Raises:
        IfrpError: see `distances`.
    """
    rows = styles(config)
    inputs = [paths.artwork(row.name) for row in rows]
    settings = {"features": config.styles.features, "distance": config.styles.distance}
    with provenance.card(paths.STYLE_DISTANCE, plain(settings), config.seed, inputs) as facts:
        table, pairs = distances(rows, config)
        artifacts.save_table(paths.STYLE_PAIRS, pairs)
        artifacts.save_table(paths.STYLE_DISTANCE, table)
        facts["chosen"] = table[(table.layer == "combined") & table.chosen]["style"].tolist()
    return f"{paths.STYLE_DISTANCE}: {config.styles.distance.rule} chooses {', '.join(facts['chosen'])}."


def distances(rows: Sequence[Style], config: Config) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measures the artworks in data/styles/ against training faces and against each other.

    Returns:
        Columns style, split, layer, distance, rank (1 is farthest from faces), chosen; and columns layer, a, b,
        distance, with `faces` among the names. Layer `combined` is all layers together. The configured rule
        chooses as many styles as the table calls seen, among all but those of the split sketch.

    Raises:
        IfrpError: an artwork or the training faces are missing, or there are fewer styles than are to be chosen.
    """
    settings = config.styles.distance
    device = runtime.device(config.runtime)
    features = Features.configured(settings.layers, config.styles.features, config.seed).to(device)
    sets = {
        FACES: _faces(settings.faces),
        **{row.name: iter([read(paths.artwork(row.name))[None]]) for row in rows},
    }
    grams = {name: mean_grams(pictures, features, settings.size, device) for name, pictures in sets.items()}
    names, tables = pairwise(grams, settings.epsilon)
    candidates = np.array([row.split != "sketch" for row in rows])
    count = sum(row.split == "seen" for row in rows)
    table = []
    for layer, matrix in tables.items():
        far, among = matrix[0, 1:], matrix[1:, 1:]
        kept = np.flatnonzero(candidates)
        chosen = kept[choose(settings.rule, far[kept], among[np.ix_(kept, kept)], count)]
        rank = np.argsort(np.argsort(-far)) + 1
        table += [
            {"style": row.name, "split": row.split, "layer": layer, "distance": far[i], "rank": rank[i], "chosen": i in chosen}
            for i, row in enumerate(rows)
        ]  # fmt: skip
    pairs = [
        {"layer": layer, "a": a, "b": b, "distance": matrix[i, j]}
        for layer, matrix in [*tables.items()]
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j
    ]
    return pd.DataFrame(table), pd.DataFrame(pairs)


def _faces(count: int) -> Iterator[Images]:
    images = stacks.read(paths.faces("train")).images[:count]
    return (images[start : start + BATCH] for start in range(0, len(images), BATCH))
