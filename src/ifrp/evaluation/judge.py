"""Who judges identity: what the evaluation needs of a face recogniser, and what a card says of it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ifrp.config import Config
from ifrp.stacks import Images

Embeddings = NDArray[np.float32]
BATCH = 64  # faces embedded at a time


class Recogniser(Protocol):
    """What the evaluation needs of a face recogniser."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights."""

    def embed(self, images: Images, batch: int) -> Embeddings:
        """Unit vectors (N, D) float32 of aligned faces (N, H, W, 3) uint8."""


def judged_by(config: Config, name: str, judge: Recogniser) -> dict[str, str | int]:
    """What a card says of the judgement: who judges, by which weights, and how many faces count."""
    settings = config.evaluation
    return {
        "recogniser": name, "fingerprint": judge.fingerprint, "top": settings.top, "faces": settings.faces,
    }  # fmt: skip
