"""Applying a trained experiment: stacks of portraits to stacks of recovered faces, in batches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ifrp import paths, provenance, runtime, stacks
from ifrp.config import Config, experiments, plain
from ifrp.config import styles as style_table
from ifrp.config.experiments import Experiment
from ifrp.faces.warp import unwarp
from ifrp.recovery import methods, model
from ifrp.recovery.calibration import calibrate, restored
from ifrp.recovery.method import Method
from ifrp.stacks import to_bytes, to_range

BATCH = 16  # portraits at a time on a processor; larger batches leave its cache and are slower


def ready(config: Config, experiment: Experiment, device: torch.device) -> Method[Any]:
    """The method of an experiment, ready to recover: from its model file, or built if it needs nothing trained.

    Raises:
        IfrpError: its model is missing, does not fit or was made with other settings, or what it needs beside that cannot be had.
    """
    if experiment.facts.trained:
        path = paths.recovery_model(experiment.model)
        model.check(path, experiment, methods.settings(config, experiment))
        method = model.load(path, device)
    else:
        method = methods.build(config, experiment)
    method.prepare(config, device, training=False)
    return method


def recover(method: Method[Any], images: stacks.Images, device: torch.device) -> Iterator[stacks.Images]:
    """Recovers a stack batch by batch: uint8 (N, S, S, 3) RGB in, the same out."""
    step = runtime.batch(BATCH, device)
    with torch.no_grad():
        for start in range(0, len(images), step):
            portraits = torch.from_numpy(images[start : start + step].copy()).to(device)
            yield recovered(method, portraits).cpu().numpy()


def recovered(method: Method[Any], portraits: Tensor) -> Tensor:
    """What a method makes of a batch: uint8 (N, S, S, 3) RGB in, the same out."""
    faces = method.recover(to_range(portraits))
    return to_bytes(method.tone(faces) if method.tone else faces)


def apply(config: Config, name: str, styles: Sequence[str] = ()) -> None:
    """Recovers the test portraits of some styles, or of all; writes a stack for each, with milliseconds per face in its card.

    The column `index` of its table is each face's place in the test stack: an experiment may recover some only.

    Raises:
        IfrpError: unknown experiment, or its model or the portraits are missing.
    """
    experiment = experiments.resolve(config, name)
    device = runtime.device(config.runtime)
    method = ready(config, experiment, device)
    if experiment.facts.trained:  # fills caches and builds kernels, which are not to be timed
        blank = np.zeros((runtime.batch(BATCH, device), experiment.size, experiment.size, 3), np.uint8)
        next(recover(method, blank, device))
    for style in styles or [style.name for style in style_table(config)]:
        _apply(config, experiment, method, style, device)


def _apply(
    config: Config, experiment: Experiment, method: Method[Any], style: str, device: torch.device
) -> None:
    source, target = paths.portraits("test", style), paths.recovered(experiment.name, style)
    portraits = stacks.read(source)
    places = stacks.spread(len(portraits), experiment.portraits)
    chosen, table = portraits.images[places], portraits.table.iloc[places].assign(index=places)
    settings = {"experiment": experiment.name, "method": experiment.method, "settings": plain(method.settings),
                "portraits": experiment.portraits, "aligned": experiment.aligned, "calibrate": plain(experiment.calibrate),
                "style": style}  # fmt: skip
    with (
        provenance.card(target, settings, config.seed, [source, *experiment.recovers_with]) as facts,
        restored(method),
    ):
        if experiment.aligned:
            chosen = unwarp(chosen, table)
        # The statistics of a training style are in the networks already.
        if experiment.calibrate is not None and style not in experiment.styles:
            seen = chosen[stacks.spread(len(chosen), experiment.calibrate.portraits)]
            calibrate(method, seen, experiment.calibrate, device)
            facts["calibrated_on"] = len(seen)
        with stacks.create(target, chosen.shape[:3]) as (images, rows):
            start, done = time.perf_counter(), 0
            batches = -(-len(chosen) // runtime.batch(BATCH, device))
            for faces in runtime.progress(
                recover(method, chosen, device), f"{experiment.name} {style}", batches
            ):
                images[done : done + len(faces)] = faces
                done += len(faces)
            seconds = time.perf_counter() - start
            rows.extend(stacks.rows_of(table))
        facts["faces"] = done
        facts["ms_per_face"] = round(1000 * seconds / max(done, 1), 3)
