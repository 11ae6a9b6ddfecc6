"""The evaluator, which measures identity: what is needed of a face recogniser, and what a card says of it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ifrp.config import Config
from ifrp.stacks import Images

Embeddings = NDArray[np.float32]


class Recogniser(Protocol):
    """What the evaluation needs of a face recogniser."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights."""

    def embed(self, images: Images) -> Embeddings:
        """Unit vectors (N, D) float32 of aligned faces (N, H, W, 3) uint8."""


def evaluator_facts(config: Config, name: str, evaluator: Recogniser) -> dict[str, str | int]:
    """What a card says of the evaluator: its name and weights, and how many faces it compares."""
    settings = config.evaluation
    return {
        "recogniser": name, "fingerprint": evaluator.fingerprint, "top": settings.top, "faces": settings.faces,
    }  # fmt: skip
