"""The one training loop, for every method: devices, precision, checkpoints, validation, logs."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ifrp import checkpoint, paths, runtime
from ifrp.config import Config
from ifrp.config.experiments import Experiment
from ifrp.errors import IfrpError
from ifrp.recovery import methods
from ifrp.recovery.curve import Curve, Row
from ifrp.recovery.data import Pairs, Source, held_out
from ifrp.recovery.method import Clock, Method
from ifrp.stacks import to_range

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Loop:
    """One training in progress; its whole state is in `state` and comes back by `load_state`.

    Args:
        config: the configuration.
        row: the experiment.
        fabric: device and precision.
        identity: names settings and data, see `checkpoint.save`.
    """

    def __init__(self, config: Config, row: Experiment, fabric: Fabric, identity: str) -> None:
        self.config, self.row, self.fabric = config, row, fabric
        self.path, self.training = paths.checkpoint(row.name), row.training
        seed = config.seed if self.training.seed is None else self.training.seed
        torch.manual_seed(runtime.subseed(seed, "recovery"))
        self.method = methods.build(config, row)
        self.identity = json.dumps([identity, checkpoint.structure(*self.method.networks.values())])
        self.pairs = Pairs(
            Source.of("train", row), self.training.batch, runtime.subseed(seed, "pairs"), self.method.paired,
            self.training.flip, self.training.recolour, fabric.device, (fabric.global_rank, fabric.world_size),
        )  # fmt: skip
        self.validation = held_out(Source.of("val", row), self.training.validation_faces)
        self.method.prepare(config, fabric.device, training=True)
        self.means: dict[str, AveragedModel] = {}
        for name, network in self.method.networks.items():
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            if self.training.average and name in self.method.kept:
                mean = get_ema_multi_avg_fn(self.training.average)
                self.means[name] = AveragedModel(network, fabric.device, multi_avg_fn=mean, use_buffers=True)
            if config.runtime.compile:
                network.compile()
            self.method.networks[name] = fabric.setup_module(network)
        self.optimisers: dict[str, Any] = {
            name: fabric.setup_optimizers(optimiser) for name, optimiser in self.method.optimisers().items()
        }
        if fabric.world_size > 1:
            self.method.average = self._average
        self.step, self.seconds = 0, 0.0
        self.history: list[Row] = []
        self._sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
        self._saved = "none was written yet"

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Trains to the end, from the checkpoint if there is one.

        Raises:
            IfrpError: a loss or a weight is not finite.
            KeyboardInterrupt: `stopped` said so; a checkpoint was written first.
        """
        found = checkpoint.load(self.path, self.identity)
        if found is not None:
            self.load_state(found)
            self._saved = f"{self.path} of step {self.step}"
        curve = (
            Curve(paths.training_curve(self.row.name), self.history) if self.fabric.is_global_zero else None
        )
        self._train_mode()
        self._steps(curve, stopped)
        if curve is not None:
            curve.close()

    def _steps(self, curve: Curve | None, stopped: Callable[[], bool]) -> None:
        first, end = self.step, self.training.steps
        start, saved = time.monotonic() - self.seconds, time.monotonic()
        for _ in runtime.progress(range(first, end), self.row.name, total=end, initial=first):
            self._one_step()
            self.seconds = time.monotonic() - start
            row = self._row()
            if row is not None:
                self.history.append(row)
                if curve is not None:
                    curve.add(row)
            last, told = self.step == end, self._told(stopped)
            if last or told or time.monotonic() - saved > 60 * self.training.checkpoint_minutes:
                self.save()
                saved = time.monotonic()
            if told and not last:
                raise KeyboardInterrupt

    def _one_step(self) -> None:
        batch = self.pairs(self.step)
        updates = self.method.updates(
            batch, Clock(self.step, self.step // self.pairs.per_epoch, self.training.steps)
        )
        while True:
            with self.fabric.autocast():
                update = next(updates, None)
            if update is None:
                break
            if update.loss is not None:
                if not math.isfinite(update.loss.item()):
                    raise self._not_finite(f"the loss of the {update.optimiser} is {update.loss.item()}")
                optimiser = self.optimisers[update.optimiser]
                for group in optimiser.param_groups:
                    group["lr"] = update.rate
                optimiser.zero_grad()
                self.fabric.backward(update.loss)
                optimiser.step()
            for name, value in update.logs.items():
                self._add(name, float(value))
            self._add(f"{update.optimiser}_updated", float(update.loss is not None))
        for name, mean in self.means.items():
            mean.update_parameters(self.method.networks[name])
        self.step += 1

    @contextmanager
    def recovering(self) -> Iterator[Method[Any]]:
        """Yields the method with the networks that recover: the running means of the weights where those are kept."""
        trained = dict(self.method.networks)
        self.method.networks.update({name: mean.module for name, mean in self.means.items()})
        for network in self.method.networks.values():
            network.eval()
        try:
            yield self.method
        finally:
            self.method.networks.update(trained)
            self._train_mode()

    def _add(self, name: str, value: float) -> None:
        self._sums[name][0] += value
        self._sums[name][1] += 1

    def _row(self) -> Row | None:
        last = self.step == self.training.steps
        validate = last or self.step % self.training.validate_every == 0
        if not (validate or self.step % self.training.log_every == 0):
            return None
        row: Row = {
            "step": self.step,
            "epoch": self.step / self.pairs.per_epoch,
            "seconds": round(self.seconds, 2),
        }
        row |= {name: total / count for name, (total, count) in self._sums.items()}
        self._sums.clear()
        if validate and self.validation is not None:
            row["validation_psnr"] = self.validate()
        return row

    def validate(self) -> float:
        """Mean PSNR in decibels of faces recovered from validation portraits, values in [-1, 1]."""
        assert self.validation is not None
        found: list[Tensor] = []
        with self.recovering() as method, torch.no_grad(), self.fabric.autocast():
            for portraits, faces in self.validation:
                recovered = method.recover(to_range(portraits.to(self.fabric.device)))
                error = (recovered.float() - to_range(faces.to(self.fabric.device))).square().mean((1, 2, 3))
                found.append(10 * torch.log10(4 / error.clamp_min(1e-10)))
        return float(torch.cat(found).mean())

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        gpu = self.fabric.device.type == "cuda"
        return {
            "networks": {name: network.state_dict() for name, network in self.method.networks.items()},
            "means": {name: mean.state_dict() for name, mean in self.means.items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "precision": self.fabric.strategy.precision.state_dict(),
            "extra": self.method.extra_state(),
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state(self.fabric.device) if gpu else None,
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
            "sums": {name: list(pair) for name, pair in self._sums.items()},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes back what `state` returned."""
        for name, network in self.method.networks.items():
            network.load_state_dict(state["networks"][name])
        for name, mean in self.means.items():
            mean.load_state_dict(state["means"][name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        if state["precision"]:  # empty where nothing was scaled: the precision may have changed since
            self.fabric.strategy.precision.load_state_dict(state["precision"])
        self.method.load_extra_state(state["extra"])
        torch.set_rng_state(state["random"])
        if state["random_gpu"] is not None and self.fabric.device.type == "cuda":
            torch.cuda.set_rng_state(state["random_gpu"], self.fabric.device)
        self.step, self.seconds, self.history = state["step"], state["seconds"], state["history"]
        self._sums.clear()
        self._sums.update({name: list(pair) for name, pair in state["sums"].items()})

    def save(self) -> None:
        """Writes a checkpoint, unless a weight is not finite."""
        for name, network in self.method.networks.items():
            if not all(bool(value.isfinite().all()) for value in network.state_dict().values()):
                raise self._not_finite(f"the network {name} holds a value that is not finite")
        if self.fabric.is_global_zero:
            checkpoint.save(self.path, self.state(), self.identity)
        self._saved = f"{self.path} of step {self.step}"

    def _train_mode(self) -> None:
        for network in self.method.networks.values():
            network.train()

    def _told(self, stopped: Callable[[], bool]) -> bool:
        """Whether any device was told to stop: all must do so after the same step."""
        if self.fabric.world_size == 1:
            return stopped()
        return bool(self._average(torch.tensor(float(stopped()), device=self.fabric.device)) > 0)

    def _average(self, scalar: Tensor) -> Tensor:
        found = self.fabric.all_reduce(scalar, reduce_op="mean")
        assert isinstance(found, Tensor)
        return found

    def _not_finite(self, what: str) -> IfrpError:
        return IfrpError(
            f"Training of {self.row.name} stopped at step {self.step}: {what}. The last good checkpoint: {self._saved}; "
            "lower the learning rate or use precision 32-true."
        )
