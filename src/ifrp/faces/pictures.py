"""Picture files of every kind, opened as upright RGB or refused with a reason."""

from __future__ import annotations

import io
import math
import struct
import sys
import warnings
import zlib
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

LARGEST_PICTURE = 100_000_000  # pixels; a JPEG with more is read at a half, a quarter or an eighth
LARGEST_JPEG = 500_000_000  # pixels; a progressive one is held in memory whole, however small it is read
LOST = 0.01  # of the pixels, which a JPEG without its end marker may lack
DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras and scanners put into numbers of 16
ORIENTATION, PREVIEW, DNG = 0x0112, 254, 50706
"""tags of EXIF and TIFF: how to turn the picture, whether it is a reduced one, and the version of a raw photograph"""
PNG, JPEG, END = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd9"
"""how these files begin, and how a JPEG ends"""
REDUCED = "reduced"
"""the entry of a Pillow image's `info` that says by what it was read smaller"""
RAW, HEIC, FILM, PAGE, SCRIPT = "a raw photograph", "HEIC", "a film", "a web page", "a PostScript drawing"
OTHERS = (
    (0, b"%PDF", "a PDF document"), (0, b"%!PS", SCRIPT), (0, b"\xc5\xd0\xd3\xc6", SCRIPT), (0, b"8BPS", "a Photoshop document"),
    (0, b"\xff\x0a", "JPEG XL"), (4, b"JXL ", "JPEG XL"), (4, b"ftypavi", "AVIF"),
    (4, b"ftyphei", HEIC), (4, b"ftyphev", HEIC), (4, b"ftypmif", HEIC), (4, b"ftypmsf", HEIC),
    (4, b"ftypcrx", RAW), (8, b"CR\x02", RAW), (0, b"FUJIFILMCCD-RAW", RAW), (0, b"IIRO", RAW), (0, b"IIRS", RAW),
    (0, b"MMOR", RAW), (0, b"IIU\0", RAW), (0, b"FOVb", RAW), (4, b"ftyp", FILM), (8, b"AVI ", FILM), (0, b"\x1aE\xdf\xa3", FILM),
    (0, b"II*\0", "a TIFF that is damaged or has unusual pixels"), (0, b"MM\0*", "a TIFF that is damaged or has unusual pixels"),
    (0, b"PK\x03\x04", "a zip archive or a document"), (0, b"version https://git-lfs", "a Git LFS pointer"),
)  # fmt: skip
"""what lies among pictures and is none that Pillow reads: from which byte on, what stands there, what it is"""
NONE = (FILM, PAGE, "a zip archive or a document", "a Git LFS pointer")


class Skip(Exception):  # noqa: N818 - not an error: the file is left out and the reason is written down
    """This file makes no face; the message says why."""


def decode(content: bytes) -> Image.Image:
    """Opens a picture as upright 8-bit RGB; of several pictures in a file, the first.

    Nothing is asked of a file but its pixels and how they are to be turned: other EXIF tags, colour profiles and texts may be
    as they are. See also `rgb`. A JPEG with more than 100 million pixels is read at a half, a quarter or an eighth of
    its sides (see `reduced`); one without its end marker is taken if no more than a hundredth of its pixels is missing.

    Raises:
        Skip: it is no picture, is truncated, far too large, or has pixels of an unknown kind.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow remarks of odd files is read, or raised below
            return rgb(_loaded(content))
    except (UnidentifiedImageError, Image.DecompressionBombError, Skip) as error:
        raise Skip(_refusal(content, error)) from error
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files
        raise Skip(f"the picture is damaged: {error or type(error).__name__}") from error


def rgb(picture: Image.Image) -> Image.Image:
    """A Pillow image of any mode as upright 8-bit RGB.

    EXIF orientation is applied; transparency is laid on white; grey, palette, CMYK and 16-bit pixels are converted. Of 16 bits
    the picture's brightest says how many are in use: 8, 10, 12, 14, or all.

    Raises:
        Skip: it has no pixels, or some of an unknown kind.
    """
    from PIL import Image

    if not picture.width * picture.height:
        raise Skip("it has no pixels")
    upright = _upright(picture)
    if upright.mode.startswith(("I", "F")):
        return Image.fromarray(_bytes_of(upright)).convert("RGB")
    if upright.mode in ("LAB", "HSV"):
        raise Skip(f"its colours are {upright.mode}: save it as RGB")
    if upright.has_transparency_data:
        coloured = upright.convert("RGBA")
        white = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(white, coloured).convert("RGB")
    return upright.convert("RGB")


def reduced(picture: Image.Image) -> int:
    """How many pixels of its file one of a picture's stands for, along each side: 1, unless it was too large to be read whole."""
    return int(picture.info.get(REDUCED, 1))


