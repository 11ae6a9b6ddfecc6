"""The one training loop: devices, precision, optimiser steps, EMA of weights, checkpoints, interrupts and the curve."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ifrp import runtime
from ifrp.artifacts import require_writable
from ifrp.errors import IfrpError
from ifrp.training import checkpoint
from ifrp.training.curve import Curve
from ifrp.training.trainee import Row, Trainee, Update

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Loop:
    """One training in progress; its whole state is in `state` and comes back by `load_state`.

    Args:
        trainee: what is trained.
        fabric: device and precision.
        path: of the checkpoint.
        identity: names settings and data, see `checkpoint.save`.
        curve: where rows are logged; none: nowhere.
        compiled: use torch.compile.
    """

    def __init__(
        self,
        trainee: Trainee[Any],
        fabric: Fabric,
        path: Path,
        identity: str,
        curve: Curve | None = None,
        compiled: bool = False,
    ) -> None:
        self.trainee, self.fabric, self.path = trainee, fabric, path
        self.identity = json.dumps([identity, checkpoint.structure(*trainee.networks.values())])
        self.curve = curve if fabric.is_global_zero else None
        self.emas: dict[str, AveragedModel] = {}
        for name, network in trainee.networks.items():
            trainee.networks[name] = self._set_up(name, network, compiled)
        self.optimisers: dict[str, Any] = {
            name: fabric.setup_optimizers(optimiser) for name, optimiser in trainee.optimisers().items()
        }
        self.step, self.seconds = 0, 0.0
        self.history: list[Row] = []
        self._sums: dict[str, tuple[Tensor | float, int]] = {}
        self._not_finite: dict[str, tuple[Tensor, Tensor]] = {}
        self._saved = "none was written yet"

    def _set_up(self, name: str, network: nn.Module, compiled: bool) -> nn.Module:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if name in self.trainee.averaged:
            ema = get_ema_multi_avg_fn(self.trainee.averaged[name])
            self.emas[name] = AveragedModel(network, self.fabric.device, multi_avg_fn=ema, use_buffers=True)
        if compiled:
            network.compile()
        module: nn.Module = self.fabric.setup_module(network)
        return module

    def run(self) -> None:
        """Trains to the end, from the checkpoint if there is one.

        Raises:
            IfrpError: a loss or a weight is not finite.
            OSError: a checkpoint or the curve cannot be written.
            KeyboardInterrupt: after SIGINT, SIGTERM: a checkpoint was written first.
        """
        if self.fabric.is_global_zero:
            require_writable(self.path)  # not after the first minutes
        state = checkpoint.load(self.path, self.identity)
        if state is not None:
            self.load_state(state)
            self._saved = f"{self.path} of step {self.step}"
        if self.curve is not None:
            self.curve.open(self.history)
        self._train_mode()
        with _interrupts() as interrupted:
            self._steps(interrupted)
        if self.curve is not None:
            self.curve.close()

    def _steps(self, interrupted: Callable[[], bool]) -> None:
        first, end = self.step, self.trainee.steps
        start, saved = time.monotonic() - self.seconds, time.monotonic()
        for _ in runtime.progress(range(first, end), self.trainee.name, total=end, initial=first):
            self._one_step()
            self.seconds = time.monotonic() - start
            logged = self.trainee.logged(self.step)
            if logged or self.fabric.device.type == "cpu":  # a GPU is not kept waiting in every step
                self._require_finite_losses()
            if logged:
                self._log()
            last, stopped = self.step == end, self._anywhere(interrupted())
            if last or stopped or time.monotonic() - saved > 60 * self.trainee.checkpoint_minutes:
                self.save()
                saved = time.monotonic()
            if stopped and not last:
                raise KeyboardInterrupt

    def _one_step(self) -> None:
        updates = self.trainee.updates(self.trainee.batch(self.step), self.step)
        while True:
            with self.fabric.autocast():
                update = next(updates, None)
            if update is None:
                break
            self._descend(update)
            for name, value in update.logs.items():
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = total + (value.double() if isinstance(value, Tensor) else value), count + 1
        for name, ema in self.emas.items():
            ema.update_parameters(self.trainee.networks[name])
        self.step += 1

    def _descend(self, update: Update) -> None:
        if update.loss is None:
            return
        self._note(update.optimiser, update.loss.detach())
        optimiser = self.optimisers[update.optimiser]
        for group in optimiser.param_groups:
            group["lr"] = update.rate
        optimiser.zero_grad()
        self.fabric.backward(update.loss)
        optimiser.step()

    def _note(self, optimiser: str, loss: Tensor) -> None:
        """Notes, where the loss is, the first step at which it was not finite, and what it was then."""
        step = torch.full_like(loss, self.step, dtype=torch.int64)
        first, value = self._not_finite.get(optimiser, (torch.full_like(step, -1), loss))
        new = (first < 0) & ~loss.isfinite()
        self._not_finite[optimiser] = torch.where(new, step, first), torch.where(new, loss, value)

    def _require_finite_losses(self) -> None:
        for optimiser, (first, value) in self._not_finite.items():
            if (step := int(first)) >= 0:
                raise self._stopped(step, f"the loss of the {optimiser} is {float(value)}")

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Meanwhile the networks are in evaluation mode, with the averages of their weights (EMA) where those are kept."""
        networks = self.trainee.networks
        trained = dict(networks)
        networks.update({name: ema.module for name, ema in self.emas.items()})
        for network in networks.values():
            network.eval()
        try:
            yield
        finally:
            networks.update(trained)
            self._train_mode()

    def _log(self) -> None:
        """Adds a row to the history and the curve."""
        row: Row = {"step": self.step}
        row |= {name: float(total) / count for name, (total, count) in self._sums.items()}
        self._sums.clear()
        with self.evaluating(), torch.no_grad(), self.fabric.autocast():
            row |= self.trainee.measured(self.step, self.seconds)
        self.history.append(row)
        if self.curve is not None:
            self.curve.add(row)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        gpu = self.fabric.device.type == "cuda"
        return {
            "networks": {name: network.state_dict() for name, network in self.trainee.networks.items()},
            "means": {name: ema.state_dict() for name, ema in self.emas.items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "precision": self.fabric.strategy.precision.state_dict(),
            "extra": self.trainee.extra_state(),
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state(self.fabric.device) if gpu else None,
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
            "sums": {name: [float(total), count] for name, (total, count) in self._sums.items()},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes back what `state` returned."""
        for name, network in self.trainee.networks.items():
            network.load_state_dict(state["networks"][name])
        for name, ema in self.emas.items():
            ema.load_state_dict(state["means"][name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        if state["precision"]:  # empty where nothing was scaled: the precision may have changed since
            self.fabric.strategy.precision.load_state_dict(state["precision"])
        self.trainee.load_extra_state(state["extra"])
        torch.set_rng_state(state["random"])
        if state["random_gpu"] is not None and self.fabric.device.type == "cuda":
            torch.cuda.set_rng_state(state["random_gpu"], self.fabric.device)
        self.step, self.seconds, self.history = state["step"], state["seconds"], state["history"]
        self._sums = {name: (total, count) for name, (total, count) in state["sums"].items()}

    def save(self) -> None:
        """Writes a checkpoint.

        Raises:
            IfrpError: a loss or a weight is not finite; the last checkpoint stays.
        """
        self._require_finite_losses()
        for name, network in self.trainee.networks.items():
            if not all(bool(value.isfinite().all()) for value in network.state_dict().values()):
                raise self._stopped(self.step, f"the network {name} holds a value that is not finite")
        if self.fabric.is_global_zero:
            checkpoint.save(self.path, self.state(), self.identity)
        self._saved = f"{self.path} of step {self.step}"

    def _train_mode(self) -> None:
        for network in self.trainee.networks.values():
            network.train()

    def _anywhere(self, interrupted: bool) -> bool:
        """Whether any device was told to stop: all must do so after the same step."""
        if self.fabric.world_size == 1:
            return interrupted
        return bool(average(self.fabric, torch.tensor(float(interrupted), device=self.fabric.device)) > 0)

    def _stopped(self, step: int, what: str) -> IfrpError:
        return IfrpError(
            f"Training of {self.trainee.name} stopped at step {step}: {what}. The last good checkpoint: {self._saved}; "
            "lower the learning rate or use precision 32-true."
        )


def average(fabric: Fabric, scalar: Tensor) -> Tensor:
    """The mean of a scalar over all devices."""
    if fabric.world_size == 1:
        return scalar
    found = fabric.all_reduce(scalar, reduce_op="mean")
    assert isinstance(found, Tensor)
    return found


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Notes SIGINT and SIGTERM instead of dying of them; yields a function that tells whether one came."""
    signals: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        signals.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(signals)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
