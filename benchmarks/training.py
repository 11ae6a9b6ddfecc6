"""Time of a training step: of this project's loop, with and without CUDA graphs, and of a loop as one would write it.

`python benchmarks/training.py` trains IFRP and pix2pix on random pictures, on a GPU if there is one: at full width there, in
batches of 64 and 256 (pix2pix: 1 and 4) and in both number formats; on a processor at a quarter of the width, in batches of 16
and 4. All of one row do the same work on the same networks: the loop as one would write it has no channels-last layout, and
reads each loss in each step for its progress bar.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from common import Figure, machine, report
from torch import Tensor
from torch.optim import Adam, Optimizer, RMSprop

from ifrp import runtime
from ifrp.config import Recogniser as RecogniserSettings
from ifrp.config import Runtime, typed
from ifrp.config.methods import settings_class
from ifrp.recovery import methods
from ifrp.recovery.method import Batch, Clock, Method
from ifrp.recovery.recognisers.recogniser import Recogniser, build
from ifrp.training.loop import Loop
from ifrp.training.trainee import Trainee, Updates

WARM = 6
"""steps that are not counted: they build kernels, and are recorded"""
SIZE = 128


class Stopwatch:
    """Seconds between the calls of two steps, when the device has done what came before."""

    def __init__(self, device: torch.device, first: int, last: int) -> None:
        self.device, self.first, self.last, self.times = device, first, last, list[float]()

    def __call__(self, step: int) -> None:
        if step in (self.first, self.last):
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            self.times.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """Of one step."""
        return (self.times[1] - self.times[0]) / (self.last - self.first)


class Timed(Trainee[Batch]):
    """A method in training on one batch of random pictures."""

    def __init__(self, method: Method[Any], batch: Batch, steps: int) -> None:
        super().__init__("benchmark", WARM + steps + 1, method.networks)
        self.method, self.pictures = method, batch
        self.watch = Stopwatch(batch.faces.device, WARM, WARM + steps)

    def optimisers(self) -> dict[str, Optimizer]:
        return self.method.optimisers()

    def batch(self, step: int) -> Batch:
        self.watch(step)
        return Batch(*(part.clone() for part in self.pictures))

    def rate(self, step: int) -> float:
        return self.method.rate(Clock(step, 0, self.steps))

    def updates(self, batch: Batch, step: int) -> Updates:
        return self.method.updates(batch, Clock(step, 0, self.steps))

    def phase(self, step: int) -> Any:
        return self.method.phase(Clock(step, 0, self.steps))


def ifrp(width: float, identity: bool, device: torch.device) -> Method[Any]:
    """IFRP whose gate is read and never closes, with an identity loss by random weights."""
    values = {"network": {"width": width}, "discriminator_width": width, "optimisation": {"margin": 1e-6}}
    values["losses"] = {"identity": 0.3 if identity else 0.0}
    method = made("ifrp", values, device)
    if identity:
        settings = RecogniserSettings(network="mobilefacenet", size=(112, 96))
        network = Recogniser(build(settings), settings, device)
        method.features = partial(network.features, layer="conv3")  # type: ignore[attr-defined]
    return method


def made(name: str, values: dict[str, Any], device: torch.device) -> Method[Any]:
    """A method with some settings."""
    torch.manual_seed(0)
    settings = typed(settings_class(name), values, name)
    method: Method[Any] = methods.find(name)(settings, SIZE, ("style",))
    for network in method.networks.values():
        network.to(device)
    return method


def ours(method: Method[Any], batch: Batch, precision: str, graphs: bool, steps: int) -> float:
    """Seconds of a step of this project's loop."""
    device = batch.faces.device.type
    fabric = runtime.fabric(Runtime(device=device, precision=precision))  # type: ignore[arg-type]
    trainee = Timed(method, batch, steps)
    with (
        tempfile.TemporaryDirectory() as folder,
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stderr(nowhere),
    ):
        Loop(trainee, fabric, Path(folder, "benchmark.ckpt"), "benchmark", graphs=graphs).run()
    return trainee.watch.seconds


def as_one_would(step: Callable[[Batch], list[Tensor]], batch: Batch, precision: str, steps: int) -> float:
    """Seconds of a step of a loop that reads all losses in each step."""
    device = batch.faces.device
    watch, mean = Stopwatch(device, WARM, WARM + steps), 0.0
    half: Callable[[], AbstractContextManager[Any]] = (
        partial(torch.autocast, device.type, torch.bfloat16)
        if precision == "bf16-mixed"
        else contextlib.nullcontext
    )
    for number in range(WARM + steps + 1):
        watch(number)
        with half():
            losses = step(batch)
        mean = 0.9 * mean + 0.1 * sum(loss.item() for loss in losses)
    return watch.seconds


