"""Pictures of the artworks: downloaded, read from a file, or drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ifrp import artifacts, paths, provenance
from ifrp.artifacts import hexdigest
from ifrp.config import Config, Style, plain, styles
from ifrp.errors import FULL, IfrpError, brief
from ifrp.stacks import Images

DRAWN = "drawn:"


def write(config: Config, style: str) -> str:
    """Downloads, reads or draws one artwork, to data/styles/; returns a sentence about it.

    Raises:
        IfrpError: the style table does not have it, or see `picture`.
    """
    from PIL import Image

    row, target = in_table(config, style), paths.artwork(style)
    with provenance.card(target, plain(row), config.seed) as facts:
        image, source = picture(row)
        height, width = image.shape[:2]
        facts.update(height=height, width=width)
        if source:
            facts["source"] = {str(source): hexdigest(source)}
        with artifacts.atomic(target) as new:
            Image.fromarray(image).save(new)
    return f"{target}: {width}×{height} pixels from {row.address}."


def in_table(config: Config, style: str) -> Style:
    """The row of a style in the style table.

    Raises:
        IfrpError: there is none.
    """
    rows = {row.name: row for row in styles(config)}
    if style not in rows:
        raise IfrpError(f"There is no style {style} in {config.styles.table}; there are {', '.join(rows)}.")
    return rows[style]


def picture(style: Style) -> tuple[Images, Path | None]:
    """The picture of an artwork, and the file that it came from (None if it was drawn).

    Returns:
        (H, W, 3) uint8, RGB, upright; at least 64 pixels each way.

    Raises:
        IfrpError: it cannot be had, its SHA-256 is not that of the table, or it is no usable picture.
    """
    if style.address.startswith(DRAWN):
        from ifrp.styles.drawing import draw

        return draw(style.address.removeprefix(DRAWN)), None
    if style.address.lower().startswith(("https://", "http://")):
        return _downloaded(style)
    path = Path(style.address)
    if not path.exists():
        raise IfrpError(f"The artwork {style.name} is not at {path}: mend its address in the style table.")
    if style.sha256 and hexdigest(path) != style.sha256:
        raise IfrpError(
            f"{path} is not the artwork {style.name} of the style table: its SHA-256 is {hexdigest(path)}, "
            f"not {style.sha256}; replace the file or mend the table."
        )
    return read(path), path


def read(path: Path) -> Images:
    """A picture file of any mode as (H, W, 3) uint8, RGB, see `ifrp.faces.pictures.decode`.

    Raises:
        IfrpError: it is not a picture, or is smaller than 64 pixels either way.
    """
    from ifrp.faces.pictures import Skip, decode

    try:
        image = np.asarray(decode(path.read_bytes()))
    except (OSError, Skip) as error:
        raise IfrpError(f"{path} cannot be read as a picture ({error}): use a JPEG or PNG file.") from error
    if min(image.shape[:2]) < 64:
        raise IfrpError(
            f"{path} is only {image.shape[1]}×{image.shape[0]} pixels: an artwork needs 64 each way."
        )
    return image


def _downloaded(style: Style) -> tuple[Images, Path]:
    """The picture at an address, and where it is kept: under the name of the style and a sum of the address.

    So another address is another download; so is a file that is not what came. What is no picture is not kept.
    """
    from ifrp.faces.pictures import kind_of

    path = paths.downloaded_artwork(style.name, style.address)
    came = path.with_name(f"{path.name}.sha256")
    if path.exists() and not (came.exists() and came.read_text() == hexdigest(path)):
        path.unlink()
    path = _fetched(style, path)
    try:
        image = read(path)
        with artifacts.atomic(came) as new:
            new.write_text(hexdigest(path))
        return image, path
    except IfrpError as error:
        kind = kind_of(path.read_bytes()) or "no picture that can be used"
        path.unlink()
        raise IfrpError(
            f"What {style.address} sends for the artwork {style.name} is {kind}: mend the address, or give the path of a file "
            f"as address in the style table ({str(error).rstrip('.')})."
        ) from error


def _fetched(style: Style, target: Path) -> Path:
    import pooch

    checksum = f"sha256:{style.sha256}" if style.sha256 else None
    try:
        return Path(pooch.retrieve(style.address, checksum, fname=target.name, path=target.parent))
    except ValueError as error:
        raise IfrpError(
            f"What {style.address} sends is not the artwork {style.name} of the style table: its SHA-256 differs from "
            f"{style.sha256}; mend the table, or give the path of a file of your own as address."
        ) from error
    except OSError as error:
        if error.errno in FULL:
            raise
        raise IfrpError(
            f"The artwork {style.name} cannot be downloaded from {style.address} ({brief(error)}): try again, or give the "
            "path of a file as address in the style table."
        ) from error
