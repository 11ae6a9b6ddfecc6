"""The faces that `paper.experiment` recovers worst, by SSIM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.artifacts import read_table
from ifrp.config import Config, styles
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from ifrp.tiles import Tile

ACROSS = 3  # faces in a row


def reads(config: Config) -> list[Path]:
    """The scores of `paper.experiment`, portraits in every style, and what it recovers of them."""
    names = [style.name for style in styles(config)]
    return [*order.compared([config.paper.experiment], names), *order.chosen(config)]


def cases(config: Config) -> list[tuple[str, int, float]]:
    """Style, place and SSIM of the test faces with the lowest SSIM, each in its worst style; the lowest first."""
    scores = read_table(paths.quality(config.paper.experiment)).sort_values(["ssim", "style", "index"])
    chosen = scores.drop_duplicates("index")[: config.paper.worst]
    return list(zip(chosen["style"], chosen["index"].astype(int), chosen["ssim"], strict=True))


def picked(config: Config) -> list[Path]:
    """The scores, and the stacks in which the faces are that have the lowest."""
    shown = dict.fromkeys(style for style, *_ in cases(config))
    return [*order.compared([config.paper.experiment], shown), *order.chosen(config)]


def draw(config: Config) -> Drawing:
    """Each face three times: portrait with its style, recovery with its SSIM, truth."""
    from ifrp.paper.figures import gallery, mosaic

    faces, name = cases(config), config.paper.experiment
    rows: list[list[Tile]] = []
    notes: list[list[str]] = []
    for start in range(0, len(faces), ACROSS):
        part = faces[start : start + ACROSS]
        rows.append([tile for style, place, _ in part for tile in gallery.three(name, style, place)])
        notes.append([text for style, _, ssim in part for text in (style, f"SSIM {ssim:.2f}", "")])
    across = min(ACROSS, len(faces))
    return mosaic.draw(rows, ["portrait", "recovered", "truth"] * across, [], notes, group=3)


FIGURES = (
    Figure(
        name="worst",
        module=__name__,
        shows="the faces that `paper.experiment` recovers worst, by SSIM: portrait, recovered, truth",
        reads=reads,
        rows=lambda config: [config.paper.experiment],
        settings=("paper.experiment", "paper.worst"),
        draw=draw,
        picked=picked,
    ),
)
