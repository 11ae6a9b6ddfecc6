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
    """Style removal network and discriminative network of `paper.experiment` (Figure 2): each box is a stage's output.

    Raises:
        IfrpError: that experiment's method has no style removal network.
    """
    from matplotlib.figure import Figure as Drawing
    from matplotlib.patches import Patch

    from ifrp.recovery import methods
    from ifrp.recovery.networks.srn import SRN

    experiment = experiments.featured(config)
    networks = methods.build(config, experiment).networks
    generator = networks.get("generator")
    if not isinstance(generator, SRN):
        raise IfrpError(
            f"paper.experiment is {experiment.name}, whose method {experiment.method} has no network that this figure can draw."
        )
    main, skips = trace(generator, experiment.size)
    discriminator = (
        trace(networks["discriminator"], experiment.size)[0] if "discriminator" in networks else []
    )
    figure = Drawing(figsize=(7.8, 3.9), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3, 2))
    _draw(above, main, f"Style removal network (SRN), {_count(generator)} parameters")
    for block in skips:
        _skip(above, main, block)
    if discriminator:
        _draw(
            below,
            discriminator,
            f"Discriminative network (DN), {_count(networks['discriminator'])} parameters",
        )
    below.axis("off")
    present = {block.kind for block in [*main, *skips, *discriminator]}
    kinds = [kind for kind in NAMES if kind in present]
    handles = [Patch(facecolor=COLOURS[kind], edgecolor="#555555", label=NAMES[kind]) for kind in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
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


def _draw(axes: Axes, blocks: list[Block], title: str) -> None:
    for place, block in enumerate(blocks):
        shape = f"{block.side}²\n×{block.channels}" if block.side > 1 else f"{block.channels}"
        _box(axes, block.kind, (place, 0), (0.6, _height(block)), shape)
        if place:
            axes.plot([place - 0.7, place - 0.3], [0, 0], color="#555555", linewidth=0.7)
    axes.set(xlim=(-0.6, len(blocks) - 0.4), ylim=(-2.7, 2.7), title=title)
    axes.axis("off")


def _skip(axes: Axes, main: list[Block], block: Block) -> None:
    """A skip connection below the stages, from the last encoder stage of its side to the decoder's."""
    turn = next(i for i, stage in enumerate(main) if stage.kind == "deconv")
    same = [i for i, stage in enumerate(main) if stage.side == block.side]
    start, end = max(i for i in same if i < turn), max(i for i in same if i >= turn)
    deep = -1.5 - 0.3 * (end - start)
    axes.set_ylim(bottom=min(deep - 0.4, axes.get_ylim()[0]))
    line: Any = {"color": COLOURS["residual"], "linewidth": 1.6, "zorder": 0}
    axes.plot([start, start, end, end], [0, deep, deep, 0], **line)
    middle = (start + end) / 2
    _box(axes, block.kind, (middle, deep), (1.5, 0.44), f"{block.side}²×{block.channels}")


def _box(axes: Axes, kind: str, middle: tuple[float, float], size: tuple[float, float], text: str) -> None:
    from matplotlib.patches import Rectangle

    corner = (middle[0] - size[0] / 2, middle[1] - size[1] / 2)
    axes.add_patch(Rectangle(corner, *size, facecolor=COLOURS[kind], edgecolor="#555555", linewidth=0.7))
    axes.text(*middle, text, ha="center", va="center", fontsize=6)


FIGURES = (
    Figure(
        name="network",
        module=__name__,
        shows="the networks, drawn from the shapes that a face has after each stage",
        of_paper="Figure 2",
        reads=lambda config: [],
        rows=lambda config: experiments.featured(config).depends,
        settings=("faces.size", "paper.experiment"),
        runs=method_of_featured,
        draw=draw,
    ),
)