def _upright(picture: Image.Image) -> Image.Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM, 5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90,
    }  # fmt: skip
    picture.load()  # some formats have their EXIF behind the pixels
    turn = turns.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _orientation(picture: Image.Image) -> Any:
    """What EXIF says of it; read by ourselves, because Pillow reads no tag that stands behind a damaged one."""
    exif = bytes(picture.info.get("exif") or b"").removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    with suppress(struct.error):
        start = struct.unpack_from(f"{order}I", exif, 4)[0] if order else len(exif)
        for entry in range(struct.unpack_from(f"{order}H", exif, start)[0]):
            at = start + 2 + 12 * entry
            tag, kind = struct.unpack_from(f"{order}HH", exif, at)
            if tag == ORIENTATION:
                return struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", exif, at + 8)[0]
    try:
        return picture.getexif().get(ORIENTATION)  # of TIFF, of XMP, or set by a program
    except Exception:  # it says nothing
        return None


def _bytes_of(picture: Image.Image) -> NDArray[np.uint8]:
    """Whole numbers of 16 bits as 8 bits."""
    import numpy as np

    numbers = np.asarray(picture)
    if picture.mode == "F" or numbers.min() < 0 or numbers.max() > 65535:
        raise Skip("pixels of 32 bits: save it with 8 or 16")
    return _in_eight(numbers)


