"""Applies a style network to a stack of faces, in batches."""

from __future__ import annotations

from pathlib import Path

import torch

from ifrp import paths, provenance, runtime, stacks
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.styles import network
from ifrp.styles.network import StyleNetwork


def write(config: Config, split: str, style: str, warp: str | None = None) -> str:
    """Turns the warped faces of a split into portraits of a style, to data/portraits/; returns a sentence about them.

    Args:
        config: the configuration.
        split: train, val or test.
        style: a name in the style table.
        warp: a name in `faces.warps`; none: `faces.warp`.

    Raises:
        IfrpError: faces or style network are missing, or the network is not that of the configuration.
    """
    weights, target = paths.style_network(style), paths.portraits(split, style, warp)
    faces = stacks.read(paths.warped(split, warp))
    painter = network.trained(config.styles, style)
    check(painter, weights)
    with provenance.card(target, {}, config.seed, [paths.warped(split, warp), weights]):
        device = runtime.device(config.runtime)
        stylise(faces, painter.to(device), style, target, runtime.batch(config.portraits.batch, device))
    return f"{target}: {len(faces)} portraits."


def stylise(faces: stacks.Stack, painter: StyleNetwork, style: str, target: Path, batch: int) -> None:
    """Writes the portraits of a stack of faces, row by row the same faces.

    Args:
        faces: warped faces.
        painter: on the device to use, in evaluation mode.
        style: name of the style; becomes a column, beside those of the faces.
        target: path of the new stack.
        batch: faces at a time; a portrait does not depend on it (instance normalisation).
    """
    table = faces.table.assign(style=style)
    with stacks.create(target, faces.images.shape[:3]) as (images, rows):
        starts = range(0, len(faces), batch)
        for start in runtime.progress(starts, f"portraits {target.parent.name} {style}"):
            window = slice(start, start + batch)
            images[window] = network.apply(painter, faces.images[window])
        rows.extend(stacks.rows_of(table))


def check(painter: StyleNetwork, path: Path) -> None:
    """Refuses weights that are not finite: they would give black portraits.

    Raises:
        IfrpError: with the file's name.
    """
    if not all(torch.isfinite(tensor).all() for tensor in painter.state_dict().values()):
        raise IfrpError(f"{path} holds values that are not finite: delete it and train the style again.")
