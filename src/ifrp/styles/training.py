"""Training of one style network with perceptual losses (Johnson et al. 2016, Sec. 3.2)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ifrp import artifacts, checkpoint, paths, runtime, stacks
from ifrp.checkpoint import Kept, structure
from ifrp.config import Config, plain
from ifrp.errors import IfrpError
from ifrp.runtime import generator, progress, subseed
from ifrp.stacks import Images
from ifrp.styles.artworks import in_table, read
from ifrp.styles.losses import Losses
from ifrp.styles.network import StyleNetwork, save, to_tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from ifrp import config

ROWS = 200
"""rows in a loss curve, at most"""


def write(config: Config, style: str) -> str:
    """Trains the style network of one artwork on the warped training faces, to models/styles/; returns a sentence about it.

    Raises:
        IfrpError: the style table does not have it, artwork or faces are missing, or see `train`.
    """
    import pandas as pd

    in_table(config, style)
    target, inputs = paths.style_network(style), [paths.artwork(style), paths.warped("train")]
    faces, picture = stacks.read(paths.warped("train")), read(paths.artwork(style))
    fabric = runtime.fabric(config.runtime, devices=1)  # there are ten such trainings to run side by side
    settings = {"features": config.styles.features, "training": config.styles.training}
    with artifacts.card(target, plain(settings), config.seed, inputs) as facts:
        network, curve = train(
            style, picture, faces.images, config.styles, config.seed, fabric, config.runtime.compile
        )
        facts.update(curve[-1])
        artifacts.save_table(paths.style_curve(style), pd.DataFrame(curve))
        save(target, network, style)
        checkpoint.remove(paths.checkpoint(f"style-{style}"))
    return f"{target}: style loss {curve[0]['style']:.3g} → {curve[-1]['style']:.3g}, {len(faces)} faces."


def train(
    style: str,
    artwork: Images,
    faces: Images,
    settings: config.Styles,
    seed: int,
    fabric: Fabric,
    compiled: bool = False,
) -> tuple[StyleNetwork, list[dict[str, float]]]:
    """Trains the network of one style; goes on from a checkpoint if an earlier run stopped.

    Args:
        style: its name, for messages.
        artwork: (H, W, 3) uint8; resized here to `training.artwork_size`.
        faces: (N, S, S, 3) uint8, the warped training faces.
        settings: section `styles` of the configuration.
        seed: of the first weights and of the order of faces.
        fabric: device and precision.
        compiled: use torch.compile.

    Returns:
        The network and the rows of its loss curve: step, content, style, variation, total.

    Raises:
        IfrpError: a loss is not finite.
    """
    options = settings.training
    torch.manual_seed(subseed(seed, "style network", style))
    trained = StyleNetwork(options.width, options.keep).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(trained.parameters(), lr=options.learning_rate)
    ready: nn.Module = torch.compile(trained) if compiled else trained  # type: ignore[assignment]
    network, optimiser = fabric.setup(ready, optimiser)
    picture = resize(to_tensor(artwork[None], fabric.device), options.artwork_size)
    losses = Losses(picture, options, settings.features, seed)
    identity = _identity(style, trained, artwork, faces, settings, seed)
    kept = Kept(paths.checkpoint(f"style-{style}"), identity)
    found = kept.load() or {"step": 0, "curve": []}
    if found["step"]:
        trained.load_state_dict(found["network"])
        optimiser.load_state_dict(found["optimiser"])
    every, curve = max(1, options.steps // ROWS), list(found["curve"])
    steps = range(found["step"] + 1, options.steps + 1)
    for step in progress(steps, f"style network {style}", options.steps, found["step"]):
        order = generator(seed, "style faces", style, step)
        batch = to_tensor(sample(faces, options.batch, options.crop, order), fabric.device)
        with fabric.autocast():
            terms = losses(losses.content(batch), network(batch))
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * (1 - (step - 1) / options.steps)
        optimiser.zero_grad()
        fabric.backward(terms["total"])
        optimiser.step()
        if step % every == 0 or step in (1, options.steps):
            curve.append({"step": step, **{name: term.item() for name, term in terms.items()}})
            _check(style, curve[-1], options.learning_rate)
        if kept.due():
            state = {"network": trained.state_dict(), "optimiser": optimiser.state_dict()}
            kept.save({"step": step, "curve": curve, **state})
    return trained, curve


def _identity(
    style: str, network: nn.Module, artwork: Images, faces: Images, settings: config.Styles, seed: int
) -> str:
    pixels = [hashlib.sha256(np.ascontiguousarray(images).data).hexdigest() for images in (artwork, faces)]
    told = [plain(settings.features), plain(settings.training), seed]
    return json.dumps([style, *told, *pixels, structure(network)])


def sample(faces: Images, count: int, crop: int | None, order: np.random.Generator) -> Images:
    """Random faces, (B, S, S, 3), or the same random square of each.

    Raises:
        IfrpError: the square is larger than a face.
    """
    chosen, size = order.integers(len(faces), size=count), faces.shape[1]
    if crop is None:
        return faces[chosen]
    if not 32 <= crop <= size:
        raise IfrpError(
            f"styles.training.crop is {crop}: it must lie between 32 and the faces' {size} pixels."
        )
    top, left = order.integers(size - crop + 1, size=2)
    return faces[chosen, top : top + crop, left : left + crop]


def resize(picture: Tensor, shorter: int) -> Tensor:
    """A picture (B, C, H, W) with its shorter side at a given length, anti-aliased."""
    height, width = picture.shape[2:]
    scale = shorter / min(height, width)
    size = (round(height * scale), round(width * scale))
    return torch.nn.functional.interpolate(picture, size, mode="bilinear", antialias=True)


def _check(style: str, row: Mapping[str, Any], rate: float) -> None:
    wrong = [name for name, value in row.items() if not math.isfinite(value)]
    if wrong:
        raise IfrpError(
            f"The {wrong[0]} loss of style {style} is not finite at step {row['step']}; nothing was saved: "
            f"lower styles.training.learning_rate, now {rate:g}, or use precision 32-true."
        )
