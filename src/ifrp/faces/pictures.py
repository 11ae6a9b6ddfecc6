"""Picture files of every kind, opened as upright RGB or refused with a reason."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ifrp.errors import IfrpError

if TYPE_CHECKING:
    from PIL import Image

LARGEST_FILE = 256 * 2**20  # bytes
LARGEST_PICTURE = 100_000_000  # pixels


class Skip(Exception):  # noqa: N818 - not an error: the file is left out and the reason is written down
    """This file makes no face; the message says why."""


class Files:
    """The files in a folder (recursively) or in a zip archive, whose members are read in memory and never extracted.

    Attributes:
        path: the folder or archive.
        names: sorted relative names with forward slashes, without hidden files and what macOS adds to archives.
    """

    def __init__(self, path: Path) -> None:
        """Lists the files.

        Raises:
            IfrpError: there is neither a folder nor a zip archive at `path`.
        """
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        if path.is_dir():
            names = (file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        elif zipfile.is_zipfile(path):
            self._archive = zipfile.ZipFile(path)
            names = (member.filename for member in self._archive.infolist() if not member.is_dir())
        else:
            raise IfrpError(
                f"{path} is neither a folder nor a zip archive: name one that holds the pictures."
            )
        self.names = sorted({name for name in names if not _hidden(name)})

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
            Skip: it is too large, encrypted, damaged or not readable.
        """
        try:
            size = (
                self._archive.getinfo(name).file_size if self._archive else (self.path / name).stat().st_size
            )
            if size > LARGEST_FILE:
                raise Skip(f"the file has {size / 2**20:.0f} MB, more than {LARGEST_FILE / 2**20:.0f}")
            return self._archive.read(name) if self._archive else (self.path / name).read_bytes()
        except Skip:
            raise
        except Exception as error:  # zipfile, zlib, lzma and the file system each have their own
            raise Skip(f"the file cannot be read: {error}") from error


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def decode(content: bytes) -> Image.Image:
    """Opens a picture as upright 8-bit RGB.

    EXIF orientation is applied; transparency is laid on white; grey, palette, CMYK and 16-bit pixels are converted.

    Raises:
        Skip: it is no picture, is truncated, far too large, or has pixels of an unknown kind.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(content))
        if picture.width * picture.height > LARGEST_PICTURE:
            raise Skip(f"{picture.width}×{picture.height} pixels are too many")
        picture.load()
        return _rgb(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise Skip("not a picture") from error
    except Image.DecompressionBombError as error:
        raise Skip("far too many pixels") from error
    except Skip:
        raise
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files
        raise Skip(f"the picture is damaged: {error or type(error).__name__}") from error


def _rgb(picture: Image.Image) -> Image.Image:
    import numpy as np
    from PIL import Image

    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) / 257).round().astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        raise Skip("pixels of 32 bits: save it with 8 or 16")
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        white = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(white, coloured).convert("RGB")
    return picture.convert("RGB")