def _in_eight(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    import numpy as np

    top = next(2**depth - 1 for depth in DEPTHS if numbers.max() < 2**depth)
    found: NDArray[np.uint8] = (numbers / (top / 255)).round().astype(np.uint8)
    return found


def _loaded(content: bytes) -> Image.Image:
    """The first picture of a file; if what lies beside its pixels cannot be read, or its end marker is missing, without that."""
    from PIL import Image

    if kind_of(content) == HEIC:
        with suppress(ModuleNotFoundError):  # it is read where somebody installed what reads it
            import_module("pillow_heif").register_heif_opener()
    try:
        return _opened(content)
    except (Skip, Image.DecompressionBombError):
        raise
    except Exception:
        if content.startswith(PNG):
            return _opened(_bare(content))
        if content.startswith(JPEG):
            return _ended(content)
        raise


def _opened(content: bytes) -> Image.Image:
    picture: Any = _lazily(content)
    if picture.format in ("EPS", "WMF"):  # drawings, for which Pillow would start other programs
        raise Skip(_named(SCRIPT))
    if picture.format == "TIFF" and (picture.tag_v2.get(PREVIEW) == 1 or DNG in picture.tag_v2):
        raise Skip(_named(RAW))
    width, pixels = picture.width, picture.width * picture.height
    if pixels > (LARGEST_JPEG if content.startswith(JPEG) else LARGEST_PICTURE):
        raise Skip(_too_large())
    if pixels > LARGEST_PICTURE:
        factor = next(n for n in (2, 4, 8) if pixels / n**2 <= LARGEST_PICTURE)
        picture.draft(None, (max(1, picture.width // factor), max(1, picture.height // factor)))
    deep = any(";16" in _raw_mode(tile) for tile in picture.tile)
    picture.load()
    if deep and picture.mode in ("RGB", "RGBA"):
        picture = _in_few_bits(picture, content)
    if pixels > LARGEST_PICTURE:
        picture.info[REDUCED] = round(width / picture.width)
    return picture  # type: ignore[no-any-return]


def _lazily(content: bytes) -> Image.Image:
    from PIL import Image, JpegImagePlugin

    if content.startswith(JPEG):  # of several pictures in it, the first; and with no limit but ours
        return JpegImagePlugin.JpegImageFile(io.BytesIO(content))
    return Image.open(io.BytesIO(content))


def _raw_mode(tile: Any) -> str:
    """How Pillow is going to read a part of a picture: such as RGB;16B, for numbers of 16 bits, the higher byte first."""
    return str(tile.args if isinstance(tile.args, str) else (tile.args or [""])[0])


def _in_few_bits(picture: Image.Image, content: bytes) -> Image.Image:
    """A picture of which Pillow has kept the higher byte of each number: with the lower ones too, where those are in use."""
    import numpy as np
    from PIL import Image

    high = np.asarray(picture)
    if high[..., :3].max() >= 2 ** (DEPTHS[-2] - 8):
        return picture
    other = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
    opened: Any = _lazily(content)
    for number, tile in enumerate(opened.tile):
        mode = _raw_mode(tile)
        if not mode.startswith("RGB"):  # grey with transparency, whose lower bytes Pillow cannot read
            return Image.fromarray(
                np.concatenate([_in_eight(256 * high[..., :3].astype(int)), high[..., 3:]], 2)
            )
        swapped = mode[:-1] + other[mode[-1]]
        args = swapped if isinstance(tile.args, str) else (swapped, *tile.args[1:])
        opened.tile[number] = tile._replace(args=args)
    numbers = 256 * high.astype(np.uint16) + np.asarray(opened)
    parts = [_in_eight(part) for part in (numbers[..., :3], numbers[..., 3:]) if part.size]
    found = Image.fromarray(np.concatenate(parts, axis=2))
    found.info.update(picture.info)
    return found


def _bare(content: bytes) -> bytes:
    """A PNG without all that may be wrong beside its pixels; EXIF and transparency are kept if their sums are right."""
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(content):
        end = at + 12 + struct.unpack_from(">I", content, at)[0]
        kind, chunk = content[at + 4 : at + 8], content[at:end]
        right = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if kind in (b"IHDR", b"PLTE", b"IDAT", b"IEND") or (right and kind in (b"tRNS", b"eXIf")):
            kept.append(chunk)
        at = end
    return b"".join(kept)


def _ended(content: bytes) -> Image.Image:
    """A JPEG without its end marker, as viewers show it: what it lacks is grey, and changes with what is put in its place."""
    import numpy as np

    there, pixels = content.rstrip(END[:1]), math.prod(_lazily(content).size)
    noise = bytes(range(40, 200)) * (1 + pixels // 160)  # more than any part of the picture can take
    shown, other = (_opened(there + place + END) for place in (b"", noise))
    lost = float(
        (np.asarray(shown) != np.asarray(other)).reshape(shown.height, shown.width, -1).any(2).mean()
    )
    if lost > LOST:
        raise Skip(f"the picture is damaged: its end is missing, and {lost:.0%} of its pixels with it")
    return shown


def _refusal(content: bytes, error: Exception) -> str:
    """Why a file is no picture for us."""
    from PIL import Image

    if isinstance(error, Skip):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        return _too_large()
    if not content:
        return "not a picture: the file is empty"
    kind = kind_of(content)
    return _named(kind) if kind else "not a picture"


def _too_large() -> str:
    most, jpeg = (f"{limit // 10**6} megapixels" for limit in (LARGEST_PICTURE, LARGEST_JPEG))
    return f"it has too many pixels: {most} are read at most, {jpeg} of a JPEG; save it smaller"


def kind_of(content: bytes) -> str | None:
    """What a file is that is no picture for Pillow, by its first bytes; none if they do not say."""
    start = content[:1024].lower()
    if b"<svg" in start:
        return "an SVG drawing"
    if b"<html" in start or b"<!doctype html" in start:
        return PAGE
    return next((kind for at, sign, kind in OTHERS if content.startswith(sign, at)), None)


def _named(kind: str) -> str:
    if kind in NONE:
        return f"not a picture but {kind}"
    also = ", or `pip install pillow-heif`, and it is read" if kind == HEIC else ""
    return f"not a picture that can be read, but {kind}: save it as JPEG or PNG{also}"
