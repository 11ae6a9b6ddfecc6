"""The one training loop: devices, precision, optimiser steps, EMA of weights, checkpoints, interrupts and the curve."""

from __future__ import annotations

import copy
import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ifrp import runtime
from ifrp.artifacts import require_writable
from ifrp.errors import IfrpError
from ifrp.training import checkpoint, lock
from ifrp.training.curve import Curve
from ifrp.training.graphs import Graphs, eagerly, stream
from ifrp.training.trainee import Gate, Row, Trainee, Update, Updates

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
        graphs: replay steps as CUDA graphs, where one GPU trains alone and no loss is scaled.
    """

    def __init__(
        self,
        trainee: Trainee[Any],
        fabric: Fabric,
        path: Path,
        identity: str,
        curve: Curve | None = None,
        graphs: bool = True,
    ) -> None:
        self.trainee, self.fabric, self.path = trainee, fabric, path
        self.identity = json.dumps([identity, checkpoint.structure(*trainee.networks.values())])
        self.curve = curve if fabric.is_global_zero else None
        self.emas: dict[str, nn.Module] = {}
        for name, network in trainee.networks.items():
            trainee.networks[name] = self._set_up(name, network)
        self.optimisers: dict[str, Any] = {
            name: fabric.setup_optimizers(optimiser) for name, optimiser in trainee.optimisers().items()
        }
        self.step, self.seconds = 0, 0.0
        self.history: list[Row] = []
        self._logs: dict[str, Tensor | float] = {}
        self._sums: dict[str, tuple[Tensor | float, int]] = {}
        self._not_finite: dict[str, tuple[Tensor, Tensor]] = {}
        self._saved = "none was written yet"
        self._require_lock: Callable[[], None] = lambda: None
        self.graphs: Graphs | None = None
        scaled = bool(fabric.strategy.precision.state_dict())
        if graphs and fabric.device.type == "cuda" and fabric.world_size == 1 and not scaled:
            self.graphs = Graphs(trainee, self.optimisers, self._advance, self._account)
            # The rate lies where a graph finds it, and so does the optimiser's count of steps.
            for group in self._groups():
                group.update(capturable=True, lr=torch.tensor(float(group["lr"]), device=fabric.device))

    def _set_up(self, name: str, network: nn.Module) -> nn.Module:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if name in self.trainee.averaged:
            self.emas[name] = copy.deepcopy(network).to(self.fabric.device)
        module: nn.Module = self.fabric.setup_module(network)
        return module

    def run(self) -> None:
        """Trains to the end, from the checkpoint if there is one.

        Raises:
            IfrpError: a loss or a weight is not finite, or another process runs this training.
            OSError: a checkpoint or the curve cannot be written.
            KeyboardInterrupt: after SIGINT, SIGTERM: a checkpoint was written first.
        """
        if self.fabric.is_global_zero:
            require_writable(self.path)  # not after the first minutes
        with self._alone():
            self._run()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds the lock of the checkpoint, on one device for all: they go on together, or none does."""
        refusal: str | None = None
        with ExitStack() as stack:
            if self.fabric.is_global_zero:
                try:
                    self._require_lock = stack.enter_context(lock.held(self.path, self.trainee.name))
                except IfrpError as error:
                    refusal = str(error)
            if refusal := self.fabric.broadcast(refusal):
                raise IfrpError(refusal)
            yield

    def _run(self) -> None:
        state = checkpoint.load(self.path, self.identity)
        if state is not None:
            self.load_state(state)
            self._saved = f"{self.path} of step {self.step}"
        if self.curve is not None:
            self.curve.open(self.history)
        self._train_mode()
        with _interrupts() as interrupted, stream() if self.graphs else nullcontext():
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
        self._set_rate(self.trainee.rate(self.step))
        batch = self.trainee.batch(self.step)
        if self.graphs is not None:
            self.graphs.step(batch, self.step)
        else:
            eagerly(self.trainee, batch, self.step, self._advance, self._account)
        for name, value in self._logs.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = total + (value.double() if isinstance(value, Tensor) else value), count + 1
        self._logs.clear()
        self._average()
        self.step += 1

    def _advance(self, updates: Updates, answer: Mapping[str, bool] | None) -> Update | Gate | None:
        """Computes up to the next gate, or through the next update; none at the end of the step."""
        try:
            with self.fabric.autocast():
                asked = next(updates) if answer is None else updates.send(answer)
        except StopIteration:
            return None
        if isinstance(asked, Update):
            optimiser = self.optimisers[asked.optimiser]
            optimiser.zero_grad()
            self.fabric.backward(asked.loss)
            optimiser.step()
        return asked

    def _account(self, asked: Update | Gate) -> Mapping[str, bool] | None:
        """Notes what was computed; of a gate, reads it and returns which optimisers are updated."""
        self._logs.update(asked.logs)
        if isinstance(asked, Update):
            self._note(asked.optimiser, asked.loss.detach())
            return None
        answer = dict(zip(asked.optimisers, asked.choose(*asked.values.tolist()), strict=True))
        self._logs.update({f"{name}_updated": float(yes) for name, yes in answer.items()})
        return answer

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the EMA of weights and buffers on; the first step is where it starts."""
        # As torch's AveragedModel does, which reads its count of steps from the GPU in each of them.
        for name, ema in self.emas.items():
            move = get_ema_multi_avg_fn(self.trainee.averaged[name] if self.step else 0.0)
            for floating in (True, False):  # integers count batches
                own, new = (_values(of, floating) for of in (ema, self.trainee.networks[name]))
                if own:
                    move(own, new, self.step)

    def _groups(self) -> Iterator[dict[str, Any]]:
        for optimiser in self.optimisers.values():
            yield from optimiser.param_groups

    def _set_rate(self, rate: float) -> None:
        for group in self._groups():
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

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
        networks.update(self.emas)
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
            found = state["optimisers"][name]
            for group, own in zip(found["param_groups"], optimiser.param_groups, strict=True):
                group.update({key: own[key] for key in ("lr", "capturable") if key in own})
            optimiser.load_state_dict(found)
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
            IfrpError: a loss or a weight is not finite, or the lock was lost; the last checkpoint stays.
        """
        self._require_finite_losses()
        for name, network in self.trainee.networks.items():
            if not all(bool(value.isfinite().all()) for value in network.state_dict().values()):
                raise self._stopped(self.step, f"the network {name} holds a value that is not finite")
        if self.fabric.is_global_zero:
            self._require_lock()
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


def _values(network: nn.Module, floating: bool) -> list[Tensor]:
    """Weights and buffers of a network that are floating-point numbers, or those that are not."""
    values = (*network.parameters(), *network.buffers())
    return [value for value in values if value.is_floating_point() == floating]


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
