"""Picture files of every kind, opened as upright RGB or refused with a reason."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

LARGEST_PICTURE = 100_000_000  # pixels


class Skip(Exception):  # noqa: N818 - not an error: the file is left out and the reason is written down
    """This file makes no face; the message says why."""


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
