"""What a score is worth: the scores of faces that nobody recovered, from a blur of the truth to one face for all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from ifrp import paths, runtime, stacks
from ifrp.artifacts import save_table
from ifrp.config import Config
from ifrp.evaluation.evaluator import Recogniser, evaluator_facts
from ifrp.evaluation.identity import ranks
from ifrp.evaluation.quality import METRICS, score
from ifrp.evaluation.summary import estimate
from ifrp.provenance import card

if TYPE_CHECKING:
    import pandas as pd

COARSER = (2, 4, 8, 16)
MEAN = "mean training face"
PART = 256  # faces in memory at a time


def stand_ins(truth: stacks.Images, mean: stacks.Images) -> dict[str, stacks.Images]:
    """What true faces are compared with.

    Args:
        truth: (N, S, S, 3) uint8, S a multiple of 16.
        mean: (S, S, 3) uint8, see `mean_face`.

    Returns:
        By name, (N, S, S, 3) uint8: the truth averaged over squares of 2, 4, 8 and 16 pixels and interpolated bilinearly
        to its size again, and the mean training face for everybody.
    """
    pixels = torch.from_numpy(np.array(truth)).permute(0, 3, 1, 2).float()  # (N, 3, S, S)
    made = {}
    for factor in COARSER:
        small = F.avg_pool2d(pixels, factor)
        large = F.interpolate(small, scale_factor=float(factor), mode="bilinear").round().byte()
        made[f"truth at 1/{factor} of its resolution"] = large.permute(0, 2, 3, 1).numpy()
    return {**made, MEAN: np.broadcast_to(mean, truth.shape)}


def mean_face(training: stacks.Images) -> stacks.Images:
    """The mean of (M, S, S, 3) uint8: of all constant faces the one with the least squared error on them."""
    sums = np.zeros(training.shape[1:])
    for start in range(0, len(training), PART):
        sums += training[start : start + PART].sum(0, dtype=np.int64)
    found: stacks.Images = (sums / len(training)).round().astype(np.uint8)
    return found


def table(config: Config, evaluator: Recogniser) -> pd.DataFrame:
    """Scores of the stand-ins: columns yardstick, metric, value, low, high (95 % over people), n.

    Quality over all test faces; frr and rank1 (per cent) and cosine over the first `evaluation.faces` of them, as for an
    experiment.
    """
    import pandas as pd

    test = stacks.read(paths.faces("test"))
    people, count = test.table["person"].to_numpy(dtype=str), min(config.evaluation.faces, len(test))
    mean, device = mean_face(stacks.read(paths.faces("train")).images), str(runtime.device(config.runtime))
    quality: dict[str, list[NDArray[Any]]] = defaultdict(list)
    embedded: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for start in range(0, len(test), PART):
        truth = test.images[start : start + PART]
        faces = stand_ins(truth, mean)
        for name, values in score(truth, faces, device).items():
            quality[name].append(values.numpy())
        if start < count:
            for name, images in faces.items():
                embedded[name].append(evaluator.embed(images[: count - start]))
    gallery, queried = evaluator.embed(test.images[:count]), people[:count]
    scores = {
        metric: {name: np.concatenate(parts)[:, i] for name, parts in quality.items()}
        for i, metric in enumerate(METRICS)
    }
    queries = {name: np.concatenate(parts) for name, parts in embedded.items()}
    rank_of = {name: ranks(vectors, queried, gallery, queried) for name, vectors in queries.items()}
    scores["frr"] = {name: 100.0 * (rank <= config.evaluation.top) for name, rank in rank_of.items()}
    scores["rank1"] = {name: 100.0 * (rank == 1) for name, rank in rank_of.items()}
    scores["cosine"] = {name: (vectors * gallery).sum(1) for name, vectors in queries.items()}
    parts = [_means(config, metric, values, people) for metric, values in scores.items()]
    return pd.concat(parts, ignore_index=True)


def _means(
    config: Config, metric: str, scores: dict[str, NDArray[np.float64]], people: NDArray[np.str_]
) -> pd.DataFrame:
    import pandas as pd

    count = len(next(iter(scores.values())))
    estimated = estimate(
        np.repeat(list(scores), count),
        np.tile(people[:count], len(scores)),
        np.concatenate(list(scores.values())),
        config.evaluation.resamples,
        config.seed,
    )
    low, high = estimated.interval()
    columns = {"metric": metric, "value": estimated.value, "low": low, "high": high, "n": estimated.n}
    rows = pd.DataFrame(columns, index=pd.Index(estimated.names, name="yardstick"))
    return rows.loc[list(scores)].reset_index()


def write(config: Config, name: str, evaluator: Recogniser) -> None:
    """Writes paths.YARDSTICKS and its card; `name` is that of the recogniser."""
    inputs = [paths.faces("train"), paths.faces("test")]
    with card(paths.YARDSTICKS, evaluator_facts(config, name, evaluator), config.seed, inputs):
        save_table(paths.YARDSTICKS, table(config, evaluator))
