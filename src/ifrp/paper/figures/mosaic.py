"""One picture of many small ones, with headings above columns and labels beside rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ifrp.paper.figures import look
from ifrp.stacks import Images

Tile = NDArray[np.uint8] | None
GAP = 4  # pixels between pictures
MARGIN, LINE = 110, 22  # pixels for labels on the left, and for each line of the headings


def paste(rows: Sequence[Sequence[Tile]]) -> Images:
    """Puts pictures of one size side by side on white: (R·(S + GAP), C·(S + GAP), 3); None leaves a place empty."""
    side = next(tile.shape[0] for row in rows for tile in row if tile is not None)
    step = side + GAP
    sheet = np.full((len(rows) * step, max(map(len, rows)) * step, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            if tile is not None:
                sheet[i * step : i * step + side, j * step : j * step + side] = tile
    return sheet


def draw(
    rows: Sequence[Sequence[Tile]],
    headings: Sequence[str],
    labels: Sequence[str],
    notes: Sequence[Sequence[str]] = (),
    colours: Sequence[str] = (),
) -> Figure:
    """Draws pictures in rows and columns, at their own size where the page is wide enough.

    Args:
        rows: pictures, all (S, S, 3) uint8, or None.
        headings: one per column.
        labels: one per row.
        notes: a short text in the lower left corner of each picture, if any.
        colours: of the headings; black if there are none.
    """
    sheet = paste(rows)
    height, width = sheet.shape[:2]
    step = width / max(map(len, rows))
    scale = min(1.0 if step >= 100 else 100 / step, (look.WIDEST - MARGIN) / width)
    head = 2 * GAP + LINE * max((1 + heading.count("\n") for heading in headings), default=0)
    page = (width * scale + MARGIN, height * scale + head)  # pixels
    figure = Figure(figsize=(page[0] / look.DPI, page[1] / look.DPI))
    axes = figure.add_axes((MARGIN / page[0], 0, 1 - MARGIN / page[0], 1 - head / page[1]))
    axes.imshow(sheet, extent=(0, width, height, 0), interpolation="antialiased", aspect="auto")
    axes.axis("off")
    size = min(6.5, 0.26 * step * scale * 72 / look.DPI / 2)
    for j, heading in enumerate(headings):
        colour = colours[j] if colours else "black"
        axes.text(
            (j + 0.5) * step - GAP / 2, -6, heading, ha="center", va="bottom", fontsize=size, color=colour
        )
    for i, label in enumerate(labels):
        axes.text(-8, (i + 0.5) * step, label, ha="right", va="center", fontsize=size)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}
    for i, texts in enumerate(notes):
        for j, text in enumerate(texts):
            if text:
                axes.text(j * step + 3, (i + 1) * step - GAP - 4, text, fontsize=0.8 * size, bbox=box)
    return figure
