"""What the notebooks share: folder and configuration of the project, large pictures, a sentence for what is not there."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from ifrp import paths
from ifrp.config import Config, load
from ifrp.errors import IfrpError
from ifrp.paper.figures.mosaic import Tile

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
    set_matplotlib_formats("jpeg", pil_kwargs={"quality": 88})
    return load(Path(os.environ.get("IFRP_CONFIG", paths.CONFIG)))


def show(
    rows: Sequence[Sequence[Tile | Image.Image]], headings: Sequence[str] = (), labels: Sequence[str] = ()
) -> None:
    """Displays pictures in rows and columns, as large as the page allows.

    Args:
        rows: RGB pictures, each of any size; on white where one is no square; None leaves a place empty.
        headings: one per column.
        labels: one per row.
    """
    from IPython.display import display

    from ifrp.paper.figures import mosaic

    side = min(LARGEST, WIDTH // max(map(len, rows)))
    display(mosaic.draw([[_square(tile, side) for tile in row] for row in rows], headings, labels))


def _square(picture: Tile | Image.Image, side: int) -> Tile:
    if picture is None:
        return None
    whole = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    return np.asarray(ImageOps.pad(whole, (side, side), Image.Resampling.LANCZOS, color="white"))


def pick(values: Mapping[Hashable, T] | Sequence[T], key: Hashable, what: str) -> T:
    """One of several values, by name or number.

    Args:
        values: by name, or in a row.
        key: which one; numbers start at 0.
        what: it is, in the singular.

    Raises:
        IfrpError: there is none of this name or number.
    """
    names = list(values) if isinstance(values, Mapping) else range(len(values))
    if key not in names:
        known = f"0 to {len(names) - 1}" if isinstance(names, range) else ", ".join(map(str, names))
        raise IfrpError(f"There is no {what} {key}: choose from {known}.")
    return values[key]  # type: ignore[index]
