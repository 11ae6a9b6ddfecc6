"""What each method recovers, one figure for each split of the styles."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import paths
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper.figures import order
from ifrp.paper.figures.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ROWS = 3  # people


def reads(config: Config, split: str) -> list[Path]:
    """Portraits in the styles of a split, what every experiment recovers of them, and the scores of `paper.experiment`."""
    names = order.split(config, split)
    return [*order.compared(config.recovery.experiments, names), *order.chosen(config)]


def draw(config: Config, split: str) -> Drawing:
    """Test faces, each in one of the styles of a split: portrait, every experiment's recovery, truth.

    Only faces that all experiments recovered are shown.

    Raises:
        IfrpError: the style table has no style in this split.
    """
    from ifrp.paper.figures import gallery, mosaic

    names = order.split(config, split)
    if not names:
        raise IfrpError(f"{config.styles.table} has no style of split {split}, so there is nothing to show.")
    turns = gallery.turns(config, config.recovery.experiments, names, ROWS, config.paper.examples)
    columns = {
        "portrait": [gallery.picture(paths.portraits("test", style), place) for place, style in turns],
        **{
            name: [gallery.recovery(name, style, place) for place, style in turns]
            for name in config.recovery.experiments
        },
        "truth": [gallery.picture(paths.faces("test"), place) for place, _ in turns],
    }
    portraits = columns["portrait"]
    headings = [name for name in columns if name == "portrait" or not gallery.same(columns[name], portraits)]
    rows = [[columns[name][i] for name in headings] for i in range(len(turns))]
    if len(names) == 1:
        headings[0] = f"portrait\n({names[0]})"
    return mosaic.draw(rows, headings, gallery.labels(turns, styled=len(names) > 1))


def _figure(split: str, shows: str) -> Figure:
    return Figure(
        name=split,
        module=__name__,
        shows=f"{shows}, what each method recovers, truth",
        reads=partial(reads, split=split),
        settings=("paper.examples", "paper.experiment"),
        wanted=lambda config: bool(order.split(config, split)),
        draw=partial(draw, split=split),
    )


FIGURES = (
    _figure("seen", "portraits in training styles"),
    _figure("unseen", "portraits in other styles"),
    _figure("sketch", "sketches"),
)
