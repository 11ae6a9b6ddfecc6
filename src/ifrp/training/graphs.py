"""Replays the steps of a training as CUDA graphs: a GPU then waits neither for Python nor for each kernel's launch.

The first steps are trained as always, until kernels are built and each optimiser has its state. The next one is recorded,
in as many graphs as it has gates and updates, and from then on batches are copied to where the recorded one lay and the
graphs replayed.
Between two graphs a gate is read and says which of them are left out. What changes with time and is not a tensor, as the
weights of losses, is part of a graph: with each new phase (`Trainee.phase`) a step is recorded anew.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from ifrp.training.trainee import Gate, Trainee, Update, Updates

T = TypeVar("T")
FIRST = 3
"""steps before the first recording; PyTorch asks for so many"""

Advance = Callable[[Updates, Mapping[str, bool] | None], Update | Gate | None]
"""takes the answer to the last gate, computes up to the next gate or through the next update, and returns it; none at the end"""
Account = Callable[[Update | Gate], Mapping[str, bool] | None]
"""notes losses and logs of what was computed; reads a gate and returns the answer"""


class Recorder(Protocol):
    """Records work on a device without doing it."""

    def __call__(self, work: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        """What the work returned, whose tensors hold nothing yet, and a function that does it in the same memory."""


def eagerly(trainee: Trainee[Any], batch: Any, step: int, advance: Advance, account: Account) -> None:
    """One step, computed as it is written."""
    updates, answer = trainee.updates(batch, step), None
    while (asked := advance(updates, answer)) is not None:
        answer = account(asked)


class Graphs:
    """The steps of one training on one GPU, replayed where they can be.

    Args:
        trainee: what is trained.
        optimisers: their names.
        advance, account: the loop's parts of a step.
        recorder: makes a recorder for the graphs of one phase; none: `CUDARecorder`.
    """

    def __init__(
        self,
        trainee: Trainee[Any],
        optimisers: Iterable[str],
        advance: Advance,
        account: Account,
        recorder: Callable[[], Recorder] | None = None,
    ) -> None:
        self.trainee, self.advance, self.account = trainee, advance, account
        self.recorder = recorder or CUDARecorder
        self.done, self.refused = 0, False
        # For a first update: an optimiser makes its state in it, which is not to be replayed.
        self.waiting = set(optimisers)
        self.phase: Hashable | None = None
        self.batch: Any = None
        self.recorded: list[tuple[Update | Gate, Callable[[], None]]] = []

    def step(self, batch: Any, step: int) -> None:
        """One step, replayed or not."""
        phase = self.trainee.phase(step)
        if phase is None and not self.refused:
            self._refuse("no two of its steps do the same")
        ready = self.done >= FIRST and not self.waiting and not self.refused
        if ready and (phase != self.phase or not self.recorded):
            self._record(batch, step, phase)
        if self.recorded:
            self._replay(batch)
        else:
            eagerly(self.trainee, batch, step, self.advance, self._watch)
        self.done += 1

    def _watch(self, asked: Update | Gate) -> Mapping[str, bool] | None:
        if isinstance(asked, Update):
            self.waiting.discard(asked.optimiser)
        return self.account(asked)

    def _record(self, batch: Any, step: int, phase: Hashable | None) -> None:
        """Records a step as if every gate said yes to everything."""
        self.recorded, self.batch = [], None  # frees the memory of the last phase first
        record, updates, recorded = self.recorder(), self.trainee.updates(batch, step), []
        answer: Mapping[str, bool] | None = None
        try:
            while True:
                asked, replay = record(lambda answer=answer: self.advance(updates, answer))  # type: ignore[misc]
                if asked is None:
                    break
                recorded.append((asked, replay))
                answer = dict.fromkeys(asked.optimisers, True) if isinstance(asked, Gate) else None
        except RuntimeError as error:  # nothing was computed meanwhile, so nothing is lost
            self._refuse(f"it cannot be recorded ({error})")
            return
        self.recorded, self.batch, self.phase = recorded, batch, phase

    def _replay(self, batch: Any) -> None:
        for old, new in zip(_tensors(self.batch), _tensors(batch), strict=True):
            if old is not new:
                old.copy_(new, non_blocking=True)
        updated: Mapping[str, bool] = {}
        for asked, replay in self.recorded:
            if isinstance(asked, Update) and not updated.get(asked.optimiser, True):
                continue
            replay()
            updated = self.account(asked) or updated

    def _refuse(self, why: str) -> None:
        self.refused, self.recorded, self.batch = True, [], None
        sys.stderr.write(f"ifrp: {self.trainee.name} is trained without CUDA graphs: {why}.\n")


class CUDARecorder:
    """Records CUDA graphs that are replayed in their order and share memory."""

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, work: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        """See `Recorder`.

        Raises:
            RuntimeError: something in it cannot be recorded, as reading the GPU.
        """
        graph = torch.cuda.CUDAGraph()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The CUDA Graph is empty")  # what comes after the last update
            with torch.cuda.graph(graph, pool=self.pool, stream=torch.cuda.current_stream()):
                found = work()
        return found, graph.replay


def stream() -> AbstractContextManager[Any]:
    """A stream of its own, on which graphs are recorded and what is recorded must have been run before."""
    own = torch.cuda.Stream()
    own.wait_stream(torch.cuda.current_stream())
    return torch.cuda.stream(own)


def _tensors(batch: Any) -> tuple[Tensor, ...]:
    return (batch,) if isinstance(batch, Tensor) else tuple(batch)
