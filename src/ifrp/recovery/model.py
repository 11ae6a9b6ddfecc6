"""A trained method as one file: the networks that recovery needs, and in its header all that is needed to build them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ifrp import artifacts
from ifrp.config import plain, typed
from ifrp.config.experiments import Experiment
from ifrp.config.values import Side, section
from ifrp.errors import IfrpError, brief
from ifrp.recovery import methods
from ifrp.recovery.method import Method, Tone

Colour = tuple[float, float, float]
"""mean, or standard deviation, of three channels"""
Point = tuple[float, float]


def describe(
    experiment: Experiment, settings: Any, recognisers: Mapping[str, str], colours: Tensor
) -> dict[str, str]:
    """The header of a model file.

    Args:
        experiment: what was trained.
        settings: of its method: see `methods.settings`.
        recognisers: fingerprint of each recogniser that was in a loss, by name.
        colours: (2, 3), of the training faces: see `calibration.colours`.
    """
    return {
        "method": experiment.method,
        "settings": json.dumps(plain(settings)),
        "styles": json.dumps(experiment.styles),
        "size": str(experiment.size),
        "recognisers": json.dumps(dict(recognisers)),
        "colours": json.dumps([[round(value, 5) for value in row] for row in colours.tolist()]),
    }


def save(path: Path, method: Method[Any], metadata: Mapping[str, str]) -> None:
    """Writes the networks in `method.kept`, and how the method was calibrated.

    Args:
        path: ends in .safetensors.
        method: a trained method.
        metadata: the header, from `describe` or of the file that the method was loaded from.
    """
    tensors = {
        f"{name}/{key}": value
        for name in method.kept
        for key, value in method.networks[name].state_dict().items()
    }
    if method.tone is not None:
        tensors |= {"tone/gain": method.tone.gain, "tone/offset": method.tone.offset}
    artifacts.save_weights(path, tensors, metadata)


@section
class _Header:
    """What a header says, see `describe`, and `landmarks` as `ifrp recovery release` adds it."""

    settings: dict[str, Any]
    size: Side | None = None
    styles: tuple[str, ...] | None = None
    recognisers: dict[str, str] = field(default_factory=dict)
    colours: tuple[Colour, Colour] | None = None
    landmarks: tuple[Point, Point, Point] | None = None


def header(path: Path, *needed: str) -> dict[str, str]:
    """Method, settings, training styles, face size, loss recognisers and colours of a model file, as text and JSON.

    Args:
        path: of the file.
        needed: entries that must be there, beside method and settings.

    Raises:
        IfrpError: the file is missing or was not made by `save`, or an entry is not what it must be.
    """
    if not path.exists():
        raise IfrpError(
            f"There is no model {path}: train it with `ifrp recovery train {path.stem}`, "
            "or call ifrp in the project's folder if it is there."
        )
    metadata = artifacts.read_header(path)
    for name in ("method", "settings", *needed):
        if name not in metadata:
            raise IfrpError(f"{path} is not a recovery model: its header names no {name}.")
    known = [entry.name for entry in fields(_Header) if entry.name in metadata]
    typed(_Header, {name: artifacts.parsed(metadata[name], path) for name in known}, f"The header of {path}")
    return metadata


def check(path: Path, experiment: Experiment, settings: Any) -> None:
    """Refuses a model file that was made by another experiment, or by this one as it was.

    Args:
        path: of the file.
        experiment: the experiment whose model it must be.
        settings: of its method: see `methods.settings`.

    Raises:
        IfrpError: the file is missing, or says something else.
    """
    metadata = header(path, "size", "styles")
    cls = methods.find(metadata["method"])
    theirs = typed(cls.settings_class, json.loads(metadata["settings"]), str(path))
    saved = {"method": metadata["method"], "styles": json.loads(metadata["styles"]), **plain(theirs)}
    wanted = {"method": experiment.method, "styles": list(experiment.styles), **plain(settings)}
    artifacts.require_settings(path, saved, wanted, f"recovery.experiments.{experiment.name}.")
    artifacts.require_settings(path, {"size": int(metadata["size"])}, {"size": experiment.size}, "faces.")


def load(path: Path, device: torch.device | str = "cpu") -> Method[Any]:
    """Builds a method from its file alone, ready to `prepare` and then to recover.

    Args:
        path: of the file.
        device: for its networks.

    Raises:
        IfrpError: the file is missing, damaged, or does not fit its method.
    """
    metadata = header(path, "size", "styles")
    cls = methods.find(metadata["method"])
    settings = typed(cls.settings_class, json.loads(metadata["settings"]), str(path))
    try:
        method = cls(settings, int(metadata["size"]), tuple(json.loads(metadata["styles"])))
    except (ArithmeticError, RuntimeError, TypeError, ValueError) as error:
        raise IfrpError(
            f"The header of {path} describes no network that can be built ({brief(error)})."
        ) from error
    tensors = artifacts.load_weights(path)
    for name in method.kept:
        own = {
            key.removeprefix(f"{name}/"): value
            for key, value in tensors.items()
            if key.startswith(f"{name}/")
        }
        artifacts.load_into(method.networks[name], own, path)
        method.networks[name].to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    if "colours" in metadata:
        method.colours = torch.tensor(json.loads(metadata["colours"]), device=device)
    if "tone/gain" in tensors:
        if any(tensors.get(f"tone/{name}", torch.empty(0)).shape != (3,) for name in ("gain", "offset")):
            raise IfrpError(
                f"{path} holds no whole tone, gain and offset of three channels: calibrate it again."
            )
        method.tone = Tone(tensors["tone/gain"].to(device), tensors["tone/offset"].to(device))
    return method
