"""What the training loop trains, and the words in which the two speak to each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from torch import Tensor, nn
from torch.optim import Optimizer

Row = dict[str, float]
"""of a training curve: its step, and losses and measures by name"""
B = TypeVar("B", bound="Tensor | tuple[Tensor, ...]")


@dataclass(frozen=True)
class Update:
    """One step of one optimiser, asked for by what is trained.

    Attributes:
        optimiser: its name in `optimisers()`.
        loss: a scalar to descend.
        logs: scalars for the training curve.
    """

    optimiser: str
    loss: Tensor
    logs: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """The question which optimisers are updated in this step, where that depends on numbers that were just computed.

    The answer is a mapping from name to whether it is updated. It is the one place where a GPU is read in a step.

    Attributes:
        optimisers: their names in `optimisers()`.
        values: (K,) numbers that decide.
        choose: takes them as K arguments, and says of each optimiser whether it is updated.
        logs: scalars for the training curve.
    """

    optimisers: tuple[str, ...]
    values: Tensor
    choose: Callable[..., Sequence[bool]]
    logs: Mapping[str, Tensor] = field(default_factory=dict)


Updates: TypeAlias = Generator[Update | Gate, Mapping[str, bool], None]
"""of one batch, in their order; a gate is answered where it is yielded: `updated = yield Gate(...)`"""


class Trainee(ABC, Generic[B]):
    """Networks, the data and the losses of each step, and what is measured meanwhile; it owns no loop.

    Everything random in a step is a function of the step, or drawn by torch's generator, which a checkpoint holds.

    Args:
        name: for progress and messages.
        steps: batches that it is trained on.
        networks: all that is trained, by name; the loop may wrap them, so always go through this dictionary.

    Attributes:
        checkpoint_minutes: minutes between checkpoints.
        averaged: names of networks that are evaluated with an exponential moving average (EMA) of their weights, and
            the fraction of itself that each EMA keeps per step.
    """

    checkpoint_minutes: float = 5.0

    def __init__(self, name: str, steps: int, networks: dict[str, nn.Module]) -> None:
        self.name, self.steps, self.networks = name, steps, networks
        self.averaged: dict[str, float] = {}

    @abstractmethod
    def optimisers(self) -> dict[str, Optimizer]:
        """One optimiser for each group of networks that is updated together, by name."""

    @abstractmethod
    def batch(self, step: int) -> B:
        """The data of a step, counted from 0."""

    @abstractmethod
    def rate(self, step: int) -> float:
        """The learning rate of a step, the same for all optimisers."""

    @abstractmethod
    def updates(self, batch: B, step: int) -> Updates:
        """Yields the updates of one batch in their order.

        The loop zeroes the optimiser's gradients, goes backward and steps before it asks for the next update, so what
        follows a `yield` sees the updated network. It runs this under autocast: sum losses in float32. After a gate, what
        lies between one `yield` and the next serves the latter's update alone: it is left out where the gate says no.
        Nothing is computed after the last update.
        """

    def phase(self, step: int) -> Hashable | None:
        """A name for what steps have in common that do the same with other data, and differ in their rate alone.

        Such steps can be replayed as CUDA graphs. None: no two steps do the same, as where the processor's random numbers or
        lists of past pictures have a part in `updates`.
        """
        return None

    def logged(self, step: int) -> bool:
        """Whether the curve has a row, means of all logs since the last one, after so many steps."""
        return False

    def measured(self, step: int, seconds: float) -> Row:
        """What else is in that row, after so many steps and seconds.

        Called without gradients, under autocast, with networks in evaluation mode.
        """
        return {}

    def extra_state(self) -> dict[str, Any]:
        """What else a checkpoint must hold: tensors, numbers, text, lists, dictionaries."""
        return {}

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Takes back what `extra_state` returned."""
