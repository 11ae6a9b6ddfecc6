"""What a method is: the contract that all of them keep, and the words in which the training loop speaks to them.

To add a method, write its keys, `Settings`, in `ifrp.config.methods`, `methods/<name>.py` with a class `Method` derived from
the one here, its row in `ifrp.config.methods.METHODS`, and an experiment in the configuration that names it:

    class Method(method.Method[Settings]):
        settings_class = Settings

        def __init__(self, settings, size, styles):
            super().__init__(settings, size, styles)
            self.networks["generator"] = ...

        def optimisers(self): return {"generator": torch.optim.Adam(self.networks["generator"].parameters())}

        def updates(self, batch, clock):
            loss = ((self.networks["generator"](batch.portraits) - batch.faces) ** 2).mean()
            yield Update("generator", loss, {"pixel": loss.detach()})

        def rate(self, clock): return 1e-3

        def recover(self, portraits): return self.networks["generator"](portraits).clamp(-1, 1)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from torch import Tensor, device, nn
from torch.optim import Optimizer

from ifrp.config import Config
from ifrp.config.methods.fitting import Settings
from ifrp.training.trainee import Gate as Gate  # for the methods, which have all their words from here
from ifrp.training.trainee import Update as Update
from ifrp.training.trainee import Updates as Updates

S = TypeVar("S", bound=Settings)


class Batch(NamedTuple):
    """Pairs of portrait and face; unpaired if the method says so.

    Attributes:
        portraits: (N, 3, S, S) stylised and unaligned, in [-1, 1].
        faces: (N, 3, S, S) real and aligned, in [-1, 1].
        style: (N,) index of each portrait's style in the method's `styles`.
        places: (N, 2, 3) where the points of the aligned face lie in the portrait, both in [-1, 1]: see `stn.similarity`.
    """

    portraits: Tensor
    faces: Tensor
    style: Tensor
    places: Tensor


@dataclass(frozen=True)
class Clock:
    """Where a training is: steps done, epochs done, and steps in all. Schedules are functions of it.

    An epoch is all pairs: with twice as many training styles, or copies of each face, it is twice as long (`pairs.Pairs`).
    """

    step: int
    epoch: int
    steps: int


@dataclass(frozen=True)
class Tone:
    """An affine map of recovered faces, channel by channel, in [-1, 1]: gain and offset, (3,) each."""

    gain: Tensor
    offset: Tensor

    def __call__(self, faces: Tensor) -> Tensor:
        """(N, 3, S, S) to the same shape, clamped to [-1, 1]."""
        return (self.gain[:, None, None] * faces + self.offset[:, None, None]).clamp(-1, 1)


class Method(ABC, Generic[S]):
    """A way to turn portraits into faces. It owns networks and losses, and no loop.

    Attributes:
        settings_class: section of the method's keys in the configuration; its defaults are the paper's values.
        paired: whether a batch's faces belong to its portraits; else they are drawn independently.
        kept: names of the networks that recovery needs; only these are in the model file.
        networks: all that is trained, by name; the loop may wrap them, so always go through this dictionary.
        average: mean of a scalar over all devices, set for training; ask it before deciding anything from a loss.
        colours: (2, 3) mean and standard deviation of the training faces' channels; none where they are not known.
        tone: what is done to recovered faces at last; set by `ifrp.recovery.calibration`.
    """

    settings_class: ClassVar[type[Any]]
    paired: ClassVar[bool] = True
    kept: ClassVar[tuple[str, ...]] = ("generator",)

    def __init__(self, settings: S, size: int, styles: tuple[str, ...]) -> None:
        """Builds the networks, and nothing that needs a file.

        Args:
            settings: an instance of `settings_class`.
            size: side of a face, in pixels.
            styles: names of the training styles.

        Raises:
            IfrpError: the networks do not take faces of that size, as `settings.fit` says.
        """
        settings.fit(size)
        self.settings = settings
        self.size = size
        self.styles = styles
        self.networks: dict[str, nn.Module] = {}
        self.average: Callable[[Tensor], Tensor] = lambda scalar: scalar
        self.colours: Tensor | None = None
        self.tone: Tone | None = None

    @classmethod
    def complete(cls, settings: S, config: Config) -> S:
        """Settings with what the method needs of other sections of the configuration.

        The model file holds them, so that recovery does not depend on the configuration at hand.
        """
        return settings

    def prepare(self, config: Config, device: device, training: bool) -> None:
        """Loads what is frozen and not saved: a recogniser, perceptual features, a reference face.

        Called before training and before recovery. A model may be applied far from where it was trained: what is
        loaded for its recovery must follow from its settings, see `complete`, and not from `config`.
        """
        return

    def optimisers(self) -> dict[str, Optimizer]:
        """One optimiser for each group of networks that is updated together, by name."""
        return {}

    def rate(self, clock: Clock) -> float:
        """The learning rate of a step, the same for all optimisers; what has no optimisers needs none."""
        raise NotImplementedError(f"{type(self).__module__} is trained, so it must say at which rate.")

    def updates(self, batch: Batch, clock: Clock) -> Updates:
        """Yields the updates of one batch in their order: see `ifrp.training.trainee.Trainee.updates`."""
        yield from ()

    def phase(self, clock: Clock) -> Hashable | None:
        """What steps have in common that can be replayed as CUDA graphs: see `ifrp.training.trainee.Trainee.phase`."""
        return None

    @abstractmethod
    def recover(self, portraits: Tensor) -> Tensor:
        """Recovers faces, (N, 3, S, S) to the same shape, both in [-1, 1].

        Called without gradients and with networks in evaluation mode; a method that optimises here turns gradients on.
        """

    def extra_state(self) -> dict[str, Any]:
        """What else a checkpoint must hold (image pools, counters): tensors, numbers, text, lists, dictionaries."""
        return {}

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Takes back what `extra_state` returned."""


@contextmanager
def frozen(network: nn.Module) -> Iterator[nn.Module]:
    """Yields a network that gradients pass through without reaching its weights, as for a discriminator in a generator's loss.

    It is the plain network: a wrapper for several devices would wait for gradients that never come.
    """
    plain = getattr(network, "module", network)
    before = [parameter.requires_grad for parameter in plain.parameters()]
    plain.requires_grad_(False)
    try:
        yield plain
    finally:
        for parameter, flag in zip(plain.parameters(), before, strict=True):
            parameter.requires_grad_(flag)
