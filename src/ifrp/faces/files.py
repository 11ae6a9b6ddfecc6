"""The files in a folder or in a zip archive, and why others there are passed over."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ifrp.errors import IfrpError, brief
from ifrp.faces.pictures import Skip

LARGEST_FILE = 256 * 2**20  # bytes
HIDDEN = re.compile(r"\..*|__macosx|thumbs\.db|desktop\.ini", re.IGNORECASE)
"""files and folders that systems leave among pictures, which are passed over without a word"""
PART = re.compile(r".*\.(z\d\d|(zip\.)?\d\d\d)", re.IGNORECASE)
"""names of the parts of a split archive"""
SPLIT = "one part of a split archive"
ARCHIVES = (
    (0, b"PK\x07\x08", SPLIT), (0, b"\x1f\x8b", "a gzip archive"), (257, b"ustar", "a tar archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (0, b"Rar!", "a rar archive"), (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ", "an xz archive"), (0, b"(\xb5/\xfd", "a zstd archive"),
)  # fmt: skip
"""what is offered in place of a zip archive: from which byte on, what stands there, what it is"""


class Files:
    """The files in a folder (recursively) or in a zip archive, whose members are read in memory and never extracted.

    A link to a folder is followed once, and not if the folder is looked through anyway.

    Attributes:
        path: the folder or archive.
        names: sorted relative names with forward slashes, which never lead out of the folder or archive, without hidden
            files and what systems add (`HIDDEN`).
        skipped: reasons, by name, why others cannot be had.
    """

    def __init__(self, path: Path) -> None:
        """Lists the files.

        Raises:
            IfrpError: there is neither a folder nor a whole zip archive at `path`.
        """
        self.path = path
        self.skipped = dict[str, str]()
        self._archive: zipfile.ZipFile | None = None
        self._members = dict[str, zipfile.ZipInfo]()
        if path.is_dir():
            names = set(self._walked())
        else:
            self._archive = _opened(path)
            names = set(self._listed(self._archive))
        self.names = sorted(names)

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
            Skip: it is too large, encrypted, damaged or not readable, or one of those in `skipped`.
        """
        if name in self.skipped:
            raise Skip(self.skipped[name])
        try:
            member = self._members.get(name)
            size = member.file_size if member else (self.path / name).stat().st_size
            if size > LARGEST_FILE:
                raise Skip(f"the file has {size / 2**20:.0f} MB, more than {LARGEST_FILE / 2**20:.0f}")
            if self._archive and member:
                return self._archive.read(member)
            return (self.path / name).read_bytes()
        except Skip:
            raise
        except Exception as error:  # zipfile, zlib, lzma and the file system each have their own
            reason = getattr(error, "strerror", None) or brief(error)
            raise Skip(f"the file cannot be read: {reason}") from error

    def _walked(self) -> Iterator[str]:
        """Names of the files in a folder; first of those that are really there, then of those behind links."""
        seen, links = set[tuple[int, int]](), [self.path]
        while links:
            start = links.pop(0)
            if start != self.path and _identity(start) in seen:
                self._skip(start, "a link to a folder that is looked through already")
                continue
            for folder, inner, files in os.walk(start, onerror=self._unreadable):
                seen.add(_identity(folder))
                inner[:] = sorted(name for name in inner if not HIDDEN.fullmatch(name))
                links += [Path(folder, name) for name in inner if os.path.islink(os.path.join(folder, name))]
                for file in (Path(folder, name) for name in files if not HIDDEN.fullmatch(name)):
                    if reason := _unfit(file):
                        self._skip(file, reason)
                    else:
                        yield self._name(file)

    def _unreadable(self, error: OSError) -> None:
        if Path(error.filename) == self.path:
            raise error
        self._skip(Path(error.filename), f"the folder cannot be read: {error.strerror}")

    def _skip(self, file: Path, reason: str) -> None:
        self.skipped[self._name(file)] = reason

    def _name(self, file: Path) -> str:
        return file.relative_to(self.path).as_posix()

    def _listed(self, archive: zipfile.ZipFile) -> Iterator[str]:
        for member in archive.infolist():
            given = member.filename.replace("\\", "/")  # as some programs for Windows write them
            path = PurePosixPath(given)
            name, parts = path.as_posix(), path.parts
            if given.endswith("/") or (any(map(HIDDEN.fullmatch, parts)) and ".." not in parts):
                continue
            if not parts:
                self.skipped[name] = "it has no name"
            elif path.is_absolute() or ".." in parts or re.match("[A-Za-z]:", name):
                self.skipped[name] = "its name leads out of the archive"
            elif stat.S_ISLNK(member.external_attr >> 16):
                self.skipped[name] = "a link, which is not followed in archives"
            elif name in self._members:
                self.skipped[f"{name} (again)"] = "the archive has two files of this name"
            else:
                self._members[name] = member
                yield name


def foreign(path: Path) -> str | None:
    """What archive of another kind than zip a file is, or that it is a part of one; none for any other file."""
    if PART.fullmatch(path.name):
        return SPLIT
    start = _start(path)
    return next((kind for at, sign, kind in ARCHIVES if start.startswith(sign, at)), None)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def _identity(folder: str | Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _unfit(file: Path) -> str | None:
    """Why no file can be read there, if so."""
    try:
        mode = file.stat().st_mode
    except OSError as error:
        return "a link to nothing" if file.is_symlink() else f"the file cannot be read: {error.strerror}"
    return None if stat.S_ISREG(mode) else "neither a file nor a folder"


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        if zipfile.is_zipfile(path) and not PART.fullmatch(path.name):
            return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise IfrpError(f"{path} is a damaged zip archive ({brief(error)}): get it again.") from error
    kind = foreign(path) if path.exists() else None
    if kind == SPLIT:
        raise IfrpError(
            f"{path} is {SPLIT}: join the parts to one zip archive, or unpack them and name the folder."
        )
    if kind:
        raise IfrpError(f"{path} is {kind}, which is not read: unpack it, and name the folder.")
    if path.exists() and _start(path).startswith(b"PK"):
        raise IfrpError(f"{path} is a damaged zip archive (its end is missing): get it again.")
    raise IfrpError(f"{path} is neither a folder nor a zip archive: name one that holds the pictures.")
