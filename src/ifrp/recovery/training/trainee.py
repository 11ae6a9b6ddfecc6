"""An experiment as the training loop sees it: pairs, its method's updates, and the PSNR of validation portraits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ifrp import runtime
from ifrp.config import Config
from ifrp.config.experiments import Experiment
from ifrp.recovery import methods
from ifrp.recovery.method import Batch, Clock
from ifrp.recovery.training.pairs import Pairs, Source, held_out
from ifrp.stacks import to_range
from ifrp.training.loop import average
from ifrp.training.trainee import Row, Trainee, Updates

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class ExperimentTrainee(Trainee[Batch]):
    """An experiment in training.

    Args:
        config: the configuration.
        experiment: what is trained.
        fabric: device and precision.

    Attributes:
        method: its method.
        pairs: what it is trained on.
        validation: what it is validated on; none where it is not there.
    """

    def __init__(self, config: Config, experiment: Experiment, fabric: Fabric) -> None:
        self.training, self.device = experiment.training, fabric.device
        seed = config.seed if experiment.training.seed is None else experiment.training.seed
        torch.manual_seed(runtime.subseed(seed, "recovery"))
        self.method = methods.build(config, experiment)
        super().__init__(experiment.name, experiment.training.steps, self.method.networks)
        self.checkpoint_minutes = experiment.training.checkpoint_minutes
        if experiment.training.average:
            self.averaged = dict.fromkeys(self.method.kept, experiment.training.average)
        self.pairs = Pairs(
            Source.of("train", experiment), experiment.training.batch, runtime.subseed(seed, "pairs"), self.method.paired,
            experiment.training.flip, experiment.training.recolour, fabric.device, (fabric.global_rank, fabric.world_size),
        )  # fmt: skip
        self.validation = held_out(Source.of("val", experiment), experiment.training.validation_faces)
        self.method.prepare(config, fabric.device, training=True)
        self.method.average = partial(average, fabric)

    def optimisers(self) -> dict[str, Optimizer]:
        """The method's."""
        return self.method.optimisers()

    def batch(self, step: int) -> Batch:
        """Pairs of portrait and face."""
        return self.pairs(step)

    def rate(self, step: int) -> float:
        """The method's."""
        return self.method.rate(self._clock(step))

    def updates(self, batch: Batch, step: int) -> Updates:
        """The method's."""
        return self.method.updates(batch, self._clock(step))

    def phase(self, step: int) -> Hashable | None:
        """The method's."""
        return self.method.phase(self._clock(step))

    def _clock(self, step: int) -> Clock:
        return Clock(step, step // self.pairs.per_epoch, self.steps)

    def logged(self, step: int) -> bool:
        """Every `log_every` steps, and where it is validated."""
        return step % self.training.log_every == 0 or self._validated(step)

    def measured(self, step: int, seconds: float) -> Row:
        """Epochs, seconds and, every `validate_every` steps and at the end, the validation's PSNR."""
        row: Row = {"epoch": step / self.pairs.per_epoch, "seconds": round(seconds, 2)}
        if self.validation is not None and self._validated(step):
            row["validation_psnr"] = self._psnr(self.validation)
        return row

    def _validated(self, step: int) -> bool:
        return step % self.training.validate_every == 0 or step == self.steps

    def _psnr(self, validation: list[tuple[Tensor, Tensor]]) -> float:
        """Mean PSNR in decibels of faces recovered from portraits, values in [-1, 1]."""
        scores: list[Tensor] = []
        for portraits, faces in validation:
            recovered = self.method.recover(to_range(portraits.to(self.device)))
            error = (recovered.float() - to_range(faces.to(self.device))).square().mean((1, 2, 3))
            scores.append(10 * torch.log10(4 / error.clamp_min(1e-10)))
        return float(torch.cat(scores).mean())

    def extra_state(self) -> dict[str, Any]:
        """The method's."""
        return self.method.extra_state()

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Gives it back to the method."""
        self.method.load_extra_state(state)
