"""The scores of an experiment in one table, with bootstrap intervals over people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ifrp import paths, runtime
from ifrp.artifacts import atomic, read_table, require, save_table
from ifrp.config import Config, experiments
from ifrp.provenance import card

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

IDENTITY = {
    "frr": ("hit", 100), "frr-chance": ("chance", 100),
    "rank1": ("rank1", 100), "rank1-chance": ("chance_rank1", 100),
    "rank1-distractors": ("rank1_distractors", 100),
    "rank1-distractors-chance": ("chance_rank1_distractors", 100),
    "cosine": ("cosine", 1),
}  # fmt: skip
"""by metric, the column of FRR's table (see `_retrieved`) that it is the mean of, and the factor on it"""
COLUMNS = ("experiment", "method", "split", "style", "metric", "value", "low", "high", "n")


@dataclass(frozen=True)
class Estimate:
    """Means of several groups of faces, and what the bootstrap makes of each.

    Attributes:
        names: K groups.
        value: (K,) mean of each group.
        draws: (K, R) its mean in each of R resamples of people; the same people in every group.
        n: (K,) faces in each group.
    """

    names: list[str]
    value: NDArray[np.float64]
    draws: NDArray[np.float64]
    n: NDArray[np.int64]

    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper end, (K,) each, of the 95 % percentile interval."""
        import numpy as np

        low, high = np.nanquantile(self.draws, (0.025, 0.975), axis=1)
        return low, high

    def mean(self, name: str) -> Estimate:
        """The mean over the groups, as one group; its interval follows from the same resamples."""
        return Estimate(
            [name],
            self.value.mean(keepdims=True),
            self.draws.mean(0, keepdims=True),
            self.n.sum(keepdims=True),
        )


def estimate(
    groups: NDArray[np.str_], people: NDArray[np.str_], values: NDArray[np.float64], resamples: int, seed: int
) -> Estimate:
    """Means per group, with a bootstrap that resamples people with all their faces (cluster bootstrap).

    Args:
        groups: (N,) the group of each face, such as its style; all groups are resampled together.
        people: (N,)
        values: (N,) the score of each face.
        resamples: R.
        seed: the same seed and people give the same resamples, so that scores can be compared in pairs.
    """
    import numpy as np

    names, group = np.unique(groups, return_inverse=True)
    someone, person = np.unique(people, return_inverse=True)
    shape = (len(someone), len(names))
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (person, group), values)
    np.add.at(counts, (person, group), 1)
    drawn = runtime.generator(seed, "bootstrap").multinomial(
        len(someone), np.full(len(someone), 1 / len(someone)), size=resamples
    )  # (R, people)
    with np.errstate(invalid="ignore"):  # a resample may miss all people of a small group
        draws = (drawn @ sums) / (drawn @ counts)
    n = counts.sum(0)
    return Estimate([str(name) for name in names], sums.sum(0) / n, draws.T, n.astype(np.int64))


def table(config: Config, experiment: str) -> pd.DataFrame:
    """Every mean of an experiment; columns `COLUMNS`.

    Quality per style and split in its unit; frr, rank1, rank1-distractors, fcr and their chance levels in per cent;
    fcr, which crosses all styles, has the split `all`, as the quality over all styles has. The mean of a split (style
    empty) is the mean over its styles. n counts the faces that were averaged. A chance level is exact, so its interval
    is the value itself. A metric without any value has no row.

    Raises:
        IfrpError: the experiment has not been scored yet.
    """
    import pandas as pd

    from ifrp.evaluation.quality import METRICS

    evaluator = config.evaluation.recogniser
    quality, identity = _read(paths.quality(experiment)), _retrieved(experiment, evaluator)
    pairs = _read(paths.consistency(experiment, evaluator))
    pairs["split"], pairs["style"] = "all", pairs["style"] + " " + pairs["gallery"]
    rows: list[dict[str, object]] = []
    for metric in METRICS:
        rows += means(config, quality, metric, metric, 1)
        rows += means(config, quality.assign(split="all"), metric, metric, 1)[:1]
    for metric, (column, unit) in IDENTITY.items():
        rows += means(config, identity, metric, column, unit)
    for metric, column in (("fcr", "hit"), ("fcr-chance", "chance")):
        rows += means(config, pairs, metric, column, 100)[:1]
    labels = {"experiment": experiment, "method": experiments.resolve(config, experiment).method}
    return pd.DataFrame([labels | row for row in rows], columns=list(COLUMNS))


def _read(path: Path) -> pd.DataFrame:
    require([path])
    return read_table(path)


def _retrieved(experiment: str, evaluator: str) -> pd.DataFrame:
    """FRR's table, and what follows from it: whether the nearest face of all shows the person, where a rank is known."""
    retrieved = _read(paths.identity(experiment, evaluator))
    for column in ("rank", "rank_distractors"):
        first = (retrieved[column] == 1).astype(float)
        retrieved[column.replace("rank", "rank1")] = first.where(retrieved[column].notna())
    return retrieved


