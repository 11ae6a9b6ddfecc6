"""What a job asks of a cluster: GPUs, memory and time, by the forecast for the configuration. On one machine only GPUs count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ifrp import runtime
from ifrp.config import Config, experiments
from ifrp.config.checking import TRAINED
from ifrp.forecast import SIDE, Forecast

MARGIN, START = 3, 10
"""times the forecast, as machines and forecasts differ by a factor of two, and minutes to begin with"""
ROUND = 5
"""minutes to whose multiples times are rounded up"""
PROCESS, WITH_GPU = 2_000, 3_000
"""MB of a process on 128-pixel faces, the largest of which took 1,200 (docs/reproduce.md), and what CUDA's libraries add"""
PAIR, PICTURE = 300, 40
"""MB of a pair in training, and of a picture in a forward pass, on a processor, at 128 pixels and full width"""


class Job(NamedTuple):
    """One job.

    Attributes:
        seconds: of work, by the forecast.
        memory: MB.
        gpus: how many it takes.
    """

    seconds: float
    memory: float = PROCESS
    gpus: int = 0


class Resources:
    """The resources of the rules whose jobs are submitted, by name of the rule.

    Snakemake's scheduler minds memory and time on one machine only if it is given a limit of them.

    Args:
        config: the configuration.
        of: an experiment by its name.
    """

    def __init__(self, config: Config, of: dict[str, experiments.Experiment]) -> None:
        self._config, self._of = config, of
        self._forecast, self._gpu = Forecast(config), runtime.expects_gpu(config.runtime)
        self._rows = self._forecast.rows

    def __call__(self, rule: str) -> dict[str, Any]:
        """What stands under `resources:`, as functions of the job; one that failed gets more memory and time the next time."""
        job: Callable[[Any], Job] = getattr(self, f"_{rule}")

        def gpu(wildcards: Any) -> int:
            return job(wildcards).gpus

        def mem_mb(wildcards: Any, attempt: int) -> int:
            return attempt * math.ceil(job(wildcards).memory / 100) * 100

        def minutes(wildcards: Any, attempt: int) -> int:
            needed = START + MARGIN * job(wildcards).seconds / 60
            return attempt * math.ceil(needed / ROUND) * ROUND

        return {"gpu": gpu, "mem_mb": mem_mb, "runtime": minutes}

    def _networks(self, seconds: float, pictures: float = 0, gpus: int = 1) -> Job:
        """A job with networks, by what it computes at a time: MB on a processor, which on a GPU are the GPU's own."""
        side = (self._config.faces.size / SIDE) ** 2
        return Job(seconds, PROCESS + (WITH_GPU if self._gpu else side * pictures), gpus * self._gpu)

    def _training(self, seconds: float, batch: int, width: float, stack: int, gpus: int = 1) -> Job:
        """A training; where there is room, a GPU holds whole stacks, of so many faces, and gets them one by one."""
        found = self._networks(seconds, PAIR * batch * width, gpus)
        held = 3 * self._config.faces.size**2 * stack / 2**20 if self._gpu else 0
        return found._replace(memory=found.memory + held)

    # faces

    def _faces_render(self, wildcards: Any) -> Job:
        return Job(self._forecast.rendering())

    def _faces_prepare(self, wildcards: Any) -> Job:
        return Job(self._forecast.preparing(sum(map(self._forecast.copies, self._rows))))

    def _faces_warp(self, wildcards: Any) -> Job:
        copies = sum(self._forecast.copies(split, wildcards.warp) for split in ("train", "val"))
        return Job(self._forecast.preparing(copies))

    # styles and portraits

    def _styles_distance(self, wildcards: Any) -> Job:
        asked = self._config.styles.distance
        pictures = (asked.faces + len(self._forecast.styles)) * (asked.size / self._config.faces.size) ** 2
        return self._networks(self._forecast.scoring(round(pictures)), PICTURE * 16)

    def _styles_train(self, wildcards: Any) -> Job:
        training = self._config.styles.training
        return self._training(
            self._forecast.style(self._gpu), training.batch, 1, self._forecast.copies("train")
        )

    def _styles_sheet(self, wildcards: Any) -> Job:
        return self._networks(0, PICTURE * self._config.portraits.batch)

    def _portraits_make(self, wildcards: Any) -> Job:
        return self._painting(self._forecast.copies(wildcards.split))

    def _portraits_warp(self, wildcards: Any) -> Job:
        return self._painting(self._forecast.copies(wildcards.split, wildcards.warp))

    def _painting(self, portraits: int) -> Job:
        seconds = self._forecast.painted(portraits, self._gpu)
        return self._networks(seconds, PICTURE * self._config.portraits.batch)

    # recovery

    def _recovery_recogniser(self, wildcards: Any) -> Job:
        found = self._config.recovery.recognisers[wildcards.name]
        if found.weights != TRAINED:
            return Job(0)
        seconds = self._forecast.recogniser(wildcards.name, self._gpu)
        return self._training(seconds, found.training.batch, 0.25, self._rows["train"])

    def _recovery_train(self, wildcards: Any) -> Job:
        experiment = self._of[wildcards.experiment]
        return self._training(
            self._forecast.training(experiment, self._gpu), experiment.training.batch, self._forecast.width(experiment),
            self._forecast.copies("train", experiment.warp), self._config.runtime.devices,
        )  # fmt: skip

    def _recovery_apply(self, wildcards: Any) -> Job:
        return self._networks(
            self._forecast.recovery(self._of[wildcards.experiment], self._gpu), PICTURE * 16
        )

    # evaluation

    def _evaluation_quality(self, wildcards: Any) -> Job:
        return self._scores(self._forecast.recovered(self._of[wildcards.experiment]))

    _evaluation_identity = _evaluation_quality

    def _evaluation_distractors(self, wildcards: Any) -> Job:
        return self._scores(self._rows["train"])

    def _evaluation_exposure(self, wildcards: Any) -> Job:
        return self._scores(len(self._forecast.styles) * self._rows["test"])

    def _evaluation_yardsticks(self, wildcards: Any) -> Job:
        return self._scores(self._rows["train"] + 10 * self._rows["test"])

    def _scores(self, faces: int) -> Job:
        return self._networks(self._forecast.scoring(faces), PICTURE * 64)
