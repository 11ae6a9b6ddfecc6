"""`ifrp recover`: anybody's portraits, as pictures, folders or stacks, through a trained model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from ifrp import config as configuration
from ifrp import runtime, stacks
from ifrp.artifacts import atomic
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.faces.pictures import Files, Skip, decode
from ifrp.recovery import apply, experiment, model
from ifrp.recovery.method import Method


def recover(given: Sequence[Path], model_name: str, output: Path, config_file: Path) -> list[Path]:
    """Recovers every portrait found and writes it as PNG under its own name; says what was skipped and why.

    A picture of another shape is cropped at its centre and resized. Where two portraits have the same name, the
    later ones are numbered.

    Args:
        given: pictures, folders or zip archives of pictures, or .npy stacks.
        model_name: a model file, or the name of an experiment.
        output: folder for the faces.
        config_file: read for an experiment's name and, if it is there, for device and precision.

    Returns:
        The files written.

    Raises:
        IfrpError: the model is missing, a path does not exist, or no portrait could be recovered.
    """
    for path in given:
        if not path.exists():
            raise IfrpError(f"There is no {path}: name a picture, a folder, a zip archive or a .npy stack.")
    config = configuration.load(config_file) if config_file.exists() else Config()
    method, device = _method(model_name, config)
    names, written, skipped = _Names(output), list[Path](), list[str]()
    for batch in _batches(pictures(given, method.size, skipped)):
        images = np.stack([image for _, image in batch])
        for faces in apply.recover(method, images, device):
            for (name, _), face in zip(batch, faces, strict=True):
                target = names.free(name)
                with atomic(target) as new:
                    Image.fromarray(face).save(new)
                written.append(target)
    for line in skipped:
        sys.stderr.write(f"skipped {line}\n")
    if not written:
        raise IfrpError(
            f"No portrait was recovered from {', '.join(map(str, given))}: there is no readable picture."
        )
    sys.stderr.write(f"{len(written)} recovered, {len(skipped)} skipped, in {output}\n")
    return written


def pairs(
    given: Sequence[Path], model_name: str, config: Config
) -> list[tuple[stacks.Images, stacks.Images]]:
    """Portraits, as the model sees them, and what it recovers: (S, S, 3) uint8 each; what is no picture is left out.

    Raises:
        IfrpError: the model is missing, or there is no readable picture.
    """
    method, device = _method(model_name, config)
    portraits = [image for _, image in pictures(given, method.size, [])]
    if not portraits:
        raise IfrpError(f"There is no readable picture in {', '.join(map(str, given))}.")
    faces = [face for batch in apply.recover(method, np.stack(portraits), device) for face in batch]
    return list(zip(portraits, faces, strict=True))


def _method(name: str, config: Config) -> tuple[Method[Any], torch.device]:
    device = runtime.device(config.runtime)
    path = Path(name)
    if path.suffix == ".safetensors":
        method = model.load(path, device)
        method.prepare(config, device, training=False)
        return method, device
    known = configuration.experiments(config)
    if name in known:
        return apply.ready(config, experiment.resolve(config, name), device), device
    names = ", ".join(known) or "none in the configuration"
    raise IfrpError(f"--model {name} is neither a .safetensors file nor an experiment; experiments: {names}.")


def pictures(given: Sequence[Path], size: int, skipped: list[str]) -> Iterator[tuple[str, stacks.Images]]:
    """Name and (size, size, 3) uint8 pixels of each picture; what is none goes to `skipped` with the reason."""
    for path in given:
        if path.suffix == ".npy":
            images = stacks.pictures(path)
            digits = len(str(max(len(images) - 1, 0)))
            for number, image in enumerate(images):
                yield f"{path.stem}-{number:0{digits}d}", fit(Image.fromarray(image), size)
        elif path.is_dir() or path.suffix.lower() == ".zip":
            files = Files(path)
            for name in files.names:
                try:
                    yield Path(name).stem, fit(decode(files.read(name)), size)
                except Skip as reason:
                    skipped.append(f"{path / name}: {reason}")
        else:
            try:
                yield path.stem, fit(decode(path.read_bytes()), size)
            except (Skip, OSError) as reason:
                skipped.append(f"{path}: {reason}")


def fit(picture: Image.Image, size: int) -> stacks.Images:
    """The central square of an RGB picture, resized: (size, size, 3) uint8."""
    square = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(square)


def _batches(
    portraits: Iterator[tuple[str, stacks.Images]],
) -> Iterator[list[tuple[str, stacks.Images]]]:
    batch = []
    for portrait in portraits:
        batch.append(portrait)
        if len(batch) == apply.BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Names:
    """Gives each portrait a file name of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.taken = folder, set[str]()

    def free(self, stem: str) -> Path:
        name, number = stem, 2
        while name.lower() in self.taken:  # some file systems do not tell a from A
            name, number = f"{stem}-{number}", number + 1
        self.taken.add(name.lower())
        return self.folder / f"{name}.png"
