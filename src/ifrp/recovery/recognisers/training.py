"""Making a face recogniser: published weights, a file, or trained on the people at hand."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from ifrp import artifacts, paths, provenance, runtime, stacks
from ifrp.config import Config, RecogniserTraining, plain
from ifrp.config import Recogniser as Settings
from ifrp.config.sections import PUBLISHED_WEIGHTS
from ifrp.errors import IfrpError
from ifrp.recovery.recognisers.recogniser import Recogniser, build, convert, fingerprint, prepare, settings_of
from ifrp.stacks import to_range
from ifrp.training import checkpoint
from ifrp.training.loop import Loop
from ifrp.training.trainee import Trainee, Update, Updates

RELEASE = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9"
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def make(config: Config, name: str) -> None:
    """Writes a recogniser's weights and card: trains it, or takes over a file or published weights, strictly.

    Raises:
        IfrpError: the name is unknown, or the weights cannot be had or do not fit the network.
    """
    settings, target = settings_of(config, name), paths.recogniser(name)
    trained = settings.weights == "trained"
    inputs = [paths.faces("train")] if trained else []
    with provenance.card(target, {name: plain(settings)}, config.seed, inputs) as facts:
        network = build(settings)
        if trained:
            network = train(config, name, settings, facts)
        else:
            path, tensors = _published(settings)
            artifacts.load_into(network, convert(tensors, settings), path)
        facts["fingerprint"] = fingerprint(network.state_dict())
        header = {"settings": json.dumps(plain(settings)), "name": name}
        artifacts.save_weights(target, network.state_dict(), header)
        checkpoint.remove(paths.checkpoint(f"recogniser-{name}"))


def train(config: Config, name: str, settings: Settings, facts: dict[str, Any]) -> nn.Sequential:
    """Trains a network from random weights with CosFace's margin (Wang et al., CVPR 2018); goes on if an earlier run stopped.

    Everything random is a function of the seed, the recogniser's name and the step.

    Args:
        config: seed and runtime.
        name: of the recogniser; two of the same kind but other name get other weights.
        settings: of the recogniser.
        facts: receives people, faces, faces per second and the accuracy on validation people.

    Raises:
        IfrpError: there are fewer than two people, or the loss is not finite.
        KeyboardInterrupt: after SIGINT, SIGTERM: a checkpoint was written first.
    """
    fabric, options, path = runtime.fabric(config.runtime, devices=1), settings.training, paths.faces("train")
    trainee = RecogniserTrainee(name, settings, stacks.read(path), config.seed, fabric.device)
    identity = json.dumps([name, plain(settings), config.seed, artifacts.checksum(path)])
    checkpoints = paths.checkpoint(f"recogniser-{name}")
    loop = Loop(trainee, fabric, checkpoints, identity, graphs=config.runtime.graphs)
    loop.run()
    speed = options.steps * options.batch / max(loop.seconds, 1e-9)
    facts.update(people=trainee.people, faces=len(trainee.labels), steps=options.steps)
    facts["faces_per_second"] = round(speed, 1)
    if paths.faces("val").exists():
        val = stacks.read(paths.faces("val"))
        embedded = Recogniser(trainee.network, settings, fabric.device).embed(val.images)
        facts["validation_rank1"] = rank1(embedded, val.table["person"].to_numpy())
    return trainee.network


class RecogniserTrainee(Trainee[tuple[Tensor, Tensor]]):
    """A recogniser in training.

    Args:
        name: of the recogniser.
        settings: of the recogniser.
        faces: the training faces, with their people.
        seed: of everything random, with the name.
        device: where it is trained.

    Attributes:
        network: what is kept of it.
        people: how many there are.
        labels: (N,) the number of each face's person.

    Raises:
        IfrpError: there are fewer than two people.
    """

    def __init__(
        self, name: str, settings: Settings, faces: stacks.Stack, seed: int, device: torch.device
    ) -> None:
        self.settings, self.options, self.device = settings, settings.training, device
        self.images, self.purpose = faces.images, (seed, "recogniser", name)
        people, self.labels = np.unique(faces.table["person"], return_inverse=True)
        self.people = len(people)
        if self.people < 2:
            raise IfrpError(
                f"{paths.faces('train')} shows one person only: a recogniser cannot be trained on it."
            )
        torch.manual_seed(runtime.subseed(*self.purpose))
        self.network = build(settings)
        margin = _Margin(self.network, self.people, self.options)
        super().__init__(f"recogniser {name}", self.options.steps, {"recogniser": margin})

    def optimisers(self) -> dict[str, Optimizer]:
        """AdamW."""
        return {"recogniser": AdamW(self.networks["recogniser"].parameters(), lr=self.options.learning_rate)}

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Augmented faces as the network takes them in, and the numbers of their people."""
        seed = runtime.subseed(*self.purpose, step)
        torch.manual_seed(seed)
        rows = runtime.generator(seed).integers(len(self.labels), size=self.options.batch)
        images = to_range(runtime.sent(self.images[rows], self.device))
        labels = runtime.sent(self.labels[rows], self.device)
        return prepare(augment(images, self.options), self.settings), labels

    def rate(self, step: int) -> float:
        """Up, then down: see `rate`."""
        return self.options.learning_rate * rate(step, self.steps)

    def updates(self, batch: tuple[Tensor, Tensor], step: int) -> Updates:
        """One step."""
        yield Update("recogniser", self.networks["recogniser"](*batch))

    def phase(self, step: int) -> Hashable:
        """All steps do the same."""
        return 0


