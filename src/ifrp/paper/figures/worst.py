"""The faces that are recovered worst, by SSIM."""

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

    from ifrp.paper.figures import mosaic

ACROSS = 12  # faces in a row


def reads(config: Config) -> list[Path]:
    """The scores of every experiment, portraits in every style, and what is recovered of them."""
    every = config.recovery.experiments
    stacks = order.compared(every, [style.name for style in styles(config)])
    return [*stacks, *(paths.quality(name) for name in every)]


def cases(config: Config, experiment: str) -> list[tuple[str, int, float]]:
    """Style, place and SSIM of the test faces with the lowest SSIM, each in its worst style."""
    scores = read_table(paths.quality(experiment)).sort_values(["ssim", "style", "index"])
    chosen = scores.drop_duplicates("index")[: config.paper.worst]
    return list(zip(chosen["style"], chosen["index"].astype(int), chosen["ssim"], strict=True))


def picked(config: Config) -> list[Path]:
    """The scores, and the stacks in which the faces are that have the lowest."""
    used = [paths.faces("test")]
    for name in config.recovery.experiments:
        in_styles = [style for style, *_ in cases(config, name)]
        used += [paths.quality(name), *(paths.portraits("test", style) for style in in_styles)]
        used += [paths.recovered(name, style) for style in in_styles]
    return list(dict.fromkeys(used))


def draw(config: Config) -> Drawing:
    """The faces of each experiment: portrait, recovery and truth, one below the other."""
    from ifrp.paper.figures import gallery, mosaic

    rows: list[list[mosaic.Tile]] = []
    labels, notes = [], []
    for name in config.recovery.experiments:
        faces = cases(config, name)
        portraits = [gallery.picture(paths.portraits("test", style), i) for style, i, _ in faces]
        recovered = [gallery.recovery(name, style, i) for style, i, _ in faces]
        if gallery.same(recovered, portraits):
            continue
        truth = [gallery.picture(paths.faces("test"), i) for _, i, _ in faces]
        for start in range(0, len(faces), ACROSS):
            part = slice(start, start + ACROSS)
            rows += [portraits[part], recovered[part], truth[part]]
            labels += ["portrait", name, "truth"]
            scores = [f"SSIM {value:.2f}" for *_, value in faces[part]]
            notes += [[style for style, *_ in faces[part]], scores, []]
    return mosaic.draw(rows, [], labels, notes)


FIGURES = (
    Figure(
        name="worst",
        module=__name__,
        shows="the faces that are recovered worst, by SSIM",
        reads=reads,
        settings=("paper.worst",),
        draw=draw,
        picked=picked,
    ),
)
