"""The paper's figures by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import config as settings
from ifrp import paths
from ifrp.artifacts import card
from ifrp.errors import IfrpError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(config: settings.Config, name: str) -> None:
    """Draws one figure as PNG and PDF, with one card.

    Raises:
        IfrpError: there is no such figure, or what it shows has not been made.
    """
    from matplotlib import rc_context

    from ifrp.paper import charts, gallery, look, network, scores

    draw: dict[str, Callable[[settings.Config], tuple[Figure, list[Path]]]] = {
        "teaser": gallery.teaser,
        "network": network.network,
        "samples": gallery.samples,
        "distance": charts.distance,
        **{split: partial(gallery.recovered, split=split) for split in settings.STYLE_SPLITS},
        "own": gallery.own,
        "consistency": gallery.consistency,
        "angles": scores.angles,
        "retrieval": scores.retrieval,
        "cost": scores.cost,
        "curves": charts.curves,
        "worst": gallery.worst,
        **{table: partial(gallery.ablation, table=table) for table in config.paper.ablations},
    }
    if name not in draw:
        raise IfrpError(f"There is no figure {name}; there are {', '.join(draw)}.")
    with rc_context(look.LOOK):
        figure, inputs = draw[name](config)
        with card(paths.figure(name), settings.plain(config.paper), config.seed, inputs):
            look.save(name, figure)
