"""An experiment: a method with its settings, resolved from the configuration."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ifrp import config as configuration
from ifrp import paths
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.recovery import methods
from ifrp.recovery.calibration import Calibration
from ifrp.recovery.method import Method, Training


@dataclass(frozen=True)
class Experiment:
    """One row of the paper.

    Attributes:
        name: its key in `recovery.experiments`.
        method: name of the method.
        settings: an instance of the method's `settings_class`.
        training: the shared training keys.
        styles: names of the training styles.
        warp: name of the training portraits' misalignment in `faces.warps`; none is `faces.warp`.
        aligned: whether portraits are warped back by their true parameters, in training and when they are recovered.
        portraits: how many test portraits of each style it recovers; none: all.
        model: name of the experiment whose trained networks it takes: its own, unless it says otherwise.
        calibrate: what it is calibrated by on portraits of each style that it was not trained on; none: it is not.
        size: side of a face, in pixels.
    """

    name: str
    method: str
    settings: Any
    training: Training
    styles: tuple[str, ...]
    warp: str | None
    aligned: bool
    portraits: int | None
    model: str
    calibrate: Calibration | None
    size: int

    def build(self) -> Method[Any]:
        """The method with freshly initialised networks."""
        return methods.find(self.method)(self.settings, self.size, self.styles)

    @property
    def needs(self) -> str:
        """What must be trained: nothing or all."""
        return methods.find(self.method).needs

    @property
    def recognisers(self) -> tuple[str, ...]:
        """Names of the recognisers in its losses."""
        return methods.find(self.method).recognisers(self.settings)

    @property
    def recovers_with(self) -> list[Path]:
        """What must be there to recover: its model, or the training faces if its method needs none but looks at one."""
        if self.needs != "nothing":
            return [paths.recovery_model(self.model)]
        return [paths.faces("train")] if methods.find(self.method).reference else []

    def places(self, faces: int) -> NDArray[np.int64]:
        """Places of the test faces whose portraits it recovers, evenly spread over so many faces."""
        return spread(faces, self.portraits)


def spread(total: int, count: int | None) -> NDArray[np.int64]:
    """So many places, or all, evenly spread over so many in all."""
    return np.linspace(0, total - 1, min(count or total, total)).round().astype(np.int64)


def resolve(config: Config, name: str) -> Experiment:
    """Lays the method's defaults, `recovery.methods[method]` and the experiment's entry over one another.

    Raises:
        IfrpError: unknown experiment, method, style or key, or a value of the wrong type.
    """
    styles = tuple(configuration.training_styles(config, name))
    entry = dict(configuration.entry(config, name))
    where = f"recovery.experiments.{name}"
    method = str(entry.pop("method"))
    calibrate = entry.pop("calibrate", None)
    for own in ("styles", "portraits", "aligned", "warp", "model"):
        entry.pop(own, None)
    cls = methods.find(method)
    if cls.needs != "nothing" and not styles:
        raise IfrpError(
            f"{where} has no style to train on: name some as its styles, or call some seen in the table."
        )
    given = configuration.merge(config.recovery.methods.get(method, {}), entry)
    own_training = configuration.merge(dataclasses.asdict(cls.training), given.pop("training", None) or {})
    settings = configuration.typed(cls.settings_class, given, where)
    training = configuration.typed(Training, own_training, f"{where}: training")
    configuration.known_styles(config, name, training.validation_styles or ())
    if calibrate is not None and cls.needs == "nothing":
        raise IfrpError(
            f"{where}: calibrate: {method} has no trained networks, so there is nothing to calibrate."
        )
    if training.batch < cls.least:
        raise IfrpError(f"{where}: training: batch is {training.batch}; {method} needs at least {cls.least}.")
    return Experiment(
        name=name,
        method=method,
        settings=cls.complete(settings, config),
        training=training,
        styles=styles,
        warp=configuration.training_warp(config, name),
        aligned=configuration.sees_aligned(config, name),
        portraits=configuration.portrait_count(config, name),
        model=configuration.model_of(config, name),
        calibrate=None
        if calibrate is None
        else configuration.typed(Calibration, calibrate, f"{where}: calibrate"),
        size=config.faces.size,
    )
