"""The stages of a network: what its layers give when a face goes through it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress, pairwise
from typing import TYPE_CHECKING, Any

from ifrp.config import Config
from ifrp.errors import IfrpError

if TYPE_CHECKING:
    from torch import Tensor, nn

TITLES = {"facenet": "FaceNet", "mobilefacenet": "MobileFaceNet"}


@dataclass(frozen=True)
class Stage:
    """One stage of a network, as it was when a face went through.

    Attributes:
        kind: face, conv, deconv, stn, residual, dense, or frozen.
        channels: of its output.
        side: height of its output, in pixels; 1 for a vector.
        width: of its output, in pixels; none where it is as wide as high.
    """

    kind: str
    channels: int
    side: int
    width: int | None = None


def trace(module: nn.Module, size: int) -> tuple[list[Stage], list[Stage]]:
    """Sends a face through a network: its stages in the order in which they ran, and those in skip connections.

    Args:
        module: an SRN or a DN.
        size: side of a face, in pixels.
    """
    import torch
    from torch import nn

    from ifrp.recovery.networks.srn import SRN

    main, skips = [Stage("face", 3, size)], list[Stage]()

    def note(into: list[Stage], kind: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Tensor) -> None:
            into.append(_stage(kind, output))

        return hook

    noted: list[tuple[nn.Module, list[Stage], str]] = []
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


def frozen(config: Config, network: str, layer: str, size: int) -> tuple[str, list[Stage]]:
    """The network whose features an identity loss compares: what it is called, and the last stage of each resolution.

    No weights are loaded: shapes tell all.

    Args:
        config: the features and recognisers.
        network: a name in `recovery.recognisers`, or vgg19.
        layer: the layer whose features are compared, which comes last.
        size: side of a face, in pixels.

    Raises:
        IfrpError: it has no such layer.
    """
    import torch

    title, layers, sides = _compared(config, network, layer, size)
    maps = torch.zeros(1, 3, *sides, device=next(layers.parameters()).device)
    found = [_stage("face", maps)]
    for one in layers.eval():
        maps = one(maps)
        found.append(_stage("frozen", maps))
    ends = [one.side != after.side for one, after in pairwise(found[1:])]
    return title, [found[0], *compress(found[1:], [*ends, True])]


def _compared(
    config: Config, network: str, layer: str, size: int
) -> tuple[str, nn.Sequential, tuple[int, int]]:
    """What that network is called, its layers down to the one that is compared, and the height and width that it takes in."""
    import torch
    from torch import nn

    from ifrp.recovery.recognisers import recogniser
    from ifrp.styles.features import Features

    if network == "vgg19":
        return "VGG-19", Features((layer,), "random", config.styles.features.width).body, (size, size)
    settings = recogniser.settings_of(config, network)
    with torch.device("meta"):
        layers = recogniser.build(settings)
    named = dict(layers.named_children())
    if layer not in named:
        raise IfrpError(f"{settings.network} has no layer {layer}; its layers are {', '.join(named)}.")
    kept = list(named.values())[: list(named).index(layer) + 1]
    return TITLES[settings.network], nn.Sequential(*kept), settings.size


def _stage(kind: str, output: Tensor) -> Stage:
    if output.dim() < 4:
        return Stage(kind, output.shape[1], 1)
    channels, height, width = output.shape[1:]
    return Stage(kind, channels, height, width if width != height else None)
