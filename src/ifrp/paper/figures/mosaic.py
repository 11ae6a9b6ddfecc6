"""One picture of many small ones, with headings above columns and labels beside rows."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from ifrp import tiles
from ifrp.paper.figures import look
from ifrp.stacks import Images
from ifrp.tiles import Tile

POINTS = 9.0  # size of text where there is room for it
PIXEL = look.DPI / 72  # pixels of a point
WIDTH, HEIGHT = 0.62, 1.25  # of a character and of a line, in units of the text's size
MARGIN = 240  # pixels at most for labels on the left
PAD = 10  # pixels between text and pictures


def draw(
    rows: Sequence[Sequence[Tile]],
    headings: Sequence[str],
    labels: Sequence[str],
    notes: Sequence[Sequence[str]] = (),
    group: int = 0,
    points: Sequence[Sequence[Images | None]] = (),
) -> Figure:
    """Draws pictures in rows and columns, at up to twice their own size, as page and file have room: see `tiles.side`.

    Args:
        rows: square pictures, (S, S, 3) uint8, or None.
        headings: one per column.
        labels: one per row.
        notes: a short text in the lower left corner of each picture, if any.
        group: columns that stand together, if not all do.
        points: for each picture (K, 2) points to mark, x and y as fractions of its side, or None.
    """
    longest = _longest(labels)
    beside = min(POINTS, (MARGIN - PAD) / (max(longest, 1) * WIDTH * PIXEL))
    margin = int(longest * WIDTH * beside * PIXEL + PAD) if longest else 0
    lines = max((1 + heading.count("\n") for heading in headings if heading), default=0)
    room = int(lines * HEIGHT * POINTS * PIXEL + PAD) if lines else 0
    side = tiles.side(rows, look.WIDEST - margin, look.WIDEST - room, group)
    above = min(POINTS, side / (max(_longest(headings), 1) * WIDTH * PIXEL))
    head = int(lines * HEIGHT * above * PIXEL + PAD) if lines else 0
    sheet = tiles.paste(rows, side, group)
    height, width = sheet.shape[:2]
    page = (width + margin, height + head)  # pixels
    figure = Figure(figsize=(page[0] / look.DPI, page[1] / look.DPI))
    axes = figure.add_axes((margin / page[0], 0, width / page[0], height / page[1]))
    axes.imshow(sheet, extent=(0, width, height, 0), interpolation="none", aspect="auto")
    axes.axis("off")
    lefts = tiles.lefts(max(map(len, rows)), side, group)
    for j, heading in enumerate(headings):
        axes.text(lefts[j] + side / 2, -PAD / 2, heading, ha="center", va="bottom", fontsize=above)
    for i, label in enumerate(labels):
        axes.text(-PAD, i * (side + tiles.GAP) + side / 2, label, ha="right", va="center", fontsize=beside)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    longest_note = max((_longest(texts) for texts in notes), default=0)
    inside = min(0.85 * POINTS, 0.1 * side / PIXEL, 0.9 * side / (max(longest_note, 1) * WIDTH * PIXEL))
    for i, texts in enumerate(notes):
        for j, text in enumerate(texts):
            if text:
                below = i * (side + tiles.GAP) + side - 8
                axes.text(lefts[j] + 8, below, text, fontsize=inside, bbox=box)
    for i, row in enumerate(points):
        for j, found in enumerate(row):
            if found is not None:
                x, y = lefts[j] + side * found[:, 0], i * (side + tiles.GAP) + side * found[:, 1]
                axes.plot(x, y, "o", color="#00E5FF", markeredgecolor="black", markersize=4, linewidth=0)
    axes.set(xlim=(0, width), ylim=(height, 0))
    return figure


def _longest(texts: Sequence[str]) -> int:
    return max((len(line) for text in texts for line in text.split("\n")), default=0)
