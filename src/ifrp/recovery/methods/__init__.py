"""One file per method, found by its name and imported only when it is used; `ifrp.config.methods` has a row for each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ifrp.config import Config
from ifrp.config.methods import facts

if TYPE_CHECKING:
    from ifrp.config.experiments import Experiment
    from ifrp.recovery.method import Method


def find(name: str) -> type[Method[Any]]:
    """The class of a method.

    Raises:
        IfrpError: there is no such method.
    """
    facts(name)
    found: type[Method[Any]] = importlib.import_module(f"{__name__}.{name}").Method
    return found


def settings(config: Config, experiment: Experiment) -> Any:
    """An experiment's settings, an instance of its method's `settings_class`, with what that needs of other sections.

    Raises:
        IfrpError: an unknown key, or a value of the wrong type or beyond its range.
    """
    return find(experiment.method).complete(experiment.keys, config)


def build(config: Config, experiment: Experiment) -> Method[Any]:
    """An experiment's method, with freshly initialised networks.

    Raises:
        IfrpError: as `settings`, or they do not fit the size of a face.
    """
    return find(experiment.method)(settings(config, experiment), experiment.size, experiment.styles)
