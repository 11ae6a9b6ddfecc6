"""An experiment: a method with its settings, resolved from the configuration."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ifrp import config as configuration
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.recovery import methods
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
        size: side of a face, in pixels.
    """

    name: str
    method: str
    settings: Any
    training: Training
    styles: tuple[str, ...]
    size: int

    def build(self) -> Method[Any]:
        """The method with freshly initialised networks."""
        return methods.find(self.method)(self.settings, self.size, self.styles)

    @property
    def needs(self) -> str:
        """What must be trained: nothing, style or all."""
        return methods.find(self.method).needs

    @property
    def recognisers(self) -> tuple[str, ...]:
        """Names of the recognisers in its losses."""
        return methods.find(self.method).recognisers(self.settings)


def resolve(config: Config, name: str) -> Experiment:
    """Lays the method's defaults, `recovery.methods[method]` and the experiment's entry over one another.

    Raises:
        IfrpError: unknown experiment, method, style or key, or a value of the wrong type.
    """
    styles = tuple(configuration.training_styles(config, name))
    entry = dict(config.recovery.experiments[name])
    where = f"recovery.experiments.{name}"
    if "method" not in entry:
        raise IfrpError(f"{where} names no method: give it one of {', '.join(methods.names())}.")
    method = str(entry.pop("method"))
    entry.pop("styles", None)
    cls = methods.find(method)
    given = configuration.merge(config.recovery.methods.get(method, {}), entry)
    training = configuration.merge(dataclasses.asdict(cls.training), given.pop("training", None) or {})
    settings = configuration.typed(cls.settings_class, given, where)
    return Experiment(
        name=name,
        method=method,
        settings=cls.complete(settings, config),
        training=configuration.typed(Training, training, f"{where}: training"),
        styles=styles,
        size=config.faces.size,
    )