def ifrp_step(method: Method[Any]) -> Callable[[Batch], list[Tensor]]:
    """The step of IFRP as one would write it."""
    generator, discriminator = method.networks["generator"], method.networks["discriminator"]
    features, weights = method.features, method.settings.losses  # type: ignore[attr-defined]
    optimisers = [RMSprop(network.parameters(), lr=1e-4, alpha=0.9) for network in (discriminator, generator)]

    def step(batch: Batch) -> list[Tensor]:
        half = len(batch.faces) // 2
        recovered = generator(batch.portraits)
        real, fake = discriminator(batch.faces[:half]), discriminator(recovered[half:].detach())
        wrong = F.binary_cross_entropy_with_logits(real.float(), torch.ones_like(real.float()))
        wrong = wrong + F.binary_cross_entropy_with_logits(fake.float(), torch.zeros_like(fake.float()))
        optimisers[0].zero_grad()
        wrong.backward()
        optimisers[0].step()
        judged = discriminator(recovered)
        adversarial = F.binary_cross_entropy_with_logits(judged.float(), torch.ones_like(judged.float()))
        pixel = F.mse_loss(recovered.float(), batch.faces)
        loss = pixel + weights.adversarial * adversarial
        if features is not None:
            with torch.no_grad():
                target = features(batch.faces)
            loss = loss + weights.identity * F.mse_loss(features(recovered).float(), target.float())
        optimisers[1].zero_grad()
        loss.backward()
        optimisers[1].step()
        return [wrong, adversarial, pixel]

    return step


def pix2pix_step(method: Method[Any]) -> Callable[[Batch], list[Tensor]]:
    """The step of pix2pix as one would write it."""
    generator, discriminator = method.networks["generator"], method.networks["discriminator"]
    optimisers = [
        Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (discriminator, generator)
    ]

    def error(pictures: Tensor, portraits: Tensor, real: float) -> Tensor:
        scores = discriminator(torch.cat([portraits, pictures], 1)).float()
        return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, real))

    def step(batch: Batch) -> list[Tensor]:
        recovered = generator(batch.portraits)
        wrong = error(batch.faces, batch.portraits, 1.0) + error(recovered.detach(), batch.portraits, 0.0)
        optimisers[0].zero_grad()
        (wrong / 2).backward()
        optimisers[0].step()
        adversarial, pixel = error(recovered, batch.portraits, 1.0), F.l1_loss(recovered, batch.faces)
        optimisers[1].zero_grad()
        (adversarial + 100 * pixel).backward()
        optimisers[1].step()
        return [wrong, adversarial, pixel]

    return step


def pictures(count: int, device: torch.device) -> Batch:
    """A batch of random pictures."""
    draw = torch.Generator().manual_seed(count)
    both = (2 * torch.rand(2, count, 3, SIZE, SIZE, generator=draw) - 1).to(device)
    return Batch(
        both[0], both[1], torch.zeros(count, dtype=torch.long).to(device), torch.zeros(count, 2, 3).to(device)
    )


def cases(device: torch.device, width: float | None) -> Iterator[tuple[str, Method[Any], Any, int, str]]:
    """What is timed: its name, the method, the step as one would write it, the batch, the number format."""
    gpu = device.type == "cuda"
    wide = width or (1.0 if gpu else 0.25)
    formats = ("bf16-mixed", "32-true") if gpu else ("32-true",)
    for precision in formats:
        for count in (64, 256) if gpu else (16,):
            for identity in (True, False):
                name = f"IFRP, {'with' if identity else 'without'} identity loss"
                yield name, ifrp(wide, identity, device), ifrp_step, count, precision
    for count in (1, 4) if gpu else (4,):
        method = made("pix2pix", {"width": wide, "discriminator_width": wide}, device)
        yield "pix2pix", method, pix2pix_step, count, "32-true"


def figure(what: str, kind: str, seconds: float, peer: float, count: int, device: torch.device) -> Figure:
    """What is told of one loop."""
    return Figure(
        what=f"{what}, {kind}",
        unit="ms per step",
        value=1000 * seconds,
        machine=machine(device),
        peer="loop as one would write it",
        peer_value=1000 * peer,
        ratio=peer / seconds,
        note=f"{count / seconds:.0f} faces per second",
    )


def main() -> None:
    """Prints milliseconds per step, and faces per second, of all loops."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, help="CSV to write the figures to")
    parser.add_argument("--steps", type=int, default=40, help="that are counted")
    parser.add_argument(
        "--rounds", type=int, default=2, help="in which the loops take turns; the least time counts"
    )
    parser.add_argument("--width", type=float, help="of the networks; 1 on a GPU, else 0.25")
    options = parser.parse_args()
    device = runtime.device(Runtime())
    figures = list[Figure]()
    for name, method, peer, count, precision in cases(device, options.width):
        batch, found = pictures(count, device), dict[str, float]()
        kinds = ("with graphs", "without graphs") if device.type == "cuda" else ("without graphs",)
        for _ in range(options.rounds):
            for kind in kinds:
                seconds = ours(copy.deepcopy(method), batch, precision, kind == "with graphs", options.steps)
                found[kind] = min(seconds, found.get(kind, seconds))
            seconds = as_one_would(peer(copy.deepcopy(method)), batch, precision, options.steps)
            found["peer"] = min(seconds, found.get("peer", seconds))
        what = f"{name}, batch {count}, {precision}"
        figures += [figure(what, kind, found[kind], found["peer"], count, device) for kind in kinds]
    report(figures, options.output)


if __name__ == "__main__":
    main()