def _published(settings: Settings) -> tuple[Path, dict[str, Tensor]]:
    file = PUBLISHED_WEIGHTS.get(settings.weights)
    if file is None:
        path = Path(settings.weights)
        return path, artifacts.load_weights(path)
    if settings.network != "facenet":
        raise IfrpError(
            f"The weights {settings.weights} exist for facenet only; for {settings.network} name a file or trained."
        )
    folder, address = Path(torch.hub.get_dir()) / "checkpoints", f"{RELEASE}/{file}"
    path = folder / file
    if not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with artifacts.atomic(path) as new:
                torch.hub.download_url_to_file(address, str(new))
                _require_weights(new, address)
        except (URLError, OSError, RuntimeError) as error:
            raise IfrpError(
                f"The FaceNet weights cannot be downloaded ({error}): put the file at {address} into {folder}, "
                "or set the recogniser's weights to a file or to trained."
            ) from error
    return path, artifacts.load_weights(path)


def _require_weights(new: Path, address: str) -> None:
    try:
        artifacts.load_weights(new)
    except IfrpError as error:
        raise IfrpError(
            f"What {address} sends is no file of weights: try again later, or set the recogniser's weights to a file or to "
            "trained."
        ) from error


class _Margin(nn.Module):
    """Embedding network with CosFace's loss: scaled cosines to one direction per person, the right one lessened.

    Both networks end with a norm, which tells the size of the embedding.
    """

    def __init__(self, network: nn.Sequential, people: int, options: RecogniserTraining) -> None:
        super().__init__()
        self.network, self.options = network, options
        size = [module.num_features for module in network.modules() if isinstance(module, NORMS)][-1]
        self.directions = nn.Parameter(nn.init.xavier_uniform_(torch.empty(people, size)))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        embedded = F.normalize(self.network(images).float())
        cosines = embedded @ F.normalize(self.directions.float()).T  # (N, people)
        lessened = cosines - self.options.margin * F.one_hot(labels, cosines.shape[1])
        return F.cross_entropy(self.options.scale * lessened, labels)


def rate(step: int, steps: int) -> float:
    """Factor on the learning rate: up for a tenth of the steps, then down to 0 along a cosine."""
    rise = max(1, steps // 10)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def augment(images: Tensor, options: RecogniserTraining) -> Tensor:
    """Mirrors, shifts, scales, rotates and tints (N, 3, S, S) faces in [-1, 1] at random, by torch's generator."""
    count = len(images)

    def draw(*shape: int) -> Tensor:
        return runtime.sent(2 * torch.rand(count, *shape) - 1, images.device)

    angle, scale = draw() * math.radians(options.rotation), 1 + draw() * options.shift
    mirror = torch.sign(draw())
    cos, sin = scale * angle.cos(), scale * angle.sin()
    shift = 2 * options.shift * draw(2)
    matrix = torch.stack([torch.stack([mirror * cos, -sin, shift[:, 0]], 1),
                          torch.stack([mirror * sin, cos, shift[:, 1]], 1)], 1)  # fmt: skip
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    contrast, tint = 1 + options.colour * draw(1, 1, 1), options.colour * (draw(3, 1, 1) + draw(1, 1, 1)) / 2
    return (moved * contrast + tint).clamp(-1, 1)


def rank1(embedded: NDArray[np.float32], people: NDArray[Any]) -> float | None:
    """Share of faces whose nearest other face shows the same person; faces whose person is there once do not ask."""
    cosines = embedded @ embedded.T
    np.fill_diagonal(cosines, -np.inf)
    _, which, times = np.unique(people, return_inverse=True, return_counts=True)
    asks = times[which] > 1
    right = people[cosines.argmax(1)] == people
    return round(float(right[asks].mean()), 4) if asks.any() else None
