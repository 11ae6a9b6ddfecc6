"""`ifrp recover`: anybody's portraits, as pictures, folders, archives or stacks, through a trained model, into a folder."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ifrp import paths, runtime, stacks
from ifrp.artifacts import atomic
from ifrp.config import Calibration, Config, experiments, load
from ifrp.errors import IfrpError
from ifrp.faces.pictures import Files, Skip, decode
from ifrp.recovery import apply, model, portrait
from ifrp.recovery.calibration import calibrate
from ifrp.recovery.portrait import Model, Portrait, Recovered, fit

TRUST = 0.5  # of the statistics of anybody's portraits: on sketches on white paper, all of it makes faces too dark
COLUMNS = ("file", "face", "left", "top", "right", "bottom", "confidence", "note")


@dataclass(frozen=True)
class Source:
    """A picture that has not been opened yet.

    Attributes:
        file: where it is, for messages.
        stem: its name without suffix.
        open: opens it as upright RGB; raises Skip if it is none.
        face: whether it is a face already, and not to be looked for one.
    """

    file: str
    stem: str
    open: Callable[[], Image.Image]
    face: bool = False


@dataclass
class Folder:
    """Where faces go, and what is told of each picture.

    Attributes:
        path: of the folder.
        compare: whether portrait and face are written side by side, too.
        written: the faces.
        rows: of the table, one for each face and each picture that was skipped.
        skipped: how many those are.
    """

    path: Path
    compare: bool = False
    written: list[Path] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    skipped: int = 0
    taken: set[str] = field(default_factory=set)

    def add(self, source: Source, recovered: Recovered) -> None:
        """Writes a face as PNG under its portrait's name; where two have the same, the later one is numbered."""
        target, seen = self._free(source.stem), recovered.portrait
        with atomic(target) as new:
            recovered.face.save(new)
        if self.compare:
            with atomic(target.with_name(f"{target.stem}-compared.png")) as new:
                recovered.compared.save(new)
        self.written.append(target)
        box = [""] * 4 if seen.box is None else map(str, seen.box)
        confidence = "" if seen.confidence is None else f"{seen.confidence:.3f}"
        self._row(source.file, str(target), *box, confidence, "; ".join(seen.warnings))
        for sentence in seen.warnings:
            sys.stderr.write(f"{source.file}: {sentence}\n")

    def skip(self, source: Source, reason: Skip) -> None:
        """Says why a picture makes no face."""
        self.skipped += 1
        self._row(source.file, *[""] * 6, str(reason))
        sys.stderr.write(f"skipped {source.file}: {reason}\n")

    def _row(self, *cells: str) -> None:
        self.rows.append(dict(zip(COLUMNS, cells, strict=True)))

    def _free(self, stem: str) -> Path:
        name, number = stem, 2
        while name.lower() in self.taken:  # some file systems do not tell a from A
            name, number = f"{stem}-{number}", number + 1
        self.taken |= {name.lower(), f"{name}-compared".lower()} if self.compare else {name.lower()}
        return self.path / f"{name}.png"


def recover(
    portrait_paths: Sequence[Path],
    model_name: str,
    output: Path,
    config_file: Path = paths.CONFIG,
    *,
    aligned: bool = False,
    every: bool = False,
    compare: bool = False,
    table: Path | None = None,
    calibrated: Path | None = None,
) -> list[Path]:
    """Recovers the faces of portraits and writes each as PNG under its portrait's name; says what was skipped and why.

    Args:
        portrait_paths: pictures, folders or zip archives of pictures, or .npy stacks of faces, which are taken as they are.
        model_name: see `portrait.find`; or an experiment of the configuration.
        output: folder for the faces.
        config_file: read for an experiment's name and for the device, if it is there.
        aligned: the pictures are faces already, cropped as the model's training faces were; they are cut square at their centre.
        every: take each face of a picture, not the largest alone.
        compare: write portrait and face side by side, too.
        table: CSV file that says for each picture where the face was, and how surely, or why it was skipped.
        calibrated: first calibrate the model on all these portraits, and keep it in this file, for others of the kind.

    Returns:
        The faces written.

    Raises:
        IfrpError: the model is missing or cannot find faces, a path does not exist, the output would lie among the portraits,
            no portrait could be recovered, or the model cannot be calibrated.
    """
    _check(portrait_paths, output, calibrated)
    config = load(config_file, alone=True) if config_file.exists() else Config()
    recoverer, folder = named(model_name, config), Folder(output, compare)
    seen = _seen(recoverer, sources(portrait_paths), folder, aligned=aligned, every=every)
    if calibrated is not None:
        seen = _calibrate(recoverer, seen, calibrated)
    for batch in portrait.batches(seen):
        for (source, _), recovered in zip(batch, recoverer.faces(view for _, view in batch), strict=True):
            folder.add(source, recovered)
    if table is not None:
        _write(table, folder.rows)
    if not folder.written:
        raise IfrpError(
            f"No portrait was recovered from {', '.join(map(str, portrait_paths))}: there is no readable picture with a face "
            "that could be found; --aligned takes pictures that are faces already."
        )
    shown = folder.written[0] if len(folder.written) == 1 else output
    sys.stderr.write(
        f"{len(folder.written)} recovered, {folder.skipped} skipped: open {shown}. "
        "A recovered face is a guess, and must not be used to identify anybody.\n"
    )
    return folder.written


