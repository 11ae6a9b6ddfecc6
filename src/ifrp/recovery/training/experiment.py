"""Training an experiment: what goes in and what comes out."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ifrp import artifacts, paths, provenance, runtime, stacks
from ifrp.config import Config, experiments, plain
from ifrp.config.experiments import Experiment
from ifrp.errors import IfrpError
from ifrp.recovery import methods, model
from ifrp.recovery.calibration import colours
from ifrp.recovery.training.pairs import Source
from ifrp.recovery.training.trainee import ExperimentTrainee
from ifrp.training import checkpoint
from ifrp.training.curve import Curve
from ifrp.training.loop import Loop

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def train(config: Config, name: str) -> None:
    """Trains an experiment, or goes on where an earlier run stopped, and writes its model, card and curve.

    Raises:
        IfrpError: the experiment needs no training, its inputs are missing, or a loss is not finite.
        KeyboardInterrupt: after SIGINT, SIGTERM: a checkpoint was written first.
    """
    experiment = _trainable(config, name)
    fabric = runtime.fabric(config.runtime)
    inputs = _inputs(experiment)
    settings = {"method": experiment.method, "settings": plain(methods.settings(config, experiment)),
                "training": plain(experiment.training), "styles": list(experiment.styles),
                "aligned": experiment.aligned, "seed": config.seed}  # fmt: skip
    hashes = {str(path): artifacts.checksum(path) for path in inputs}
    identity = json.dumps({**settings, "inputs": hashes}, sort_keys=True)
    card: AbstractContextManager[dict[str, Any]] = nullcontext({})
    if fabric.is_global_zero:
        card = provenance.card(paths.recovery_model(name), settings, config.seed, inputs)
    with card as facts:
        loop, trainee = prepared(config, experiment, fabric, identity)
        loop.run()
        if fabric.is_global_zero:
            _save(config, experiment, loop, trainee)
            facts.update(_facts(loop, trainee))
            checkpoint.remove(paths.checkpoint(name))
    fabric.barrier()


def prepared(
    config: Config, experiment: Experiment, fabric: Fabric, identity: str
) -> tuple[Loop, ExperimentTrainee]:
    """An experiment and its loop, before the first step; `identity` as in `checkpoint.save`."""
    trainee = ExperimentTrainee(config, experiment, fabric)
    curve = Curve(paths.training_curve(experiment.name), live=True)
    loop = Loop(trainee, fabric, paths.checkpoint(experiment.name), identity, curve, config.runtime.graphs)
    return loop, trainee


def _trainable(config: Config, name: str) -> Experiment:
    experiment = experiments.resolve(config, name)
    if not experiment.facts.trained:
        raise IfrpError(
            f"The method {experiment.method} of experiment {name} needs no training: apply it at once."
        )
    if experiment.model != name:
        raise IfrpError(f"{name} takes the model of {experiment.model}: train that one.")
    return experiment


def _inputs(experiment: Experiment) -> list[Path]:
    """The stacks and recognisers that a training reads.

    Raises:
        IfrpError: one is missing.
    """
    source = Source.of("train", experiment)
    inputs = [source.faces, *source.portraits, *(paths.recogniser(used) for used in experiment.recognisers)]
    for path in inputs:
        if not path.exists():
            raise IfrpError(f"{path} is missing: make it with `snakemake --cores all {path}`.")
    return inputs


def _save(config: Config, experiment: Experiment, loop: Loop, trainee: ExperimentTrainee) -> None:
    seen = colours(stacks.read(Source.of("train", experiment).faces).images)
    header = model.describe(experiment, trainee.method.settings, _fingerprints(config, experiment), seen)
    with loop.evaluating():
        model.save(paths.recovery_model(experiment.name), trainee.method, header)


def _fingerprints(config: Config, experiment: Experiment) -> dict[str, str]:
    from ifrp.recovery.recognisers import recogniser

    return {name: recogniser.load(config, name).fingerprint for name in experiment.recognisers}


def _facts(loop: Loop, trainee: ExperimentTrainee) -> dict[str, Any]:
    networks, last = trainee.networks, loop.history[-1] if loop.history else {}
    facts = {
        "steps": loop.step,
        "epochs": loop.step / trainee.pairs.per_epoch,
        "training_seconds": round(loop.seconds, 1),
        "faces_per_second": round(loop.step * trainee.training.batch / max(loop.seconds, 1e-9), 2),
        "parameters": {name: sum(p.numel() for p in net.parameters()) for name, net in networks.items()},
        "validation_psnr": last.get("validation_psnr"),
    }
    if loop.fabric.device.type == "cuda":
        facts["peak_gpu_memory_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return facts
