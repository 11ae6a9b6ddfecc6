"""Making a face recogniser: published weights, a file, or trained on the people at hand."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ifrp import artifacts, checkpoint, paths, runtime, stacks
from ifrp.checkpoint import Kept, structure
from ifrp.config import Config, RecogniserTraining, plain
from ifrp.config import Recogniser as Settings
from ifrp.errors import IfrpError
from ifrp.recovery.recogniser import Recogniser, build, convert, fingerprint, prepare, settings_of
from ifrp.stacks import to_range

PUBLISHED = {
    name: f"https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/{file}"
    for name, file in (
        ("vggface2", "20180402-114759-vggface2.pt"),
        ("casia-webface", "20180408-102900-casia-webface.pt"),
    )
}
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def make(config: Config, name: str) -> None:
    """Writes a recogniser's weights and card: trains it, or takes over a file or published weights, strictly.

    Raises:
        IfrpError: the name is unknown, or the weights cannot be had or do not fit the network.
    """
    settings, target = settings_of(config, name), paths.recogniser(name)
    trained = settings.weights == "trained"
    inputs = [paths.faces("train")] if trained else []
    with artifacts.card(target, {name: plain(settings)}, config.seed, inputs) as facts:
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
        facts: receives people, faces, steps per second and the accuracy on validation people.

    Raises:
        IfrpError: there are fewer than two people, or the loss is not finite.
    """
    fabric, given = runtime.fabric(config.runtime, devices=1), settings.training
    faces = stacks.read(paths.faces("train"))
    people, labels = np.unique(faces.table["person"], return_inverse=True)
    if len(people) < 2:
        raise IfrpError(
            f"{paths.faces('train')} shows one person only: a recogniser cannot be trained on it."
        )
    torch.manual_seed(runtime.subseed(config.seed, "recogniser", name))
    network = build(settings)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model = fabric.setup_module(_Margin(network, len(people), given))
    optimiser: Any = fabric.setup_optimizers(torch.optim.AdamW(model.parameters(), lr=given.learning_rate))
    told = [name, plain(settings), config.seed, artifacts.sha256(paths.faces("train")), structure(network)]
    kept = Kept(paths.checkpoint(f"recogniser-{name}"), json.dumps(told))
    found = kept.load() or {"step": 0}
    if found["step"]:
        model.load_state_dict(found["model"])
        optimiser.load_state_dict(found["optimiser"])
    start = time.monotonic()
    for step in runtime.progress(
        range(found["step"], given.steps), f"recogniser {name}", given.steps, found["step"]
    ):
        seed = runtime.subseed(config.seed, "recogniser", name, step)
        torch.manual_seed(seed)
        rows = runtime.generator(seed).integers(len(labels), size=given.batch)
        images = to_range(torch.from_numpy(faces.images[rows]).to(fabric.device))
        loss = model(
            prepare(augment(images, given), settings), torch.from_numpy(labels[rows]).to(fabric.device)
        )
        if not math.isfinite(loss.item()):
            raise IfrpError(
                f"Training of recogniser {name} stopped at step {step}: the loss is {loss.item()}."
            )
        for group in optimiser.param_groups:
            group["lr"] = given.learning_rate * rate(step, given.steps)
        optimiser.zero_grad()
        fabric.backward(loss)
        optimiser.step()
        if kept.due():
            kept.save({"step": step + 1, "model": model.state_dict(), "optimiser": optimiser.state_dict()})
    speed = (given.steps - found["step"]) * given.batch / max(time.monotonic() - start, 1e-9)
    facts.update(people=len(people), faces=len(labels), steps=given.steps, faces_per_second=round(speed, 1))
    if paths.faces("val").exists():
        val = stacks.read(paths.faces("val"))
        embedded = Recogniser(network, settings, fabric.device).embed(val.images)
        facts["validation_rank1"] = rank1(embedded, val.table["person"].to_numpy())
    return network


def _published(settings: Settings) -> tuple[Path, dict[str, Tensor]]:
    address = PUBLISHED.get(settings.weights)
    if address is None:
        path = Path(settings.weights)
        return path, artifacts.load_weights(path)
    if settings.network != "facenet":
        raise IfrpError(
            f"The weights {settings.weights} exist for facenet only; for {settings.network} name a file or trained."
        )
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    path = folder / address.rsplit("/", 1)[1]
    if not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with artifacts.atomic(path) as new:
                torch.hub.download_url_to_file(address, str(new))
        except (URLError, OSError, RuntimeError) as error:
            raise IfrpError(
                f"The FaceNet weights cannot be downloaded ({error}): put the file at {address} into {folder}, "
                "or set the recogniser's weights to a file or to trained."
            ) from error
    return path, artifacts.load_weights(path)


class _Margin(nn.Module):
    """Embedding network with CosFace's loss: scaled cosines to one direction per person, the right one lessened.

    Both networks end with a norm, which tells the size of the embedding.
    """

    def __init__(self, network: nn.Sequential, people: int, given: RecogniserTraining) -> None:
        super().__init__()
        self.network, self.given = network, given
        size = [module.num_features for module in network.modules() if isinstance(module, NORMS)][-1]
        self.directions = nn.Parameter(nn.init.xavier_uniform_(torch.empty(people, size)))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        embedded = F.normalize(self.network(images).float())
        cosines = embedded @ F.normalize(self.directions.float()).T  # (N, people)
        lessened = cosines - self.given.margin * F.one_hot(labels, cosines.shape[1])
        return F.cross_entropy(self.given.scale * lessened, labels)


def rate(step: int, steps: int) -> float:
    """Factor on the learning rate: up for a tenth of the steps, then down to 0 along a cosine."""
    rise = max(1, steps // 10)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def augment(images: Tensor, given: RecogniserTraining) -> Tensor:
    """Mirrors, shifts, scales, rotates and tints (N, 3, S, S) faces in [-1, 1] at random, by torch's generator."""
    count = len(images)

    def draw(*shape: int) -> Tensor:
        return (2 * torch.rand(count, *shape) - 1).to(images.device)

    angle, scale = draw() * math.radians(given.rotation), 1 + draw() * given.shift
    mirror = torch.sign(draw())
    cos, sin = scale * angle.cos(), scale * angle.sin()
    shift = 2 * given.shift * draw(2)
    matrix = torch.stack([torch.stack([mirror * cos, -sin, shift[:, 0]], 1),
                          torch.stack([mirror * sin, cos, shift[:, 1]], 1)], 1)  # fmt: skip
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    contrast, tint = 1 + given.colour * draw(1, 1, 1), given.colour * (draw(3, 1, 1) + draw(1, 1, 1)) / 2
    return (moved * contrast + tint).clamp(-1, 1)


def rank1(embedded: NDArray[np.float32], people: NDArray[Any]) -> float | None:
    """Share of faces whose nearest other face shows the same person; faces whose person is there once do not ask."""
    cosines = embedded @ embedded.T
    np.fill_diagonal(cosines, -np.inf)
    asks = np.array([(people == person).sum() > 1 for person in people])
    right = people[cosines.argmax(1)] == people
    return round(float(right[asks].mean()), 4) if asks.any() else None
