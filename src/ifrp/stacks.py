"""Image stacks: one file of pictures and one table about them, written once and memory-mapped.

`<name>.npy` holds uint8 pictures, shape (N, H, W, 3), RGB, values 0–255; `<name>.csv` one row per picture.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ifrp.artifacts import NAMES, atomic, read_table, require_space, reserve
from ifrp.errors import IfrpError, brief, sentence

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Stack:
    """A stack that lies on disk.

    Attributes:
        images: read-only memory map, (N, H, W, 3) uint8, RGB.
        table: N rows; what the columns mean depends on the stack (file, person, warp parameters, …).
    """

    images: Images
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.images)


def read(path: Path) -> Stack:
    """Opens a stack without reading its pictures.

    Raises:
        IfrpError: a file is missing, the pictures are no stack, or the table has another number of rows.
    """
    table_path = path.with_suffix(".csv")
    for needed in (path, table_path):
        if not needed.exists():
            raise IfrpError(
                f"{needed} does not exist: run the step that makes it, `snakemake --cores all {needed}`."
            )
    images = pictures(path)
    table = read_table(table_path)
    if len(table) != len(images):
        raise IfrpError(
            f"{table_path} has {len(table)} rows for {len(images)} pictures: delete both and make them again."
        )
    return Stack(images, table)


def spread(total: int, count: int | None) -> NDArray[np.int64]:
    """So many places, or all, evenly spread over so many in all."""
    return np.linspace(0, total - 1, min(count or total, total)).round().astype(np.int64)


def is_stack(path: Path) -> bool:
    """Whether a path is that of a stack, by its name; a folder is none, whatever its name."""
    return path.suffix.lower() == ".npy" and not path.is_dir()


def mapped(path: Path, fault: str) -> NDArray[Any]:
    """The array in a .npy file, as a read-only memory map.

    Args:
        path: of the file.
        fault: what to say of it if it holds no array, such as `is no array`.

    Raises:
        IfrpError: it cannot be read, is no array, or is damaged or unfinished.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what makes an error below, too
            return open_memmap(path, mode="r")  # np.load would take archives and pickled objects, too
    except OSError as error:
        raise IfrpError(sentence(error, path)) from error
    except Exception as error:  # what is no array fails in many ways: as text, Python, number, shape
        raise IfrpError(f"{path} {fault} ({brief(error)}): make it again.") from error


def pictures(path: Path) -> Images:
    """The pictures of a stack alone, as a read-only memory map.

    Raises:
        IfrpError: the file is not uint8 (N, H, W, 3), or see `mapped`.
    """
    images = mapped(path, "is not an image stack")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or 0 in images.shape[1:]:
        raise IfrpError(f"{path} holds {images.dtype} {images.shape}, not uint8 (N, H, W, 3): make it again.")
    return images


class Rows:
    """The rows of a table as they come, kept by column: as a dictionary, each would take several times the memory."""

    def __init__(self) -> None:
        self.columns: dict[str, list[object]] = {}

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def append(self, row: Mapping[str, object]) -> None:
        """Adds a row, which has the columns of those before it."""
        if not self.columns:
            self.columns = {name: [] for name in row}
        for name, value in row.items():
            self.columns[name].append(value)

    def extend(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Adds several."""
        for row in rows:
            self.append(row)


def rows_of(table: pd.DataFrame) -> Iterator[dict[str, object]]:
    """The rows of a table in the form that `create` takes, for a stack made from another."""
    names = [str(name) for name in table]
    columns = (table.iloc[:, place].tolist() for place in range(len(names)))
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def to_range(images: Tensor) -> Tensor:
    """Pictures for a network: uint8 (N, H, W, 3) to float (N, 3, H, W) in [-1, 1], channels last in memory."""
    return images.permute(0, 3, 1, 2).float().div(127.5).sub(1)


def to_bytes(images: Tensor) -> Tensor:
    """The inverse of `to_range`, rounded and clamped."""
    return images.float().add(1).mul_(127.5).round_().clamp_(0, 255).byte().permute(0, 2, 3, 1)


@contextmanager
def create(path: Path, shape: tuple[int, int, int]) -> Iterator[tuple[Images, Rows]]:
    """Writes a stack of `shape` (N, H, W); it appears under its name only when the block ends well.

    Yields:
        The writable pictures, (N, H, W, 3) uint8, and the table, to which the block appends N rows.

    Raises:
        ValueError: the block appended another number of rows than N.
        IfrpError: the disk has no room for the pictures; said before the block.
    """
    import pandas as pd

    table_path = path.with_suffix(".csv")
    rows = Rows()
    with atomic(table_path) as new_table, atomic(path) as new:
        require_space(path, 3 * math.prod(shape))  # before a file of that size, with holes, is there
        images = open_memmap(new, mode="w+", dtype=np.uint8, shape=(*shape, 3))
        reserve(new, path)
        yield images, rows
        if len(rows) != shape[0]:
            raise ValueError(f"{path}: {len(rows)} table rows for {shape[0]} pictures")
        images.flush()
        del images
        pd.DataFrame(rows.columns).to_csv(new_table, index=False, lineterminator="\n", errors=NAMES)
        table_path.unlink(missing_ok=True)  # never the pictures of one run with the table of another
