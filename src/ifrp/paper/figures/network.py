"""The architecture figure, drawn from the networks themselves: what their layers give when a face goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifrp.config import Config, experiments
from ifrp.errors import IfrpError
from ifrp.paper.figures.figure import Figure
from ifrp.paper.part import method_of_featured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from torch import Tensor, nn

COLOURS = {"conv": "#9ecae1", "deconv": "#c6dbef", "stn": "#74c476", "residual": "#fdd0a2", "dense": "#dadaeb",
           "face": "#eeeeee"}  # fmt: skip
NAMES = {"conv": "convolution", "deconv": "deconvolution", "stn": "spatial transformer",
         "residual": "residual blocks (skip connection)", "dense": "fully connected"}  # fmt: skip

EDGE = "#555555"
LOSS: Any = {"fontsize": 7, "color": "#b2182b"}
TRUE = -6.6
"""height of the true face and the discriminator, below the SRN at 0; a stage is one unit wide"""


@dataclass(frozen=True)
class Block:
    """One stage of a network, as it was when a face went through.

    Attributes:
        kind: a key of `COLOURS`.
        channels: of its output.
        side: of its output, in pixels; 1 for a vector.
    """

    kind: str
    channels: int
    side: int


def draw(config: Config) -> Drawing:
    """The networks of `paper.experiment` and its losses (Figure 2): each box is a stage's output.

    Raises:
        IfrpError: that experiment's method has no style removal network.
    """
    from matplotlib.figure import Figure as Drawing
    from matplotlib.patches import Patch

    from ifrp.recovery import methods
    from ifrp.recovery.networks.srn import SRN

    experiment = experiments.featured(config)
    method = methods.build(config, experiment)
    generator, discriminator = method.networks.get("generator"), method.networks.get("discriminator")
    if not isinstance(generator, SRN):
        raise IfrpError(
            f"paper.experiment is {experiment.name}, whose method {experiment.method} has no network that this figure can draw."
        )
    main, skips = trace(generator, experiment.size)
    scored = trace(discriminator, experiment.size)[0][1:] if discriminator is not None else []
    figure = Drawing(figsize=(7.8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.axis("off")
    _srn(axes, main, skips, f"Style removal network (SRN), {_count(generator)} parameters")
    last = len(main) - 1
    _box(axes, "face", (last, TRUE), (0.66, 2 * _height(main[-1]) / 3), "true face", rotation=90)
    _arrow(axes, (last, TRUE + 1.6), (last, -2.35), "pixel\nloss", both=True)
    if discriminator is not None:
        _dn(axes, scored, last, f"Discriminative network (DN), {_count(discriminator)} parameters")
    losses = method.settings.losses
    if getattr(losses, "identity", 0):
        _identity(axes, last, losses.identity_network)
    present = {block.kind for block in [*main, *skips, *scored]}
    kinds = [kind for kind in NAMES if kind in present]
    handles = [Patch(facecolor=COLOURS[kind], edgecolor=EDGE, label=NAMES[kind]) for kind in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=7)
    axes.set(xlim=(-1.2, last + 4.4), ylim=(TRUE - 2.6, 3.2))
    return figure


def trace(module: nn.Module, size: int) -> tuple[list[Block], list[Block]]:
    """Sends a face through a network: its stages in the order in which they ran, and those in skip connections.

    Args:
        module: an SRN or a DN.
        size: side of a face, in pixels.
    """
    import torch
    from torch import nn

    from ifrp.recovery.networks.srn import SRN

    main, skips = [Block("face", 3, size)], list[Block]()

    def note(into: list[Block], kind: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Tensor) -> None:
            side = output.shape[2] if output.dim() == 4 else 1
            into.append(Block(kind, output.shape[1], side))

        return hook

    noted: list[tuple[nn.Module, list[Block], str]] = []
    if isinstance(module, SRN):
        noted += [(stage, main, "conv") for stage in module.encoder]
        noted += [(stage, main, "deconv") for stage in module.decoder]
        noted += [(stage, skips, "residual") for stage in module.skips.values()]
        noted += [(stage, main, "stn") for stage in module.transformers.values()]
    else:
        noted += [(layer, main, "conv") for layer in module.modules() if isinstance(layer, nn.MaxPool2d)]
        noted += [(layer, main, "dense") for layer in module.modules() if isinstance(layer, nn.Linear)]
    hooks = [stage.register_forward_hook(note(into, kind)) for stage, into, kind in noted]
    training = module.training
    with torch.no_grad():
        module.eval()(torch.zeros(1, 3, size, size))
    module.train(training)
    for hook in hooks:
        hook.remove()
    return main, skips


def _count(module: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in module.parameters()):,}"


def _height(block: Block) -> float:
    return 0.5 + 0.5 * block.side.bit_length() if block.side > 1 else 0.35 * block.channels.bit_length()


def _srn(axes: Axes, main: list[Block], skips: list[Block], title: str) -> None:
    for place, block in enumerate(main):
        face = {0: "portrait", len(main) - 1: "recovered face"}.get(place)
        text = f"{face}, {block.side}²×{block.channels}" if face else f"{block.side}²\n×{block.channels}"
        _box(axes, block.kind, (place, 0), (0.66, _height(block)), text, rotation=90 if face else 0)
        if place:
            _arrow(axes, (place - 0.67, 0), (place - 0.33, 0))
    for block in skips:
        _skip(axes, main, block)
    axes.text(len(main) / 2 - 0.5, 2.65, title, ha="center", fontsize=8)


def _skip(axes: Axes, main: list[Block], block: Block) -> None:
    """A skip connection below the stages, from the last encoder stage of its side to the decoder's."""
    turn = next(i for i, stage in enumerate(main) if stage.kind == "deconv")
    same = [i for i, stage in enumerate(main) if stage.side == block.side]
    start, end = max(i for i in same if i < turn), max(i for i in same if i >= turn)
    deep = -1.5 - 0.3 * (end - start)
    line: Any = {"color": COLOURS["residual"], "linewidth": 1.6, "zorder": 0}
    axes.plot([start, start, end, end], [0, deep, deep, 0], **line)
    middle = (start + end) / 2
    _box(axes, block.kind, (middle, deep), (1.7, 0.5), f"{block.side}²×{block.channels}")


