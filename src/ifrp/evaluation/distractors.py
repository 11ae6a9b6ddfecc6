"""People to be mistaken for: embeddings of all training faces, made once per recogniser, beside the true faces of the test."""

from __future__ import annotations

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ifrp import paths, runtime, stacks
from ifrp.artifacts import atomic, require, reserve
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.evaluation.evaluator import Embeddings, Recogniser
from ifrp.provenance import card, read_card

BLOCK = 4096  # distractors whose likeness to all queries is in memory at a time
PART = 1024  # faces embedded between two signs of progress
TIE = 1e-6  # two sums of 512 products of float32 that should be equal differ by less


def nearer(
    queries: Embeddings, nearest: NDArray[np.float32], distractors: Embeddings, block: int = BLOCK
) -> NDArray[np.int64]:
    """How many distractors are as near to each query as the person's nearest face is, or nearer.

    Args:
        queries: (N, D), unit vectors.
        nearest: (N,) cosine of each query and the nearest face of its person.
        distractors: (M, D), unit vectors, may be a memory map; all are of other people.
        block: so many of them at a time, so that N × block products are in memory, whatever M is.

    Returns:
        (N,)
    """
    count = np.zeros(len(queries), np.int64)
    for start in range(0, len(distractors), block):
        similar = queries @ np.asarray(distractors[start : start + block]).T  # (N, block)
        count += (similar >= nearest[:, None] - TIE).sum(1)
    return count


def read(name: str, evaluator: Recogniser) -> Embeddings:
    """The embedded training faces, a read-only memory map (M, D) float32 of unit vectors.

    Args:
        name: of the recogniser.
        evaluator: that recogniser.

    Raises:
        IfrpError: there are none, they cannot be read, or other weights than the evaluator's made them.
    """
    path = paths.distractors(name)
    require([path])
    again = f"make them again with `ifrp evaluation distractors --recogniser {name}`."
    if read_card(path)["settings"].get("fingerprint") != evaluator.fingerprint:
        raise IfrpError(f"{path} was made with other weights than those of the recogniser {name}: {again}")
    embeddings = stacks.mapped(path, "does not hold embeddings")
    if embeddings.dtype != np.float32 or embeddings.ndim != 2:
        raise IfrpError(f"{path} holds {embeddings.dtype} {embeddings.shape}, not float32 (M, D): {again}")
    return embeddings


def write(config: Config, name: str, evaluator: Recogniser) -> None:
    """Writes paths.distractors(name), the embedded faces of the training split, and its card.

    Nobody of the training split is in the test. Training faces are aligned as the true faces of the test are.

    Raises:
        IfrpError: the stack is missing.
    """
    path, train = paths.distractors(name), paths.faces("train")
    faces = stacks.read(train)
    settings = {"recogniser": name, "fingerprint": evaluator.fingerprint}
    with card(path, settings, config.seed, [train]) as facts:
        size = evaluator.embed(faces.images[:1]).shape[1]
        with atomic(path) as new:
            embeddings = open_memmap(new, mode="w+", dtype=np.float32, shape=(len(faces), size))
            reserve(new, path)
            for start in runtime.progress(range(0, len(faces), PART), f"distractors of {name}"):
                window = slice(start, start + PART)
                embeddings[window] = evaluator.embed(faces.images[window])
            embeddings.flush()
            del embeddings
        facts.update(faces=len(faces), people=int(faces.table["person"].nunique()))
