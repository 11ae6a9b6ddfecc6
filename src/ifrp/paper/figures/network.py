"""The architecture figure, drawn from the networks themselves: what their layers give when a face goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ifrp.config import Config, experiments
from ifrp.errors import IfrpError
from ifrp.paper.figures.figure import Figure
from ifrp.paper.figures.stages import Stage, frozen, trace
from ifrp.paper.part import method_of_featured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from torch import nn

COLOURS = {"face": "#ffffff", "conv": "#9ecae1", "deconv": "#deebf7", "stn": "#74c476", "residual": "#fdd0a2",
           "dense": "#dadaeb", "frozen": "#d9d9d9"}  # fmt: skip
NAMES = {"conv": "convolution", "deconv": "deconvolution", "stn": "spatial transformer (STN)",
         "residual": "residual blocks", "dense": "fully connected", "frozen": "frozen layers"}  # fmt: skip
FRAMES = {"SRN": "#1E59BC", "DN": "#B2182B", "identity": "#6a6a6a"}
INK = "#333333"
LANE = 1.0  # inches, the height of a row with a network and its loss
LEFT, RIGHT = 1.12, 5.15  # inches, of such a row's frame
BUS = {"recovered": 5.53, "true": 5.35}  # inches, where the two faces come to these rows
END = 5.4  # inches, of the SRN's frame


@dataclass(frozen=True)
class Lane:
    """A frozen or discriminative network, which looks at the recovered and the true face, and the loss that comes of it."""

    frame: str
    title: str
    stages: list[Stage]
    loss: str


def draw(config: Config) -> Drawing:
    """The networks of `paper.experiment` and the losses that train them (Figure 2): each box is a stage's output.

    Raises:
        IfrpError: that experiment's method has no style removal network.
    """
    from matplotlib.figure import Figure as Drawing

    from ifrp.paper.figures import look
    from ifrp.recovery import methods
    from ifrp.recovery.networks.srn import SRN

    experiment = experiments.featured(config)
    method = methods.build(config, experiment)
    generator = method.networks.get("generator")
    if not isinstance(generator, SRN):
        raise IfrpError(
            f"paper.experiment is {experiment.name}, whose method {experiment.method} has no network that this figure can draw."
        )
    aligned = "aligner" in method.networks
    main, skips = trace(generator, experiment.size)
    lanes = _lanes(config, method, experiment.size)
    rows = max(1, len(lanes))
    foot = 0.3 + LANE * rows + 0.06
    middle = foot + (0.57 + 0.21 * len(skips) if skips else 0.57)
    height = middle + 0.76
    figure = Drawing(figsize=(look.WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, look.WIDTH), ylim=(0, height))
    axes.axis("off")  # everything is placed in inches
    start = _portrait(axes, middle, experiment.size, aligned)
    _removal(axes, main, skips, (start, foot), middle, _count(generator))
    lowest = 0.3 + LANE / 2
    _faces(axes, experiment.size, middle, lowest, f"pixel loss\nweight {method.settings.losses.pixel:g}")
    for row, lane in enumerate(lanes):
        _lane(axes, lane, 0.3 + LANE * (rows - row - 0.5), middle)
    present = {stage.kind for stage in [*main, *skips, *(one for lane in lanes for one in lane.stages)]}
    _legend(axes, present | ({"stn"} if aligned else set()), method.settings.network.residual_blocks)
    return figure


def _lanes(config: Config, method: Any, size: int) -> list[Lane]:
    """The networks behind the adversarial and the identity loss, as far as these have a weight."""
    losses, lanes = method.settings.losses, list[Lane]()
    if "discriminator" in method.networks:
        network = method.networks["discriminator"]
        title = f"Discriminative network (DN), {_count(network)} parameters"
        lanes.append(
            Lane("DN", title, trace(network, size)[0][1:], f"real or recovered?\nadversarial loss\nweight {losses.adversarial:g}")
        )  # fmt: skip
    if losses.identity:
        title, stages = frozen(config, losses.identity_network, losses.identity_layer, size)
        title = f"{title} up to {losses.identity_layer}, frozen"
        lanes.append(
            Lane("identity", title, stages, f"equal features?\nidentity loss\nweight {losses.identity:g}")
        )
    return lanes


def _portrait(axes: Axes, y: float, size: int, aligned: bool) -> float:
    """The portrait and, if there is one, the transformer that sets it upright; returns where the SRN's frame begins."""
    _box(axes, "face", (0.33, y), (0.5, 0.62), f"portrait\n{size}²\n×3")
    if not aligned:
        _arrow(axes, [(0.58, y), (0.72, y)])
        return 0.72
    _arrow(axes, [(0.58, y), (0.7, y)])
    _box(axes, "stn", (0.87, y), (0.34, 0.62), "aligner\n(STN)")
    _loss(axes, (0.68, y - 0.73), "upright?\nloss of places", 0.84)
    _arrow(axes, [(0.87, y - 0.31), (0.87, y - 0.6)])
    _arrow(axes, [(1.04, y), (1.18, y)])
    return 1.18


