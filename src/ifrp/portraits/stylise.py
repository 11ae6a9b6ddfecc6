"""Applies a style network to a stack of faces, in batches."""

from __future__ import annotations

from pathlib import Path

import torch

from ifrp import runtime, stacks
from ifrp.errors import IfrpError
from ifrp.styles.network import StyleNetwork, apply


def stylise(faces: stacks.Stack, network: StyleNetwork, style: str, target: Path, batch: int) -> None:
    """Writes the portraits of a stack of faces, row by row the same faces.

    Args:
        faces: warped faces.
        network: on the device to use, in evaluation mode.
        style: name of the style; becomes a column, beside those of the faces.
        target: path of the new stack.
        batch: faces at a time; a portrait does not depend on it (instance normalisation).
    """
    table = faces.table.assign(style=style)
    with stacks.create(target, faces.images.shape[:3]) as (images, rows):
        starts = range(0, len(faces), batch)
        for start in runtime.progress(starts, f"portraits {target.parent.name} {style}"):
            window = slice(start, start + batch)
            images[window] = apply(network, faces.images[window])
        rows.extend(stacks.rows_of(table))


def check(network: StyleNetwork, path: Path) -> None:
    """Refuses weights that are not finite: they would give black portraits.

    Raises:
        IfrpError: with the file's name.
    """
    if not all(torch.isfinite(tensor).all() for tensor in network.state_dict().values()):
        raise IfrpError(f"{path} holds values that are not finite: delete it and train the style again.")
