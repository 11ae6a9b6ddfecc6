"""Any folder or zip archive of face photos as a source, with an optional table of identities."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ifrp import tables
from ifrp.config import PhotoFaces
from ifrp.errors import IfrpError
from ifrp.faces.files import Files
from ifrp.faces.find import Finder
from ifrp.faces.pictures import decode
from ifrp.faces.source import Record, Source, common

if TYPE_CHECKING:
    from PIL import Image


def photos(settings: PhotoFaces) -> Source:
    """The photos of `faces.photos`.

    Raises:
        IfrpError: a setting is missing or contradicts another, or a file is missing or lacks a column.
    """
    if not settings.path:
        raise IfrpError("faces.photos.path is empty: set it to a folder or zip archive of face photos.")
    if [settings.crop is not None, bool(settings.landmarks), settings.find].count(True) != 1:
        raise IfrpError(
            "Set one of faces.photos.crop, faces.photos.landmarks and faces.photos.find: it says where faces are."
        )
    if settings.landmarks and not settings.identities:
        raise IfrpError("faces.photos.landmarks names columns of faces.photos.identities, which is not set.")
    files = Files(Path(settings.path))
    inputs = [files.path] if files.path.is_file() else []
    if settings.identities is None:
        records, skipped = [Record(name, name) for name in files.names], dict[str, str]()
    else:
        table = Path(settings.identities)
        rows = _rows(table, settings.landmarks)
        inputs.append(table)
        own = table.stat()
        names = [name for name in files.names if not _same(os.path.join(settings.path, name), own)]
        records, skipped = _match(names, rows, settings)
    skipped |= files.skipped
    if (
        settings.landmarks
        and records
        and np.median([row.landmarks[2] - row.landmarks[0] for row in records]) < 0
    ):
        raise IfrpError(
            "faces.photos.landmarks must name the eye on the left of the picture first: swap the two eyes."
        )

    def load(name: str) -> Image.Image:
        return decode(files.read(name))

    crop, pictures = settings.crop, [record.file for record in records]
    return Source(
        str(files.path), records, load, crop, inputs=inputs, skipped=skipped,
        shape=common("faces.photos.crop", crop, pictures, load) if crop else None,
        find=Finder().faces if settings.find else None,
    )  # fmt: skip


def _same(path: str, other: os.stat_result) -> bool:
    with suppress(OSError):  # of an archive, no member is a file
        return os.path.samestat(os.stat(path), other)
    return False


def _rows(path: Path, landmarks: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The rows of the identities, by file, with columns person and the landmarks."""
    if not path.exists():
        raise IfrpError(f"faces.photos.identities names {path}, which does not exist.")
    if landmarks and (len(landmarks) < 6 or len(landmarks) % 2):
        raise IfrpError(
            "faces.photos.landmarks must name x and y columns of the left eye, the right eye and points of the mouth: "
            f"six columns or more, not {len(landmarks)}."
        )
    rows, lines = dict[str, dict[str, str]](), dict[str, int]()
    for row in tables.read(path, ["file", *landmarks]):
        person = row.cells.get("person", row.cells.get("identity"))
        if person is None:
            raise IfrpError(f"{path} lacks the column person; it needs file, and person or identity.")
        file = row.cells["file"].replace("\\", "/").removeprefix("./")
        if file in rows:
            raise IfrpError(
                f"{path} names the file {file} twice (lines {lines[file]} and {row.line}): leave one row per picture."
            )
        rows[file], lines[file] = {**row.cells, "person": person}, row.line
    return rows


def _match(
    names: list[str], rows: dict[str, dict[str, str]], settings: PhotoFaces
) -> tuple[list[Record], dict[str, str]]:
    """Finds the row of each picture by its relative path, else by its base name if no other picture shares it."""
    bases = Counter(PurePosixPath(name).name for name in names)
    records, skipped, used = [], dict[str, str](), set[str]()
    for name in names:
        base = PurePosixPath(name).name
        key = name if name in rows else base
        if key not in rows:
            skipped[name] = f"not in {settings.identities}"
        elif key != name and bases[base] > 1:
            skipped[name] = f"several pictures are called {base}: {settings.identities} must give their paths"
        elif not rows[key]["person"]:
            skipped[name] = f"no person in {settings.identities}"
        else:
            try:
                points = tuple(float(rows[key][column]) for column in settings.landmarks)
            except ValueError:
                skipped[name] = f"a landmark in {settings.identities} is not a number"
            else:
                records.append(Record(name, rows[key]["person"], points))
        used.add(key)
    skipped.update(
        {key: f"in {settings.identities}, but not in {settings.path}" for key in rows if key not in used}
    )
    return records, skipped