def _seen(
    recoverer: Model, pictures: Sequence[Source], folder: Folder, *, aligned: bool, every: bool
) -> Iterator[tuple[Source, Portrait]]:
    shown = runtime.progress(pictures, "portraits") if len(pictures) > 1 else pictures
    for source in shown:
        try:
            views = recoverer.portraits(source.open(), aligned=aligned or source.face, every=every)
        except Skip as reason:
            folder.skip(source, reason)
        else:
            yield from ((source, view) for view in views)


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
    recoverer: Model, seen: Iterable[tuple[Source, Portrait]], target: Path
) -> Iterator[tuple[Source, Portrait]]:
    """Calibrates a model on portraits and writes it to `target`; the portraits are held in memory, 50 kB each."""
    held = list(seen)
    if held:
        images = np.stack([view.image for _, view in held])
        calibrate(recoverer.method, images, Calibration(trust=TRUST), recoverer.device)
        metadata = recoverer.header | {"calibrated_on": str(len(held))}
        model.save(target, recoverer.method, metadata)
    return iter(held)


def named(name: str, config: Config) -> Model:
    """A model by its file, its name among those that come with the package, or its experiment in a configuration.

    Raises:
        IfrpError: there is none, or it does not fit the configuration.
    """
    if Path(name).suffix == ".safetensors" or paths.shipped(name).exists() or paths.released(name).exists():
        return portrait.load(name, config.runtime.device)
    every = experiments.names(config)
    if name not in every:
        raise IfrpError(
            f"--model {name} is neither a .safetensors file nor an experiment nor a model that comes with ifrp; "
            f"experiments: {', '.join(every) or 'none in the configuration'}; models: {', '.join(portrait.shipped())}."
        )
    experiment, device = experiments.resolve(config, name), runtime.device(config.runtime)
    method, path = apply.ready(config, experiment, device), paths.recovery_model(experiment.model)
    return Model(name, method, device, model.header(path) if experiment.facts.trained else None)


def sources(portrait_paths: Sequence[Path]) -> list[Source]:
    """The pictures in files, folders, archives and stacks, in their order, none of them opened yet."""
    return [source for path in portrait_paths for source in _sources(path)]


def _sources(path: Path) -> Iterator[Source]:
    if path.suffix == ".npy":
        images = stacks.pictures(path)
        digits = len(str(max(len(images) - 1, 0)))
        for number in range(len(images)):
            stem = f"{path.stem}-{number:0{digits}d}"
            yield Source(f"{path}[{number}]", stem, lambda i=number: Image.fromarray(images[i]), face=True)  # type: ignore[misc]
    elif path.is_dir() or path.suffix.lower() == ".zip":
        files = Files(path)
        for name in files.names:
            yield Source(str(path / name), Path(name).stem, lambda n=name: decode(files.read(n)))  # type: ignore[misc]
    else:
        yield Source(str(path), path.stem, lambda: portrait.opened(path))


def pictures(
    portrait_paths: Sequence[Path], size: int, skipped: list[str]
) -> Iterator[tuple[str, stacks.Images]]:
    """Name and (size, size, 3) uint8 pixels of each picture, square; what is none goes to `skipped` with the reason."""
    for source in sources(portrait_paths):
        try:
            yield source.stem, fit(source.open(), size)
        except Skip as reason:
            skipped.append(f"{source.file}: {reason}")


def _write(table: Path, rows: Sequence[dict[str, str]]) -> None:
    with atomic(table) as new, new.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