def _removal(
    axes: Axes, main: list[Stage], skips: list[Stage], corner: tuple[float, float], y: float, count: str
) -> None:
    """The SRN: its stages in a row, and below them the skip connections, the shortest on top."""
    stages = main[1:]
    _frame(axes, "SRN", corner, (END, y + 0.72), f"Style removal network (SRN), {count} parameters")
    pitch = (END - corner[0]) / len(stages)
    places = [corner[0] + (i + 0.5) * pitch for i in range(len(stages))]
    _row(axes, stages, places, y, min(0.36, 0.78 * pitch))
    turn = next(i for i, stage in enumerate(stages) if stage.kind == "deconv")
    joins = []
    for skip in skips:
        same = [i for i, stage in enumerate(stages) if stage.side == skip.side]
        joins.append((max(i for i in same if i < turn), max(i for i in same if i >= turn), skip))
    for row, (i, j, skip) in enumerate(sorted(joins, key=lambda join: join[1] - join[0])):
        low, high = y - 0.62 - 0.21 * row, y - _height(skip) / 2
        _arrow(axes, [(places[i], high), (places[i], low), (places[j], low), (places[j], high)])
        _box(
            axes,
            "residual",
            ((places[i] + places[j]) / 2, low),
            (0.44, 0.16),
            f"{skip.side}²×{skip.channels}",
        )


def _faces(axes: Axes, size: int, above: float, below: float, loss: str) -> None:
    """The recovered face, the true one, and the pixel loss between them."""
    x, box, halfway = 5.95, (0.56, 0.62), (above + below) / 2
    _arrow(axes, [(END, above), (x - box[0] / 2, above)])
    _box(axes, "face", (x, above), box, f"recovered\nface\n{size}²×3")
    _box(axes, "face", (x, below), box, f"true face\n{size}²×3")
    _loss(axes, (x + 0.03, halfway), loss, 0.56)
    _arrow(axes, [(x + 0.05, above - 0.31), (x + 0.05, halfway + 0.16)])
    _arrow(axes, [(x + 0.05, below + 0.31), (x + 0.05, halfway - 0.16)], dashed=True)


def _lane(axes: Axes, lane: Lane, y: float, above: float) -> None:
    """From the two faces on the right through a network to its loss on the left."""
    _frame(axes, lane.frame, (LEFT, y - 0.45), (RIGHT, y + 0.45), lane.title)
    low = y - 0.07
    for name, entry in (("recovered", low + 0.08), ("true", low - 0.08)):
        x = BUS[name]
        lines = [(5.78, above - 0.31), (5.78, above - 0.45), (x, above - 0.45), (x, entry)]
        lines = (
            lines
            if name == "recovered"
            else [(5.67, 0.3 + LANE / 2 - 0.15), (x, 0.3 + LANE / 2 - 0.15), (x, entry)]
        )
        _arrow(axes, [*lines, (RIGHT, entry)], dashed=name == "true")
    pitch = (RIGHT - LEFT) / len(lane.stages)
    places = [RIGHT - (i + 0.5) * pitch for i in range(len(lane.stages))]
    _row(axes, lane.stages, places, low, min(0.42, 0.78 * pitch), 0.62)
    _arrow(axes, [(LEFT, low), (0.98, low)])
    _loss(axes, (0.52, low), lane.loss, 0.92)


