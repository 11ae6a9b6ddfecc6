"""Releasing a trained model: in half precision, with what `ifrp recover` wants to know of its faces."""

from __future__ import annotations

import json

import torch

from ifrp import artifacts, paths, stacks
from ifrp.errors import IfrpError
from ifrp.faces.find import typical
from ifrp.recovery import model

SHOWN = 200  # training faces in which it looks for eyes and mouth


def release(experiment: str) -> None:
    """Copies a trained model, in half precision, to where `ifrp recover` looks first; its card keeps what is known of it.

    Its header also tells where eyes and mouth lie in the training faces, if they can be found there (`landmarks`: three
    points, as fractions of the side).

    Raises:
        IfrpError: there is no such model, it has no card, the training faces are missing or others, or one of its
            weights is beyond half precision.
    """
    source, faces, target = paths.recovery_model(experiment), paths.faces("train"), paths.released(experiment)
    metadata, card = model.header(source), artifacts.read_card(source)
    artifacts.require([faces])
    if card["inputs"].get(str(faces)) != artifacts.hexdigest(faces):
        raise IfrpError(f"{faces} is not what {experiment} was trained on: release it where it was trained.")
    artifacts.require_writable(target)
    landmarks = typical(stacks.read(faces).images[:SHOWN])
    if landmarks is not None:
        metadata["landmarks"] = json.dumps(landmarks.round(3).tolist())
    with artifacts.card(target, card["settings"], card["seed"], [source, faces]) as facts:
        facts.update(card["facts"])
        halves = {name: _half(name, value) for name, value in artifacts.load_weights(source).items()}
        artifacts.save_weights(target, halves, metadata)


def _half(name: str, tensor: torch.Tensor) -> torch.Tensor:
    found = tensor.half() if tensor.is_floating_point() else tensor
    if not found.isfinite().all():
        raise IfrpError(f"{name} is beyond half precision (65504): this model cannot be released.")
    return found
