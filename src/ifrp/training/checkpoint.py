"""The state of a training that has not ended: one file, the one before it, and a reason where neither can be used."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp.artifacts import atomic

if TYPE_CHECKING:
    from torch import nn


def structure(*networks: nn.Module) -> list[list[tuple[str, list[int]]]]:
    """Names and shapes of all weights, to be part of an identity: a state fits no network of another structure."""
    return [[(name, list(value.shape)) for name, value in of.state_dict().items()] for of in networks]


def previous(path: Path) -> Path:
    """Where the last but one checkpoint is kept."""
    return path.with_name(f"{path.name}.previous")


def save(path: Path, state: Mapping[str, Any], identity: str) -> None:
    """Writes a checkpoint atomically, and keeps the one that was there.

    Args:
        path: of the checkpoint.
        state: nested dictionaries and lists of tensors, numbers and text.
        identity: text that names what is trained: settings, data and networks. Only a training with the same one goes on from it.
    """
    import torch

    with atomic(path) as new:
        torch.save({"identity": identity, "state": dict(state)}, new)
        if path.exists():
            path.replace(previous(path))


def load(path: Path, identity: str) -> dict[str, Any] | None:
    """The newest checkpoint that is whole and belongs to this training; none if there is no such one.

    Says on standard error why a checkpoint is passed over.
    """
    import torch

    for candidate in (path, previous(path)):
        if not candidate.exists():
            continue
        try:
            _verify(candidate)
            content = torch.load(candidate, map_location="cpu", weights_only=True)
            state, made_for = dict(content["state"]), content["identity"]
        except Exception as error:  # a damaged file fails in many ways: zip, pickle, end of file, key
            _say(f"The checkpoint {candidate} is damaged and is passed over ({type(error).__name__}).")
            continue
        if made_for == identity:
            return state
        _say(
            f"The checkpoint {candidate} was made with other settings, data or networks, so training starts afresh."
        )
    return None


def _verify(path: Path) -> None:
    """Compares the checksums in a checkpoint, which torch writes and does not look at: a changed bit would be another weight."""
    with zipfile.ZipFile(path) as archive:
        if (member := archive.testzip()) is not None:
            raise ValueError(f"{member} has another checksum")


def remove(path: Path) -> None:
    """Removes a training's checkpoints, because its result is complete."""
    for found in (path, previous(path)):
        found.unlink(missing_ok=True)


def _say(sentence: str) -> None:
    sys.stderr.write(f"ifrp: {sentence}\n")
