"""Facial landmarks that a detector finds in faces, and misses in their portraits (Figure 1c)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from ifrp.faces.geometry import Matrix

FACES = 40  # test faces in which landmarks are searched for
ROWS = 3  # people who are shown


def reads(config: Config) -> list[Path]:
    """Unaligned test faces, and their portraits in the first and last style of each split."""
    return [
        paths.warped("test"),
        *(paths.portraits("test", style.name) for style in order.ends(config)),
    ]


def distance(found: Sequence[Matrix | None], true: Sequence[Matrix | None]) -> float | None:
    """How far landmarks lie from the true ones: mean over landmarks and faces, in % of the distance between the true eyes.

    Args:
        found: for each portrait (5, 2), the eyes first, or None where no face was found.
        true: the same of the faces that they were made from.

    Returns:
        None if there is no face whose landmarks were found in both.
    """
    import numpy as np

    both = [(a, b) for a, b in zip(found, true, strict=True) if a is not None and b is not None]
    if not both:
        return None
    each = [np.linalg.norm(a - b, axis=1).mean() / np.linalg.norm(b[1] - b[0]) for a, b in both]
    return 100 * float(np.mean(each))


def draw(config: Config) -> Drawing:
    """Faces and their portraits with the landmarks found in each; above, in how many of `FACES` test faces, and how far off."""
    import numpy as np
    from PIL import Image

    from ifrp import stacks
    from ifrp.faces.find import Finder
    from ifrp.paper.figures import gallery, mosaic

    opened, finder = [stacks.read(path) for path in reads(config)], Finder()
    people = opened[0].table["person"]
    looked = stacks.spread(len(people), FACES).tolist()
    side = opened[0].images.shape[1]
    faces = [[finder.largest(Image.fromarray(stack.images[i])) for i in looked] for stack in opened]
    points = [[None if face is None else face.landmarks for face in found] for found in faces]
    titles = ["unaligned face", *(f"{style.name} ({style.split})" for style in order.ends(config))]
    headings = []
    for title, found in zip(titles, points, strict=True):
        away = None if found is points[0] else distance(found, points[0])
        share = f"found in {sum(of is not None for of in found)} of {len(looked)}"
        headings.append(f"{title}\n{share}\n" + ("" if away is None else f"off by {away:.0f} %"))
    shown = gallery.spread(people.iloc[looked], ROWS)
    rows = [[np.array(stack.images[looked[n]]) for stack in opened] for n in shown]
    marks = [[found[n] for found in points] for n in shown]
    notes = [["" if of is not None else "no face" for of in row] for row in marks]
    fractions = [[None if of is None else of / side for of in row] for row in marks]
    return mosaic.draw(rows, headings, [], notes, points=fractions)


FIGURES = (
    Figure(
        name="landmarks",
        module=__name__,
        shows="landmarks that MTCNN finds in unaligned faces and in their portraits",
        of_paper="Figure 1",
        reads=reads,
        rows=lambda config: [],
        draw=draw,
    ),
)
