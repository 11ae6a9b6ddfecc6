"""Training an experiment: what goes in, what comes out, and what happens when it is interrupted."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any

import torch

from ifrp import artifacts, checkpoint, paths, runtime, stacks
from ifrp.config import Config, experiments, plain
from ifrp.config.experiments import Experiment
from ifrp.errors import IfrpError
from ifrp.recovery import methods, model
from ifrp.recovery.calibration import colours
from ifrp.recovery.data import Source
from ifrp.recovery.loop import Loop


def train(config: Config, name: str) -> None:
    """Trains an experiment, or goes on where an earlier run stopped, and writes its model, card and curve.

    Raises:
        IfrpError: the experiment needs no training, its inputs are missing, or a loss is not finite.
        KeyboardInterrupt: after SIGINT, SIGTERM: a checkpoint was written first.
    """
    row = experiments.resolve(config, name)
    if not row.facts.trained:
        raise IfrpError(f"The method {row.method} of experiment {name} needs no training: apply it at once.")
    if row.model != name:
        raise IfrpError(f"{name} takes the model of {row.model}: train that one.")
    fabric = runtime.fabric(config.runtime)
    source = Source.of("train", row)
    inputs = [source.faces, *source.portraits, *(paths.recogniser(used) for used in row.recognisers)]
    for path in inputs:
        if not path.exists():
            raise IfrpError(f"{path} is missing: make it with `snakemake --cores all {path}`.")
    hashes = {str(path): artifacts.sha256(path) for path in inputs}
    given = plain(methods.settings(config, row))
    settings = {"method": row.method, "settings": given, "training": plain(row.training),
                "styles": list(row.styles), "aligned": row.aligned, "seed": config.seed}  # fmt: skip
    card: AbstractContextManager[dict[str, Any]] = nullcontext({})
    if fabric.is_global_zero:
        card = artifacts.card(paths.recovery_model(name), settings, config.seed, inputs)
    with card as facts:
        identity = json.dumps({**settings, "inputs": hashes}, sort_keys=True)
        loop = Loop(config, row, fabric, identity)
        with _interrupts() as stopped:
            loop.run(stopped)
        if fabric.is_global_zero:
            with loop.recovering() as method:
                seen = colours(stacks.read(source.faces).images)
                told = model.describe(row, method.settings, _fingerprints(config, row), seen)
                model.save(paths.recovery_model(name), method, told)
            facts.update(_facts(loop))
            checkpoint.remove(paths.checkpoint(name))
    fabric.barrier()


def _fingerprints(config: Config, row: Experiment) -> dict[str, str]:
    from ifrp.recovery import recogniser

    return {name: recogniser.load(config, name).fingerprint for name in row.recognisers}


def _facts(loop: Loop) -> dict[str, Any]:
    networks, last = loop.method.networks, loop.history[-1] if loop.history else {}
    found = {
        "steps": loop.step,
        "epochs": loop.step / loop.pairs.per_epoch,
        "training_seconds": round(loop.seconds, 1),
        "faces_per_second": round(loop.step * loop.training.batch / max(loop.seconds, 1e-9), 2),
        "parameters": {name: sum(p.numel() for p in net.parameters()) for name, net in networks.items()},
        "validation_psnr": last.get("validation_psnr"),
    }
    if loop.fabric.device.type == "cuda":
        found["peak_gpu_memory_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return found


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Notes SIGINT and SIGTERM instead of dying of them; yields a function that tells whether one came."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
