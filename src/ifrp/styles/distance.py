"""Style distance (Sec. 4): log-Euclidean distance between Gram matrices of artworks and of real faces.

The log-Euclidean distance of two positive definite matrices is ‖log A − log B‖_F (Arsigny et al. 2006; Jayasumana
et al., CVPR 2013). Layers are combined as the blocks of one block-diagonal matrix, whose distance is the root of
the sum of squares of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ifrp.stacks import Images
from ifrp.styles.features import Features, gram
from ifrp.styles.network import to_tensor
from ifrp.styles.training import resize

Matrix = NDArray[np.float64]
COMBINED = "combined"


def mean_grams(
    pictures: Iterable[Images], features: Features, size: int, device: torch.device | str = "cpu"
) -> dict[str, Matrix]:
    """Mean Gram matrix of pictures, by layer.

    Args:
        pictures: batches (B, H, W, 3) uint8; each is resized to a shorter side of `size`.
        features: the layers.
        size: in pixels.
        device: where the features lie.

    Returns:
        Layer name to (C, C).
    """
    total: dict[str, Tensor] = {}
    count = 0
    with torch.no_grad():
        for batch in pictures:
            count += len(batch)
            for name, maps in features(resize(to_tensor(batch, device), size)).items():
                total[name] = total.get(name, 0) + gram(maps).double().sum(0)  # (C, C)
    return {name: (matrix / count).cpu().numpy() for name, matrix in total.items()}


def log(matrix: Matrix, epsilon: float) -> Matrix:
    """Logarithm of a positive semi-definite matrix (C, C) with a ridge of `epsilon` mean eigenvalues on its diagonal."""
    ridge = epsilon * np.trace(matrix) / len(matrix)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.log(np.maximum(values, 0) + ridge)) @ vectors.T)


def pairwise(
    grams: Mapping[str, Mapping[str, Matrix]], epsilon: float
) -> tuple[list[str], dict[str, Matrix]]:
    """Distances between all pairs.

    Args:
        grams: name of an artwork (or of the faces) to layer to (C, C).
        epsilon: see `log`.

    Returns:
        The N names, and by layer, with `combined` as the last, the distances (N, N).
    """
    names = list(grams)
    distances: dict[str, Matrix] = {}
    for layer in grams[names[0]]:
        logs = np.stack([log(grams[name][layer], epsilon) for name in names]).reshape(len(names), -1)
        distances[layer] = np.linalg.norm(logs[:, None] - logs[None], axis=2)
    distances[COMBINED] = np.sqrt(sum(np.square(distance) for distance in distances.values()))
    return names, distances
