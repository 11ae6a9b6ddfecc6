"""What the notebooks share: folder and configuration of the project, large pictures, a sentence for what is not there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image, ImageOps

from ifrp import paths
from ifrp.config import Config, load
from ifrp.errors import IfrpError
from ifrp.tiles import Tile

WIDTH, LARGEST = 1000, 320  # pixels: of a row of pictures, and of one of them at most
T = TypeVar("T")


def begin() -> Config:
    """Goes to the project's folder and gives the plots the look of the figures, as JPEG: PNGs of painted faces are large.

    Returns:
        The configuration of the run that the notebook is part of (`IFRP_CONFIG`), else that of config/config.yaml.

    Raises:
        IfrpError: the notebook does not lie in the project, or the configuration does not fit.
    """
    import matplotlib
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    from ifrp.paper.figures import look

    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / paths.CONFIG).exists()), None)
    if root is None:
        raise IfrpError(f"There is no {paths.CONFIG} in {here} or above: open the notebook in the project.")
    os.chdir(root)
    matplotlib.rcParams.update(look.LOOK)
    set_matplotlib_formats("jpeg", pil_kwargs={"quality": 88})  # type: ignore[no-untyped-call]
    return load(Path(os.environ.get("IFRP_CONFIG", paths.CONFIG)))


def show(
    rows: Sequence[Sequence[Tile | Image.Image]],
    headings: Sequence[str] = (),
    labels: Sequence[str] = (),
    across: int = 1,
) -> None:
    """Displays pictures in rows and columns, as large as the page allows.

    Args:
        rows: RGB pictures, each of any size; on white where one is no square; None leaves a place empty.
        headings: one per column.
        labels: one per row.
        across: pictures in a full row, of which this may be the rest.
    """
    from IPython.display import display

    from ifrp.paper.figures import mosaic

    side = min(LARGEST, WIDTH // max(across, *map(len, rows)))
    drawn = mosaic.draw([[_square(tile, side) for tile in row] for row in rows], headings, labels)
    display(drawn)  # type: ignore[no-untyped-call]


def _square(picture: Tile | Image.Image, side: int) -> Tile:
    if picture is None:
        return None
    whole = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    return np.asarray(ImageOps.pad(whole, (side, side), Image.Resampling.LANCZOS, color="white"))


def pick(values: Mapping[str, T] | Sequence[T], key: object, what: str) -> T:
    """One of several values, by name or number.

    Args:
        values: by name, or in a row.
        key: which one; numbers start at 0.
        what: it is, in the singular.

    Raises:
        IfrpError: there is none of this name or number.
    """
    named: Mapping[Any, T] = values if isinstance(values, Mapping) else dict(enumerate(values))
    if key not in named:
        known = ", ".join(map(str, named)) if named is values else f"0 to {len(named) - 1}"
        raise IfrpError(f"There is no {what} {key}: choose from {known}.")
    return named[key]
