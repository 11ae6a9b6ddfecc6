"""`ifrp recover`: anybody's portraits, as pictures, folders, archives or stacks, through a trained model, into a folder."""

from __future__ import annotations

import csv
import errno
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from ifrp import paths, runtime, stacks
from ifrp.artifacts import NAMES, atomic, require_suffix, require_writable
from ifrp.config import Calibration, Config, experiments, load
from ifrp.errors import IfrpError
from ifrp.faces.files import Files, foreign
from ifrp.faces.pictures import Skip, decode
from ifrp.recovery import apply, model, portrait
from ifrp.recovery.portrait import Model, Portrait, Recovered, fit

TRUST = 0.5  # of the statistics of anybody's portraits: on sketches on white paper, all of it makes faces too dark
LONGEST = 180  # bytes of a name, of which most file systems take 255
NAMED = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EEXIST, errno.EISDIR)
"""errors of the file system that lie in the name, so that other faces can be written"""
COLUMNS = ("file", "face", "left", "top", "right", "bottom", "confidence", "note")


@dataclass(frozen=True)
class Source:
    """A picture that has not been opened yet.

    Attributes:
        file: where it is, for messages.
        name: the same within what was given: its folders there, and its file's name.
        open: opens it as upright RGB; raises Skip if it is none.
        face: whether it is a face already, and not to be looked for one.
    """

    file: str
    name: PurePosixPath
    open: Callable[[], Image.Image]
    face: bool = False

    @property
    def stem(self) -> str:
        """Its name without suffix."""
        return str(self.name if self.face else self.name.parent / self.name.stem)


@dataclass
class Folder:
    """Where faces go, and what is told of each picture.

    Attributes:
        path: of the folder.
        pictures: all of them.
        given: paths that the pictures came from, over which no face is written.
        compare: whether portrait and face are written side by side, too.
        written: the faces.
        rows: of the table, one for each face and each picture that was skipped.
        reasons: how many pictures were skipped, by reason.
    """

    path: Path
    pictures: Sequence[Source]
    given: Sequence[Path] = ()
    compare: bool = False
    written: list[Path] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        root = _real(self.path)
        inside = map(_real, self.given)
        self._taken = {
            _folded(path.relative_to(root).with_suffix("").as_posix())
            for path in inside
            if path.is_relative_to(root)
        }
        names = {source: (_plain(source.stem), _plain(str(source.name))) for source in self.pictures}
        stems, whole = (Counter(_folded(both[i]) for both in names.values()) for i in (0, 1))
        self._places, self._begun = dict[Source, str](), set[Source]()
        for source, (stem, name) in names.items():
            told_apart = stems[_folded(stem)] > 1 == whole[_folded(name)]
            self._places[source] = self._claim(name if told_apart else stem)

    def add(self, source: Source, recovered: Recovered) -> None:
        """Writes a face as PNG where its portrait lay in its folder; further faces of it, and names that are taken, are numbered.

        Raises:
            OSError: it cannot be written, for a reason that is not in its name.
        """
        place, first, seen = self._places[source], source not in self._begun, recovered.portrait
        self._begun.add(source)
        target = self.path / f"{place if first else self._claim(place)}.png"
        try:
            if self.compare:  # first, because its name is longer
                with atomic(target.with_name(f"{target.stem}-compared.png")) as new:
                    recovered.compared.save(new)
            with atomic(target) as new:
                recovered.face.save(new)
        except OSError as error:
            if error.errno not in NAMED:
                raise
            return self.skip(source, Skip(f"{target} cannot be written: {error.strerror}"))
        self.written.append(target)
        box = [""] * 4 if seen.box is None else map(str, seen.box)
        confidence = "" if seen.confidence is None else f"{seen.confidence:.3f}"
        self._row(source.file, str(target), *box, confidence, "; ".join(seen.warnings))
        if first and place != source.stem:
            sys.stderr.write(f"{source.file}: its face is {target}\n")
        for warning in seen.warnings:
            sys.stderr.write(f"{source.file}: {warning}\n")

    def skip(self, source: Source, reason: Skip) -> None:
        """Says why a picture makes no face."""
        self.reasons[str(reason)] += 1
        self._row(source.file, *[""] * 6, str(reason))
        sys.stderr.write(f"skipped {source.file}: {reason}\n")

    def _row(self, *cells: str) -> None:
        self.rows.append(dict(zip(COLUMNS, cells, strict=True)))

    def _claim(self, name: str) -> str:
        """The first of name, name-2, name-3, … that is not taken yet, which it is from now on."""
        for number in count(1):
            found = f"{name}-{number}" if number > 1 else name
            files = {_folded(found), _folded(f"{found}-compared")} if self.compare else {_folded(found)}
            if not files & self._taken:
                self._taken |= files
                break
        return found


def _folded(name: str) -> str:
    """What a file system knows a name by that does not tell a from A, nor one way to write an umlaut from another."""
    return unicodedata.normalize("NFC", name).casefold()