def _legend(axes: Axes, kinds: set[str], blocks: int) -> None:
    from matplotlib.patches import Patch

    names = NAMES | {"residual": f"{blocks} residual blocks" if blocks else "skip connection"}
    handles = [
        Patch(facecolor=COLOURS[kind], edgecolor=INK, linewidth=0.6, label=name)
        for kind, name in names.items()
        if kind in kinds
    ]
    axes.legend(
        handles=handles, loc="lower center", ncols=len(handles), fontsize=6.5, columnspacing=1.2, handlelength=1.4,
        handletextpad=0.5, borderaxespad=0.2,
    )  # fmt: skip


def _count(module: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in module.parameters()):,}"


def _height(stage: Stage) -> float:
    return (
        0.26 + 0.085 * (stage.side.bit_length() - 1) if stage.side > 1 else 0.06 * stage.channels.bit_length()
    )


def _row(
    axes: Axes, stages: list[Stage], places: list[float], y: float, width: float, scale: float = 1.0
) -> None:
    """Stages beside one another, with arrows from each to the next."""
    for x, stage in zip(places, stages, strict=True):
        side = f"{stage.side}×{stage.width}" if stage.width else f"{stage.side}²"
        shape = f"{side}\n×{stage.channels}" if stage.side > 1 else f"{stage.channels}"
        high = max(0.14, _height(stage) * scale)
        _box(axes, stage.kind, (x, y), (width, high), f"STN\n{shape}" if stage.kind == "stn" else shape)
    for x, after in pairwise(places):
        half = width / 2 if x < after else -width / 2
        _arrow(axes, [(x + half, y), (after - half, y)])


def _box(axes: Axes, kind: str, middle: tuple[float, float], size: tuple[float, float], text: str) -> None:
    from matplotlib.patches import Rectangle

    corner = (middle[0] - size[0] / 2, middle[1] - size[1] / 2)
    axes.add_patch(Rectangle(corner, *size, facecolor=COLOURS[kind], edgecolor=INK, linewidth=0.6, zorder=2))
    axes.text(*middle, text, ha="center", va="center", fontsize=6, linespacing=1.05)


def _frame(axes: Axes, name: str, low: tuple[float, float], high: tuple[float, float], title: str) -> None:
    from matplotlib.patches import Rectangle

    style = {"edgecolor": FRAMES[name], "linewidth": 1.1, "linestyle": "--" if name == "identity" else "-"}
    axes.add_patch(Rectangle(low, high[0] - low[0], high[1] - low[1], fill=False, zorder=1, **style))  # type: ignore[arg-type]
    axes.text(low[0] + 0.06, high[1] - 0.05, title, va="top", fontsize=7, color=FRAMES[name])


def _loss(axes: Axes, middle: tuple[float, float], text: str, width: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    high = 0.06 + 0.1 * (text.count("\n") + 1)
    corner = (middle[0] - width / 2, middle[1] - high / 2)
    style = "round,pad=0,rounding_size=0.07"
    axes.add_patch(
        FancyBboxPatch(
            corner, width, high, style, facecolor="#fff7bc", edgecolor=INK, linewidth=0.6, zorder=2
        )
    )
    axes.text(*middle, text, ha="center", va="center", fontsize=6, linespacing=1.05)


def _arrow(axes: Axes, points: Sequence[tuple[float, float]], dashed: bool = False) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    line = {"linestyle": (0, (3, 1.5)) if dashed else "-", "linewidth": 0.8, "color": INK, "zorder": 1.5}
    axes.add_patch(FancyArrowPatch(path=Path(points), arrowstyle="-|>", mutation_scale=4.5, **line))  # type: ignore[arg-type]


FIGURES = (
    Figure(
        name="network",
        module=__name__,
        shows="the networks and the losses that train them, drawn from the shapes that a face has after each stage",
        of_paper="Figure 2",
        reads=lambda config: [],
        rows=lambda config: experiments.featured(config).depends,
        settings=("faces.size", "paper.experiment", "recovery.recognisers", "styles.features"),
        runs=method_of_featured,
        draw=draw,
    ),
)
