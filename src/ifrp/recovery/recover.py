"""`ifrp recover`: anybody's portraits, as pictures, folders or stacks, through a trained model."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from ifrp import paths, runtime, stacks
from ifrp.artifacts import atomic
from ifrp.config import Calibration, Config, experiments, load
from ifrp.errors import IfrpError
from ifrp.faces import geometry
from ifrp.faces.find import Finder
from ifrp.faces.pictures import Files, Skip, decode
from ifrp.recovery import apply, model
from ifrp.recovery.calibration import calibrate
from ifrp.recovery.method import Method

TRUST = 0.5  # of the statistics of anybody's portraits: on sketches on white paper, all of it makes faces too dark
Take = Callable[[Image.Image, int], stacks.Images]
"""how a picture becomes (size, size, 3) uint8 pixels; raises Skip if it cannot"""


def recover(
    portrait_paths: Sequence[Path],
    model_name: str,
    output: Path,
    config_file: Path,
    find: bool = False,
    calibrated: Path | None = None,
) -> list[Path]:
    """Recovers every portrait found and writes it as PNG under its own name; says what was skipped and why.

    A picture of another shape is cropped at its centre and resized, unless the face in it is to be found. Where two
    portraits have the same name, the later ones are numbered.

    Args:
        portrait_paths: pictures, folders or zip archives of pictures, or .npy stacks, which are taken as they are.
        model_name: a model file, the name of an experiment, or that of a released model.
        output: folder for the faces.
        config_file: read for an experiment's name and, if it is there, for the device.
        find: search each picture for its largest face, and crop it as the model's training faces were.
        calibrated: first calibrate the model on all these portraits, and keep it in this file, for others of the kind.

    Returns:
        The files written.

    Raises:
        IfrpError: the model is missing or does not say where faces are to lie, a path does not exist, the output would
            lie among the portraits, no portrait could be recovered, or the model cannot be calibrated.
    """
    _check(portrait_paths, output, calibrated)
    config = load(config_file) if config_file.exists() else Config()
    method, device, path = _method(model_name, config)
    take = finding(path) if find else fit
    names, written, skipped = _Names(output), list[Path](), list[str]()
    portraits = pictures(portrait_paths, method.size, skipped, take)
    if calibrated is not None:
        portraits = _calibrate(method, path, portraits, calibrated, device)
    for batch in _batches(portraits):
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
            f"No portrait was recovered from {', '.join(map(str, portrait_paths))}: there is no readable picture."
        )
    sys.stderr.write(f"{len(written)} recovered, {len(skipped)} skipped, in {output}\n")
    return written


def _check(portrait_paths: Sequence[Path], output: Path, calibrated: Path | None) -> None:
    if calibrated is not None and (calibrated.suffix != ".safetensors" or calibrated.is_dir()):
        raise IfrpError(
            f"--calibrate {calibrated}: name a file that ends in .safetensors, to keep the calibrated model in."
        )
    if output.exists() and not output.is_dir():
        raise IfrpError(f"{output} is a file: name a folder for the faces with --output.")
    target = output.resolve()
    for path in portrait_paths:
        if not path.exists():
            raise IfrpError(f"There is no {path}: name a picture, a folder, a zip archive or a .npy stack.")
        if path.suffix == ".npy":
            stacks.pictures(path)  # a damaged one is noticed before anything is written
        beside = target.is_relative_to(path.resolve()) if path.is_dir() else target == path.parent.resolve()
        if beside:  # a face could take the name of its portrait, or be taken for one
            raise IfrpError(
                f"{output} lies where the portraits of {path} are: name another folder with --output."
            )


def _calibrate(
    method: Method[Any],
    source: Path,
    portraits: Iterator[tuple[str, stacks.Images]],
    target: Path,
    device: torch.device,
) -> Iterator[tuple[str, stacks.Images]]:
    """Calibrates a method on portraits and writes it to `target`; the portraits are held in memory, 50 kB each."""
    held = list(portraits)
    if held:
        calibrate(method, np.stack([image for _, image in held]), Calibration(trust=TRUST), device)
        metadata = model.header(source) | {"calibrated_on": str(len(held))}
        model.save(target, method, metadata)
    return iter(held)


def pairs(
    portrait_paths: Sequence[Path], model_name: str, config: Config
) -> list[tuple[stacks.Images, stacks.Images]]:
    """Portraits, as the model sees them, and what it recovers: (S, S, 3) uint8 each; what is no picture is left out.

    Raises:
        IfrpError: the model is missing, or there is no readable picture.
    """
    method, device, _ = _method(model_name, config)
    portraits = [image for _, image in pictures(portrait_paths, method.size, [])]
    if not portraits:
        raise IfrpError(f"There is no readable picture in {', '.join(map(str, portrait_paths))}.")
    faces = [face for batch in apply.recover(method, np.stack(portraits), device) for face in batch]
    return list(zip(portraits, faces, strict=True))


def portrait(path: Path, model_name: str, config: Config) -> tuple[Image.Image, stacks.Images, stacks.Images]:
    """Recovers the largest face in one picture.

    Returns:
        The picture, upright RGB; the face found in it, as the model sees it, and what it recovers: (S, S, 3) uint8 each.

    Raises:
        IfrpError: the model is missing or does not say where faces are to lie, or no face can be found in the picture.
    """
    method, device, file = _method(model_name, config)
    take = finding(file)
    try:
        picture = decode(path.read_bytes())
        seen = take(picture, method.size)
    except (Skip, OSError) as reason:
        raise IfrpError(f"No face is recovered from {path}: {reason}.") from reason
    [[face]] = apply.recover(method, seen[None], device)
    return picture, seen, face


def _method(name: str, config: Config) -> tuple[Method[Any], torch.device, Path]:
    """A method by the name of its file, its experiment or its release; and the file of its networks, if it has any."""
    device, path = runtime.device(config.runtime), Path(name)
    if path.suffix != ".safetensors":
        every, path = experiments.names(config), paths.released(name)
        if name in every:
            experiment = experiments.resolve(config, name)
            return apply.ready(config, experiment, device), device, paths.recovery_model(experiment.model)
        if not path.exists():
            names = ", ".join(every) or "none in the configuration"
            others = ", ".join(sorted(file.stem for file in paths.RELEASED.glob("*.safetensors"))) or "none"
            raise IfrpError(
                f"--model {name} is neither a .safetensors file nor an experiment nor a released model; "
                f"experiments: {names}; released models: {others}."
            )
    method = model.load(path, device)
    method.prepare(config, device, training=False)
    return method, device, path


def fit(picture: Image.Image, size: int) -> stacks.Images:
    """The central square of an RGB picture, resized: (size, size, 3) uint8."""
    square = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(square)


def finding(path: Path) -> Take:
    """Takes the largest face of a picture, upright, as a model's training faces lay; beyond the picture its edge is repeated.

    Raises:
        IfrpError: the model file does not say where eyes and mouth lie.
    """
    landmarks = model.header(path).get("landmarks") if path.exists() else None
    if landmarks is None:
        raise IfrpError(
            f"{path} does not say where eyes and mouth lie in its faces: use a released model with --find "
            "(`ifrp recovery release`), or crop the portraits yourself."
        )
    goal, finder = np.array(json.loads(landmarks)), Finder()

    def take(picture: Image.Image, size: int) -> stacks.Images:
        points = finder.landmarks(picture)
        if points is None:
            raise Skip("no face was found in it")
        return geometry.cut(picture, geometry.similar(points, size * goal), size)

    return take


def pictures(
    portrait_paths: Sequence[Path], size: int, skipped: list[str], take: Take = fit
) -> Iterator[tuple[str, stacks.Images]]:
    """Name and (size, size, 3) uint8 pixels of each picture; what is none goes to `skipped` with the reason."""
    for path in portrait_paths:
        if path.suffix == ".npy":
            images = stacks.pictures(path)
            digits = len(str(max(len(images) - 1, 0)))
            for number, image in enumerate(images):
                yield f"{path.stem}-{number:0{digits}d}", fit(Image.fromarray(image), size)
        elif path.is_dir() or path.suffix.lower() == ".zip":
            files = Files(path)
            for name in files.names:
                try:
                    yield Path(name).stem, take(decode(files.read(name)), size)
                except Skip as reason:
                    skipped.append(f"{path / name}: {reason}")
        else:
            try:
                yield path.stem, take(decode(path.read_bytes()), size)
            except (Skip, OSError) as reason:
                skipped.append(f"{path}: {reason}")


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