def _plain(name: str) -> str:
    """A relative path that can be written everywhere: no way out of its folder, no control character, no name too long."""
    parts = (part for part in PurePosixPath(name).parts if part not in ("/", ".", ".."))
    clean = ("".join("_" if ord(letter) < 32 else letter for letter in part) for part in parts)
    short = (os.fsdecode(os.fsencode(part)[:LONGEST]) for part in clean)
    return "/".join(short) or "face"


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
        output: folder for the faces, where they lie as their portraits do in the folder or archive that was given; if
            several were given, under the name of each.
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
    _check(portrait_paths, output, table, calibrated)
    pictures = sources(portrait_paths)
    config = load(config_file, alone=True) if config_file.exists() else Config()
    recoverer, folder = named(model_name, config), Folder(output, pictures, portrait_paths, compare)
    seen = _seen(recoverer, pictures, folder, aligned=aligned, every=every)
    if calibrated is not None:
        seen = _calibrate(recoverer, seen, calibrated)
    for batch in portrait.batches(seen, recoverer.device):
        for (source, _), recovered in zip(batch, recoverer.faces(view for _, view in batch), strict=True):
            folder.add(source, recovered)
    if table is not None:
        _write(table, folder.rows)
    if not folder.written:
        raise IfrpError(
            f"No portrait was recovered from {', '.join(map(str, portrait_paths))}: {_why(folder.reasons)}."
        )
    shown = folder.written[0] if len(folder.written) == 1 else output
    sys.stderr.write(
        f"{len(folder.written)} recovered, {folder.reasons.total()} skipped: open {shown}. "
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


def _why(reasons: Counter[str]) -> str:
    """Why no picture gave a face, the most frequent reasons first, and what may help."""
    if not reasons:
        return "there is no file in it"
    told = [
        f"{reason} ({times} pictures)" if times > 1 else reason for reason, times in reasons.most_common(3)
    ]
    if any(reason.startswith("no face") for reason in reasons):
        told.append("--aligned takes pictures that are faces already")
    return "; ".join(told)


def _check(portrait_paths: Sequence[Path], output: Path, table: Path | None, calibrated: Path | None) -> None:
    if calibrated is not None:
        require_suffix(calibrated, ".safetensors", "--calibrate")
    if table is not None:
        require_suffix(table, ".csv", "--table")
    if output.exists() and not output.is_dir():
        raise IfrpError(f"{output} is a file: name a folder for the faces with --output.")
    if not portrait_paths:
        raise IfrpError(
            "Name a picture, a folder, a zip archive or a .npy stack; or try `ifrp recover --example`."
        )
    target = _real(output)
    for path in portrait_paths:
        if not path.exists():
            raise IfrpError(f"There is no {path}: name a picture, a folder, a zip archive or a .npy stack.")
        if stacks.is_stack(path):
            stacks.pictures(path)  # a damaged one is noticed before anything is written
        own = path if path.is_dir() else path.parent
        above = [target, *target.parents] if path.is_dir() else [target]
        if any(folder.is_dir() and folder.samefile(own) for folder in above):
            raise IfrpError(  # a face could take the name of its portrait, or be taken for one
                f"{output} lies where the portraits of {path} are: name another folder with --output."
            )
    for written in (output / "face.png", table, calibrated):
        if written is not None:
            require_writable(written)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # not resolve(), which has an error of its own for a loop of links


def _calibrate(
    recoverer: Model, seen: Iterable[tuple[Source, Portrait]], target: Path
) -> Iterator[tuple[Source, Portrait]]:
    """Calibrates a model on portraits and writes it to `target`; the portraits are held in memory, 50 kB each."""
    held = list(seen)
    if held:
        images = np.stack([view.image for _, view in held])
        recoverer.calibrate(images, Calibration(trust=TRUST))
        metadata = recoverer.header | {"calibrated_on": str(len(held))}
        model.save(target, recoverer.method, metadata)
    return iter(held)


def named(name: str, config: Config) -> Model:
    """A model by its file, its name among those that come with the package, or its experiment in a configuration.

    Raises:
        IfrpError: there is none, or it does not fit the configuration.
    """
    if (
        Path(name).suffix.lower() == ".safetensors"
        or paths.shipped(name).exists()
        or paths.released(name).exists()
    ):
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
    """The pictures in files, folders, archives and stacks, in their order, none of them opened yet.

    Of several folders, each picture's name begins with its folder's, and so does that of files with the same name.
    """
    given = list({_real(path): path for path in portrait_paths}.values())
    holding = [path for path in given if _holds(path)]
    names = Counter(path.name for path in given)
    return [
        source
        for path in given
        for source in _sources(path, len(holding) > 1 if path in holding else names[path.name] > 1)
    ]


def _holds(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() == ".zip" or (path.is_file() and foreign(path) is not None)


def _sources(path: Path, several: bool) -> Iterator[Source]:
    own = _real(path)
    if _holds(path):
        files, root = Files(path), PurePosixPath((own.name if path.is_dir() else own.stem) if several else "")
        for name in (*files.names, *files.skipped):
            yield Source(str(path / name), root / name, lambda n=name: decode(files.read(n)))  # type: ignore[misc]
        return
    root = PurePosixPath(own.parent.name if several else "")
    if stacks.is_stack(path):
        images = stacks.pictures(path)
        digits = len(str(max(len(images) - 1, 0)))
        for number in range(len(images)):
            within = root / f"{path.stem}-{number:0{digits}d}"
            yield Source(f"{path}[{number}]", within, lambda i=number: Image.fromarray(images[i]), face=True)  # type: ignore[misc]
    else:
        yield Source(str(path), root / path.name, lambda: portrait.opened(path))


def pictures(
    portrait_paths: Sequence[Path], size: int, skipped: list[str]
) -> Iterator[tuple[str, stacks.Images]]:
    """Each picture's name without suffix, and its pixels, square: (size, size, 3) uint8; what is none goes to `skipped`."""
    for source in sources(portrait_paths):
        try:
            yield source.stem, fit(source.open(), size)
        except Skip as reason:
            skipped.append(f"{source.file}: {reason}")


def _write(table: Path, rows: Sequence[dict[str, str]]) -> None:
    with atomic(table) as new, new.open("w", newline="", errors=NAMES) as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