def _dn(axes: Axes, blocks: list[Block], last: int, title: str) -> None:
    """From right to left: both faces go in, and one number comes out."""
    step = 1.55
    places = [last - 2.2 - step * i for i in range(len(blocks))]
    for place, block in zip(places, blocks, strict=True):
        shape = f"{block.side}²\n×{block.channels}" if block.side > 1 else f"{block.channels}"
        _box(axes, block.kind, (place, TRUE), (0.8, max(_height(block) * 0.8, 0.6)), shape)
        if place != places[0]:
            _arrow(axes, (place + step - 0.4, TRUE), (place + 0.4, TRUE))
    _arrow(axes, (last - 0.33, TRUE), (places[0] + 0.4, TRUE))
    _arrow(axes, (last - 0.2, -2.3), (places[0] + 0.4, TRUE + 0.8))
    _arrow(axes, (places[-1] - 0.4, TRUE), (places[-1] - 1.1, TRUE))
    axes.text(places[-1] - 1.2, TRUE, "real or recovered?\nadversarial loss", ha="right", va="center", **LOSS)
    axes.text((places[0] + places[-1]) / 2, TRUE - 2.3, title, ha="center", fontsize=8)


def _identity(axes: Axes, last: int, network: str) -> None:
    from matplotlib.patches import Rectangle

    corner, size = (last + 1.0, TRUE - 1.4), (1.5, 2.8 - TRUE)
    axes.add_patch(
        Rectangle(
            corner, *size, facecolor="#fff7e6", edgecolor=EDGE, linestyle="--", linewidth=0.8, zorder=-1
        )
    )
    middle = last + 1.75
    axes.text(middle, 1.6, "VGG-19" if network == "vgg19" else "FaceNet", ha="center", fontsize=7)
    axes.text(middle, TRUE - 1.75, "frozen", ha="center", fontsize=6, style="italic")
    for height in (0, TRUE):
        _arrow(axes, (last + 0.33, height), (last + 1.2, height))
        _box(axes, "dense", (middle, height), (1.1, 1.1), "features")
    _arrow(axes, (middle, TRUE + 0.6), (middle, -0.6), both=True)
    axes.text(last + 2.65, TRUE / 2, "identity\nloss", ha="left", va="center", **LOSS)
    _arrow(axes, (middle + 0.1, TRUE / 2), (last + 2.6, TRUE / 2))


def _box(
    axes: Axes,
    kind: str,
    middle: tuple[float, float],
    size: tuple[float, float],
    text: str,
    rotation: float = 0,
) -> None:
    from matplotlib.patches import Rectangle

    corner = (middle[0] - size[0] / 2, middle[1] - size[1] / 2)
    axes.add_patch(Rectangle(corner, *size, facecolor=COLOURS[kind], edgecolor=EDGE, linewidth=0.7))
    axes.text(*middle, text, ha="center", va="center", fontsize=6, rotation=rotation)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], text: str = "", both: bool = False
) -> None:
    style = {"arrowstyle": "<|-|>" if both else "-|>", "color": EDGE, "linewidth": 0.7, "mutation_scale": 6,
             "shrinkA": 0, "shrinkB": 0}  # fmt: skip
    axes.annotate("", end, start, arrowprops=style)
    if text:
        axes.text(start[0] + 0.12, (start[1] + end[1]) / 2, text, ha="left", va="center", **LOSS)


FIGURES = (
    Figure(
        name="network",
        module=__name__,
        shows="SRN, DN, the face recogniser and the three losses; each box has the shape that a face has after that stage",
        of_paper="Figure 2",
        reads=lambda config: [],
        rows=lambda config: experiments.featured(config).depends,
        settings=("faces.size", "paper.experiment"),
        runs=method_of_featured,
        draw=draw,
    ),
)
