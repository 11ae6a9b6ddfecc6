"""Whether the recovered faces are still the same people: face retrieval (FRR, rank 1), likeness and consistency (FCR)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifrp import paths
from ifrp.artifacts import save_table
from ifrp.config import Config, experiments, styles
from ifrp.config.checking import require_more
from ifrp.errors import IfrpError
from ifrp.evaluation import distractors
from ifrp.evaluation.evaluator import Embeddings, Recogniser, evaluator_facts
from ifrp.evaluation.quality import recovered_faces, split_of_styles
from ifrp.provenance import card, read_card

if TYPE_CHECKING:
    import pandas as pd

RANKS = 20  # of the retrieval curve


def ranks(
    queries: Embeddings,
    asked: NDArray[np.str_],
    gallery: Embeddings,
    people: NDArray[np.str_],
    others: Embeddings | None = None,
) -> NDArray[np.int64]:
    """Rank, by cosine distance, of the nearest gallery face of each query's person: 1 is the nearest of all.

    The true person is within the `top` nearest exactly if the rank is at most `top`. Faces of other people at the
    same distance come first, so that a method that gives everybody the same face retrieves nobody.

    Args:
        queries: (N, D), unit vectors.
        asked: (N,) the person of each query, of whom the gallery has at least one face.
        gallery: (G, D), unit vectors.
        people: (G,) the person of each gallery face.
        others: (M, D), unit vectors: distractors, which nobody asks for, in the gallery as well.

    Returns:
        (N,)
    """
    similar = queries @ gallery.T  # (N, G)
    same = asked[:, None] == people[None, :]
    nearest = np.where(same, similar, -np.inf).max(1, keepdims=True)
    found: NDArray[np.int64] = 1 + ((similar >= nearest) & ~same).sum(1)
    return found if others is None else found + distractors.nearer(queries, nearest[:, 0], others)


def chance(
    asked: NDArray[np.str_], people: NDArray[np.str_], top: int, others: int = 0
) -> NDArray[np.float64]:
    """Probability that `top` gallery faces drawn at random include the query's person.

    1 − C(G − m, top) / C(G, top) for the m of G gallery faces that are of that person (hypergeometric).

    Args:
        asked: (N,) the person of each query.
        people: (G,) the person of each gallery face.
        top: number of faces drawn, at least 1.
        others: number of distractors in the gallery as well; G counts them.

    Returns:
        (N,)
    """
    counts = (asked[:, None] == people[None, :]).sum(1)
    size = len(people) + others
    drawn = np.arange(min(top, size))
    missed = np.clip(size - counts[:, None] - drawn, 0, None) / (size - drawn)  # (N, top)
    probability: NDArray[np.float64] = 1 - missed.prod(1)
    return probability


def refuse_leak(config: Config, experiment: str, name: str, evaluator: Recogniser) -> None:
    """Refuses an evaluator whose weights the training loss of an experiment saw.

    The cards of the recovered faces say whether a model made them, and the model's header which recognisers were in
    its loss.

    Raises:
        IfrpError: the evaluator is one of them.
    """
    from ifrp.recovery import model

    made_by = paths.recovery_model(experiments.resolve(config, experiment).model)
    for style in styles(config):
        if str(made_by) in read_card(paths.recovered(experiment, style.name))["inputs"]:
            seen = json.loads(model.header(made_by).get("recognisers", "{}"))
            if evaluator.fingerprint in seen.values():
                raise IfrpError(
                    f"evaluation.recogniser is {name}, whose weights were in the loss of "
                    f"{experiment}: name another of recovery.recognisers, for no network may evaluate its own pupil."
                )
            return


@dataclass(frozen=True)
class Faces:
    """Embedded faces of known people.

    Attributes:
        vectors: (N, D), unit vectors.
        people: (N,)
        places: (N,) place of each face in the test stack.
    """

    vectors: Embeddings
    people: NDArray[np.str_]
    places: NDArray[np.int64]


def retrieval(
    config: Config,
    recovered: Mapping[str, Faces],
    truth: Faces,
    others: Embeddings,
    splits: Mapping[str, str],
) -> pd.DataFrame:
    """FRR (Sec. 5), and more strictly: every recovered face of one style against the true faces.

    Args:
        config: for `evaluation.top`.
        recovered: by style.
        truth: all true faces, also those that were not recovered; their places are 0 to G − 1.
        others: (M, D) distractors, unit vectors.
        splits: by style, its split.

    Returns:
        Columns split, style, index, person, rank, hit (0 or 1), chance; rank_distractors, the rank among true faces and
        distractors; cosine, of the embeddings of a recovered face and of its own true face, −1 to 1; chance_rank1 and
        chance_rank1_distractors, the probability that a face drawn at random shows the person.
    """
    import pandas as pd

    parts = []
    for style, queries in recovered.items():
        part = _retrieved(config, queries, truth)
        between = queries.vectors, queries.people, truth.vectors, truth.people
        part["rank_distractors"] = ranks(*between, others)
        part["cosine"] = (queries.vectors * truth.vectors[queries.places]).sum(1)
        part["chance_rank1"] = chance(queries.people, truth.people, top=1)
        part["chance_rank1_distractors"] = chance(queries.people, truth.people, 1, len(others))
        part.insert(0, "style", style)
        part.insert(0, "split", splits[style])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def consistency(config: Config, recovered: Mapping[str, Faces]) -> pd.DataFrame:
    """FCR (Sec. 5): faces recovered from one style against those from another, all ordered pairs of styles.

    Args:
        config: for `evaluation.top`.
        recovered: by style.

    Returns:
        Columns style (of the queries), gallery (style of the gallery), index, person, rank, hit (0 or 1), chance.

    Raises:
        IfrpError: there is only one style.
    """
    import pandas as pd

    if len(recovered) < 2:
        raise IfrpError(
            "FCR compares styles with each other, but styles.table has only one: add another style."
        )
    parts = []
    for style, other in permutations(recovered, 2):
        part = _retrieved(config, recovered[style], recovered[other])
        part.insert(0, "gallery", other)
        part.insert(0, "style", style)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def curve(retrieved: pd.DataFrame, truth: Faces, others: int) -> pd.DataFrame:
    """Cumulative match: the share of recovered faces whose person is among the k nearest true faces, in per cent.

    Args:
        retrieved: see `retrieval`.
        truth: all true faces.
        others: number of distractors.

    Returns:
        Columns rank (k, from 1 to 20), one per split (the mean over its styles), and chance; then the same among true faces
        and distractors, named `<split>-distractors` and `chance-distractors`.
    """
    import pandas as pd

    k = np.arange(1, min(RANKS, len(truth.people)) + 1)
    people = retrieved["person"].to_numpy(dtype=str)
    columns = {"rank": k}
    for column, more, ending in (("rank", 0, ""), ("rank_distractors", others, "-distractors")):
        for split, part in retrieved.groupby("split", sort=False):
            hits = pd.DataFrame(part[column].to_numpy()[:, None] <= k)  # (N, ranks)
            columns[f"{split}{ending}"] = (
                100 * hits.groupby(part["style"].to_numpy()).mean().mean().to_numpy()
            )
        levels = [100 * chance(people, truth.people, int(top), more).mean() for top in k]
        columns[f"chance{ending}"] = np.array(levels)
    return pd.DataFrame(columns)


def _retrieved(config: Config, queries: Faces, gallery: Faces) -> pd.DataFrame:
    import pandas as pd

    rank = ranks(queries.vectors, queries.people, gallery.vectors, gallery.people)
    return pd.DataFrame(
        {
            "index": queries.places,
            "person": queries.people,
            "rank": rank,
            "hit": (rank <= config.evaluation.top).astype(int),
            "chance": chance(queries.people, gallery.people, config.evaluation.top),
        }
    )


def write(config: Config, experiment: str, name: str, evaluator: Recogniser) -> None:
    """Writes FRR, its curve and FCR of an experiment by one recogniser, and their cards.

    Args:
        config: the configuration.
        experiment: its name.
        name: of the recogniser.
        evaluator: that recogniser.

    Raises:
        IfrpError: a stack or the evaluator's distractors are missing, or are not this evaluator's, or the evaluator was in the
            experiment's loss; or all faces are among the `evaluation.top` nearest.
    """
    refuse_leak(config, experiment, name, evaluator)
    others = distractors.read(name, evaluator)
    test = paths.faces("test")
    inputs = [test, test.with_suffix(".csv"), paths.distractors(name)]
    inputs += [paths.recovered(experiment, style.name) for style in styles(config)]
    settings = evaluator_facts(config, name, evaluator)
    targets = [path_of(experiment, name) for path_of in (paths.identity, paths.consistency, paths.retrieval)]
    with ExitStack() as cards:
        facts = {path: cards.enter_context(card(path, settings, config.seed, inputs)) for path in targets}
        truth, fake = embed(config, experiment, evaluator)
        require_more(config, len(truth.people))
        frr = retrieval(config, fake, truth, others, split_of_styles(config, experiment))
        fcr = consistency(config, fake)
        for path, table in zip(targets, (frr, fcr, curve(frr, truth, len(others))), strict=True):
            save_table(path, table, "%.6f")
            if "hit" in table:
                facts[path].update(hits=float(table["hit"].mean()), chance=float(table["chance"].mean()))
        facts[paths.identity(experiment, name)].update(distractors=len(others))


def embed(config: Config, experiment: str, evaluator: Recogniser) -> tuple[Faces, dict[str, Faces]]:
    """The first `evaluation.faces` test faces, and, by style, what an experiment recovered of them."""
    recovered = recovered_faces(config, experiment)
    count = min(config.evaluation.faces, len(recovered.truth))
    people = recovered.truth.table["person"].to_numpy(dtype=str)[:count]
    truth = Faces(evaluator.embed(recovered.truth.images[:count]), people, np.arange(count))
    embedded = recovered.places < count
    places = recovered.places[embedded]
    return truth, {
        style: Faces(evaluator.embed(images[embedded]), people[places], places)
        for style, images in recovered.by_style.items()
    }
