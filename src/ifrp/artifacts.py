"""Artifacts that are never half-written, and weights that load strictly."""

from __future__ import annotations

import errno
import functools
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ifrp.errors import FULL, IfrpError, brief, sentence

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn


HEADER = "ifrp"
"""the entry of a safetensors file's header in which the metadata are, as JSON"""


NAMES: Final = "surrogateescape"
"""how tables hold names of files that are not UTF-8: byte by byte"""
PART = re.compile(r"\.ifrp-(?P<process>\d+)-\d+@(?P<host>[^@]*)@")
"""how the name of a hidden part begins: who writes it"""
LONGEST = 40  # characters of a file's own name in that of its hidden part, which so is never too long
OLD = 24 * 3600  # seconds after which a part of another machine is given up
BLOCK = 2**20  # bytes that a disk which is not full takes
NUMBERS = itertools.count()


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yields a hidden path in the same folder, with the same suffix; it gets its name when the block ends well.

    What dead processes left there of the kind is removed first.

    Raises:
        OSError: the file system refuses. It names `path`, not the hidden one; on a full disk, so does what a library says.
    """
    new = _part(path)
    try:
        yield new
        new.replace(path)
    except Exception as error:
        _blame(error, path, new)
        raise
    finally:
        _remove(new)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """A hidden folder beside `path` that goes away with the block, or is cleared as those of `atomic` are."""
    folder = _part(path)
    folder.mkdir()
    try:
        yield folder
    finally:
        _remove(folder)


def _part(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear(path.parent.resolve())
    owner = f".ifrp-{os.getpid()}-{next(NUMBERS)}@{socket.gethostname()}@"
    return path.with_name(owner + path.name[-LONGEST:])


@functools.cache
def _clear(folder: Path) -> None:
    """Removes hidden parts of dead processes, once for each folder: before this process has parts of its own there."""
    for entry in os.scandir(folder):
        if (owner := PART.match(entry.name)) and not _alive(owner, Path(entry.path)):
            _remove(Path(entry.path))


def _alive(owner: re.Match[str], part: Path) -> bool:
    process = int(owner["process"])
    try:
        if owner["host"] != socket.gethostname():
            return time.time() - part.stat().st_mtime < OLD
        os.kill(process, 0)
    except (ProcessLookupError, FileNotFoundError, OverflowError):
        return False
    except OSError:
        return True
    return process != os.getpid()  # an earlier process had the same number


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        with suppress(OSError):  # a folder that has become read-only must not hide why
            part.unlink()


def _blame(error: Exception, path: Path, new: Path) -> None:
    """Makes a fault in writing `new` one of `path`, which is the name that people know."""
    if isinstance(error, OSError) and error.errno is not None:
        written = error.filename is None and error.errno in FULL
        if written or str(error.filename) == str(new):
            error.filename = str(path)
        return
    if isinstance(error, IfrpError):
        return
    try:  # a library has words of its own for a disk that is full; the disk itself says what it is
        with new.open("ab") as file:
            file.write(bytes(BLOCK))
    except OSError as refused:
        refused.filename = str(path)
        raise refused from error


def require_suffix(path: Path, suffix: str, option: str) -> None:
    """Refuses the name of an output that says that it is something else, and could be so already.

    Args:
        path: what is going to be written.
        suffix: how its name must end.
        option: what names it on the command line, for the message.

    Raises:
        IfrpError: it ends otherwise, or is a folder.
    """
    if path.suffix.lower() != suffix or path.is_dir():
        raise IfrpError(f"{option} {path}: name a file that ends in {suffix}.")


def require_writable(path: Path) -> None:
    """Tries an output before the work that leads to it, and leaves nothing behind.

    Raises:
        OSError: it cannot be written: the place is full, read-only or forbidden, or a file is where a folder must be.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        new = _part(path)
        try:
            new.write_bytes(bytes(BLOCK // 16))
        except OSError as error:
            _blame(error, path, new)
            raise
        finally:
            _remove(new)
    finally:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()


def require_space(path: Path, size: int) -> None:
    """Refuses a file for which there is no room.

    Args:
        path: of the file; its folder exists.
        size: of it, in bytes.

    Raises:
        IfrpError: the disk has less free; the sentence says how much is missing.
    """
    free = shutil.disk_usage(path.parent).free
    if size > free:
        takes, missing = math.ceil(size / 2**20), math.ceil((size - free) / 2**20)
        raise IfrpError(
            f"{path} takes {takes} MB, and its disk lacks {missing} of them: make room there, and run the same command again."
        )


def reserve(new: Path, path: Path) -> None:
    """Takes space on the disk for all of a file that is then written through a memory map: a disk that fills up is a bus error.

    On a file system without such a call, the C library writes to every block, which takes as long as writing the file. Where
    that is refused, and on macOS, it has to do that there was room before.

    Args:
        new: the file, which has its size already, but may have holes.
        path: its name for messages.

    Raises:
        IfrpError: there is no room, or the quota allows no more.
    """
    size = new.stat().st_size
    require_space(path, size)
    if not hasattr(os, "posix_fallocate"):
        return
    with new.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                return
            _blame(error, path, new)
            raise


def save_weights(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Writes tensors as safetensors, atomically.

    Args:
        path: ends in .safetensors.
        tensors: name to tensor; moved to the CPU and made contiguous.
        metadata: short strings kept in the file's header.
    """
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic(path) as new:
        # One entry, because safetensors writes several in an order that differs from run to run.
        new.write_bytes(save(plain, metadata={HEADER: json.dumps(dict(metadata or {}), sort_keys=True)}))


def load_weights(path: Path) -> dict[str, Tensor]:
    """Reads weights from .safetensors, or from a torch file with `weights_only=True` (nothing is executed).

    Raises:
        IfrpError: the file is missing, damaged, or holds something else than a dictionary of tensors.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.exists():
        raise IfrpError(f"There are no weights at {path}: check the path, or run the step that trains them.")
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise IfrpError(sentence(error, path)) from error
    except (SafetensorError, EOFError, RuntimeError, ValueError, KeyError) as error:
        raise IfrpError(
            f"{path} cannot be read as weights ({brief(error)}): it may be damaged; fetch or train it again."
        ) from error
    except Exception as error:  # pickle.UnpicklingError is private to weights_only loading
        raise IfrpError(
            f"{path} is not a file of plain weights and was not opened ({type(error).__name__})."
        ) from error
    for key in ("state_dict", "net_state_dict"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        raise IfrpError(
            f"{path} does not hold a plain dictionary of tensors: export its state_dict and try again."
        )
    return content


def load_into(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Loads a state dictionary strictly.

    Raises:
        IfrpError: a tensor is missing, unexpected, or has another shape; `path` is named in the message.
    """
    try:
        module.load_state_dict(dict(tensors), strict=True)
    except RuntimeError as error:
        raise IfrpError(f"{path} does not fit {type(module).__name__}: {brief(error)}") from error


def read_header(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file, see `save_weights`; none for one that is of another project.

    Raises:
        IfrpError: the file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(HEADER, "{}")
    except OSError as error:
        raise IfrpError(sentence(error, path)) from error
    except (SafetensorError, ValueError) as error:
        raise IfrpError(
            f"{path} cannot be read as a model ({brief(error)}): fetch it or train it again."
        ) from error
    found = parsed(text, path)
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise IfrpError(
            f"{path} has a header that is no mapping of names to text: fetch it or train it again."
        )
    return found


def parsed(text: str, path: Path) -> Any:
    """What JSON in the header of a file says.

    Raises:
        IfrpError: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise IfrpError(
            f"{path} has a header that is not JSON ({brief(error)}): fetch it or train it again."
        ) from error


def save_table(path: Path, table: pd.DataFrame, numbers: str = "%.6g") -> None:
    """Writes a table as CSV, atomically; `numbers` is the printf format of its floats."""
    with atomic(path) as new:
        table.to_csv(new, index=False, float_format=numbers, lineterminator="\n", errors=NAMES)


def read_table(path: Path, columns: Iterable[str] = (), text: Iterable[str] = ()) -> pd.DataFrame:
    """Reads back a table that the project made: only what is empty is missing.

    Args:
        path: of the table.
        columns: those that it must have.
        text: those that are text whatever is in them, beside people and files (which may be called NA, or 007).

    Raises:
        IfrpError: it is missing, cannot be read, lacks a column, or its rows are longer than its first line.
    """
    import pandas as pd

    kinds = dict.fromkeys(("person", "file", *text), str)
    try:
        found = pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=[""], encoding_errors=NAMES)
    except (ValueError, OSError) as error:  # what pandas raises are ValueErrors
        reason = getattr(error, "strerror", None) or brief(error)
        raise IfrpError(f"{path} cannot be read as a table ({reason}): make it again.") from error
    missing = [name for name in columns if name not in found]
    if missing or not isinstance(found.index, pd.RangeIndex):
        what = (
            f"lacks the column {missing[0]}"
            if missing
            else "has rows with more values than its first line has names"
        )
        raise IfrpError(f"{path} {what}: make it again.")
    return found


def require(paths: Iterable[Path]) -> None:
    """Checks that all inputs of a step exist.

    Raises:
        IfrpError: one does not.
    """
    for path in paths:
        if not path.exists():
            raise IfrpError(f"{path} does not exist: run `snakemake --cores all {path}`.")


def require_settings(
    path: Path, saved: Mapping[str, Any], wanted: Mapping[str, Any], where: str = ""
) -> None:
    """Checks that an artifact that is found by its name was made with the settings of the configuration at hand.

    Args:
        path: of the artifact.
        saved: plain settings that it was made with.
        wanted: those of the configuration, with the same keys in the same order.
        where: what stands before these keys in the configuration, with a dot at its end.

    Raises:
        IfrpError: one differs.
    """
    for key, value in wanted.items():
        other = saved.get(key)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            require_settings(path, other, value, f"{where}{key}.")
        elif other != value:
            raise IfrpError(
                f"{path} was made with another {where}{key} ({other}) than the configuration has ({value}): make it again "
                f"by `snakemake --cores all --force {path}`, or name the preset that it was made with."
            )


def hexdigest(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal checksum of a file, read in blocks; `algorithm` is one of hashlib's."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def checksum(path: Path) -> str:
    """SHA-256 of what a step reads: however many of its cards name the file, it is read once, unless it changes meanwhile."""
    found = path.stat()
    return _checksum(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@functools.cache
def _checksum(path: Path, *state: int) -> str:
    return hexdigest(path)