def means(
    config: Config, scores: pd.DataFrame, metric: str, column: str, unit: float
) -> list[dict[str, object]]:
    """Rows of one metric: for each split its mean (first, style empty), then its styles.

    Args:
        config: for the resamples and their seed.
        scores: one row per face: split, style, person and `column`.
        metric: its name in the rows; a chance level (`…-chance`) is exact, so its interval is the value itself.
        column: the scores; a face whose score is missing does not count.
        unit: factor on them.

    Returns:
        Rows of split, style, metric, value, low, high, n; none of a split without any score.
    """
    rows: list[dict[str, object]] = []
    for split, part in scores.dropna(subset=column).groupby("split", sort=False):
        styles = estimate(
            part["style"].to_numpy(dtype=str),
            part["person"].to_numpy(dtype=str),
            part[column].to_numpy(dtype=float) * unit,
            config.evaluation.resamples,
            config.seed,
        )
        for group in (styles.mean(""), styles):
            low, high = (group.value, group.value) if metric.endswith("-chance") else group.interval()
            for name, *numbers in zip(group.names, group.value, low, high, group.n, strict=True):
                values = dict(zip(("value", "low", "high", "n"), numbers, strict=True))
                rows.append({"split": split, "style": name, "metric": metric, **values})
    return rows


def overall(experiment: str) -> dict[tuple[str, str], dict[str, float]]:
    """What was written of an experiment, by split and metric: value, low, high and n of the mean over its styles."""
    table = read_table(paths.summary(experiment), COLUMNS)
    table = table[table["style"].isna()].set_index(["split", "metric"])
    means: Any = table[["value", "low", "high", "n"]].to_dict("index")
    return dict(means)


def scores(config: Config, experiment: str, split: str, metric: str) -> pd.DataFrame:
    """Score of each face (or, for fcr, pair of styles and face) of a split; columns style, index, person, value.

    Raises:
        IfrpError: the experiment has not been scored yet.
    """
    evaluator = config.evaluation.recogniser
    if metric == "fcr":
        faces, column = _read(paths.consistency(experiment, evaluator)), "hit"
        faces["style"] += " " + faces["gallery"]
    elif metric in IDENTITY:
        faces, column = _retrieved(experiment, evaluator), IDENTITY[metric][0]
    else:
        faces, column = _read(paths.quality(experiment)), metric
    if split != "all":
        faces = faces[faces["split"] == split]
    faces = faces[["style", "index", "person", column]].rename(columns={column: "value"})
    return faces.dropna(subset="value")


def tied(config: Config, one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two sets of scores cannot be told apart: the interval of their difference, face by face, holds 0.

    Args:
        config: for the number of resamples.
        one: of one experiment, see `scores`.
        other: of another; only faces of styles that both have are compared.
    """
    both = one.merge(other, on=["style", "index", "person"], suffixes=("", "_other"))
    if both.empty:
        return False
    difference = estimate(
        both["style"].to_numpy(dtype=str),
        both["person"].to_numpy(dtype=str),
        (both["value"] - both["value_other"]).to_numpy(dtype=float),
        config.evaluation.resamples,
        config.seed,
    )
    low, high = difference.mean("").interval()
    return bool(low[0] <= 0 <= high[0])


def write(config: Config, experiment: str) -> None:
    """Writes paths.summary(experiment), paths.metrics(experiment) and their cards."""
    evaluator, both = config.evaluation.recogniser, (paths.summary(experiment), paths.metrics(experiment))
    inputs = [
        paths.quality(experiment), paths.identity(experiment, evaluator), paths.consistency(experiment, evaluator),
    ]  # fmt: skip
    settings = {"resamples": config.evaluation.resamples, "interval": "95 % percentile, over people"}
    require(inputs)
    with card(both[0], settings, config.seed, inputs), card(both[1], settings, config.seed, inputs):
        summary = table(config, experiment)
        save_table(both[0], summary)
        with atomic(both[1]) as new:
            new.write_text(yaml.safe_dump(metrics(summary), sort_keys=False))


def metrics(summary: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Means over styles without intervals and chance levels, by split and metric."""
    by_split: dict[str, dict[str, float]] = {}
    means = summary[(summary["style"] == "") & ~summary["metric"].str.endswith("-chance")]
    for split, metric, value in means[["split", "metric", "value"]].itertuples(index=False):
        by_split.setdefault(split, {})[metric] = float(f"{value:.6g}")
    return by_split
