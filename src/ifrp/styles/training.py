"""Training of one style network with perceptual losses (Johnson et al. 2016, Sec. 3.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from ifrp import paths, provenance, runtime, stacks
from ifrp.config import Config, Styles, plain
from ifrp.errors import IfrpError
from ifrp.runtime import generator, subseed
from ifrp.stacks import Images
from ifrp.styles.artworks import in_table, read
from ifrp.styles.losses import Losses
from ifrp.styles.network import StyleNetwork, save, to_tensor
from ifrp.training import checkpoint
from ifrp.training.curve import Curve
from ifrp.training.loop import Loop
from ifrp.training.trainee import Row, Trainee, Update, Updates

if TYPE_CHECKING:
    from lightning_fabric import Fabric


ROWS = 200
"""rows in a loss curve, about"""


def write(config: Config, style: str) -> str:
    """Trains the style network of one artwork on the warped training faces, to models/styles/; returns a sentence about it.

    Raises:
        IfrpError: the style table does not have it, artwork or faces are missing, or see `train`.
    """
    in_table(config, style)
    target, inputs = paths.style_network(style), [paths.artwork(style), paths.warped("train")]
    faces, picture = stacks.read(paths.warped("train")), read(paths.artwork(style))
    fabric = runtime.fabric(config.runtime, devices=1)  # there are ten such trainings to run side by side
    settings = {"features": config.styles.features, "training": config.styles.training}
    with provenance.card(target, plain(settings), config.seed, inputs) as facts:
        network, curve = train(
            style, picture, faces.images, config.styles, config.seed, fabric, config.runtime.graphs
        )
        facts.update(curve[-1])
        save(target, network, style)
        checkpoint.remove(paths.checkpoint(f"style-{style}"))
    return f"{target}: style loss {curve[0]['style']:.3g} → {curve[-1]['style']:.3g}, {len(faces)} faces."


def train(
    style: str,
    artwork: Images,
    faces: Images,
    settings: Styles,
    seed: int,
    fabric: Fabric,
    graphs: bool = True,
) -> tuple[StyleNetwork, list[Row]]:
    """Trains the network of one style and writes its curve; goes on from a checkpoint if an earlier run stopped.

    Args:
        style: its name.
        artwork: (H, W, 3) uint8; resized here to `training.artwork_size`.
        faces: (N, S, S, 3) uint8, the warped training faces.
        settings: section `styles` of the configuration.
        seed: of the first weights and of the order of faces.
        fabric: device and precision.
        graphs: replay steps as CUDA graphs on a GPU.

    Returns:
        The network and the rows of its loss curve: step, content, style, variation, total.

    Raises:
        IfrpError: a loss is not finite.
        KeyboardInterrupt: after SIGINT, SIGTERM: a checkpoint was written first.
    """
    trainee = StyleTrainee(style, artwork, faces, settings, seed, fabric.device)
    network, curve = trainee.network, Curve(paths.style_curve(style))
    pixels = [hashlib.sha256(np.ascontiguousarray(images).data).hexdigest() for images in (artwork, faces)]
    identity = json.dumps([style, plain(settings.features), plain(settings.training), seed, *pixels])
    loop = Loop(trainee, fabric, paths.checkpoint(f"style-{style}"), identity, curve, graphs)
    loop.run()
    return network, loop.history


class StyleTrainee(Trainee[Tensor]):
    """A style network in training; arguments as those of `train`.

    Attributes:
        network: what is trained.
    """

    def __init__(
        self, style: str, artwork: Images, faces: Images, settings: Styles, seed: int, device: torch.device
    ) -> None:  # fmt: skip
        self.options, self.device = settings.training, device
        self.style, self.faces, self.seed = style, faces, seed
        torch.manual_seed(subseed(seed, "style network", style))
        self.network = StyleNetwork(self.options.width, self.options.keep)
        super().__init__(f"style network {style}", self.options.steps, {"network": self.network})
        picture = resize(to_tensor(artwork[None], device), self.options.artwork_size)
        self.losses = Losses(picture, self.options, settings.features, seed)

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam."""
        return {"network": Adam(self.network.parameters(), lr=self.options.learning_rate)}

    def batch(self, step: int) -> Tensor:
        """Faces, (B, 3, S, S) in [-1, 1]."""
        order = generator(self.seed, "style faces", self.style, step + 1)
        return to_tensor(sample(self.faces, self.options.batch, self.options.crop, order), self.device)

    def rate(self, step: int) -> float:
        """Falls linearly to 0."""
        return self.options.learning_rate * (1 - step / self.steps)

    def updates(self, batch: Tensor, step: int) -> Updates:
        """One step."""
        terms = self.losses(self.losses.content(batch), self.networks["network"](batch))
        yield Update("network", terms["total"], {name: term.detach() for name, term in terms.items()})

    def phase(self, step: int) -> Hashable:
        """All steps do the same."""
        return 0

    def logged(self, step: int) -> bool:
        """At the first step, the last, and some 200 between them."""
        return step % max(1, self.steps // ROWS) == 0 or step in (1, self.steps)


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
