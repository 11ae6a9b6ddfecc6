"""Releasing a trained model: in half precision, with what `ifrp recover` wants to know of its faces, and with its scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import yaml

from ifrp import artifacts, paths, provenance, stacks, why
from ifrp.errors import IfrpError
from ifrp.faces.find import typical
from ifrp.recovery import model

SHOWN = 200  # training faces in which it looks for eyes and mouth


def release(experiment: str) -> None:
    """Copies a trained model, in half precision, to where `ifrp recover` looks first; its card keeps what is known of it.

    Its header also tells where eyes and mouth lie in the training faces, if they can be found there (`landmarks`: three
    points, as fractions of the side). Its card also tells its scores, if it was evaluated (`scores`: see `scored`).

    Raises:
        IfrpError: there is no such model, it has no card, the training faces are missing or others, or one of its
            weights is beyond half precision.
    """
    source, faces, target = paths.recovery_model(experiment), paths.faces("train"), paths.released(experiment)
    metadata, card = model.header(source), provenance.read_card(source)
    artifacts.require([faces])
    if card["inputs"].get(str(faces)) != artifacts.hexdigest(faces):
        raise IfrpError(f"{faces} is not what {experiment} was trained on: release it where it was trained.")
    artifacts.require_writable(target)
    landmarks = typical(stacks.read(faces).images[:SHOWN])
    if landmarks is not None:
        metadata["landmarks"] = json.dumps(landmarks.round(3).tolist())
    with provenance.card(target, card["settings"], card["seed"], [source, faces]) as facts:
        facts.update(card["facts"], **scored(experiment, source))
        halves = {name: _half(name, value) for name, value in artifacts.load_weights(source).items()}
        artifacts.save_weights(target, halves, metadata)


def scored(experiment: str, source: Path) -> dict[str, Any]:
    """What the evaluation says of a model, for its card: `scored_on`, the source of the faces, and `scores`, by split and metric.

    Nothing, where no evaluation of this very file lies here.
    """
    path, faces = paths.metrics(experiment), paths.faces("test")
    if not provenance.card_path(path).exists() or not provenance.card_path(faces).exists():
        return {}
    digest = artifacts.hexdigest(source)
    if all(record["inputs"].get(str(source)) != digest for _, _, record in why.chain(path)):
        return {}
    on = provenance.read_card(faces)["settings"]["source"]
    return {"scored_on": on, "scores": yaml.safe_load(path.read_text())}


def _half(name: str, tensor: torch.Tensor) -> torch.Tensor:
    found = tensor.half() if tensor.is_floating_point() else tensor
    if not found.isfinite().all():
        raise IfrpError(f"{name} is beyond half precision (65504): this model cannot be released.")
    return found
