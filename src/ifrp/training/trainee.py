"""What the training loop trains, and the words in which the two speak to each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from torch import Tensor, nn
from torch.optim import Optimizer

Row = dict[str, float]
"""of a training curve: its step, and losses and measures by name"""
B = TypeVar("B")


@dataclass(frozen=True)
class Update:
    """One step of one optimiser, asked for by what is trained.

    Attributes:
        optimiser: its name in `optimisers()`.
        loss: a scalar to descend; none leaves the networks as they are (a gated step).
        rate: the learning rate of this step.
        logs: scalars for the training curve.
    """

    optimiser: str
    loss: Tensor | None
    rate: float
    logs: Mapping[str, Tensor | float] = field(default_factory=dict)


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
    def updates(self, batch: B, step: int) -> Iterator[Update]:
        """Yields the updates of one batch in their order.

        The loop sets the rate, zeroes the optimiser's gradients, goes backward and steps before it asks for the next
        update, so what follows a `yield` sees the updated network. It runs this under autocast: sum losses in float32.
        """

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
