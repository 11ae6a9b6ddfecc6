"""What the rules of the workflow need to know of the configuration; the Snakefile asks here, with Snakemake alone installed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ifrp import paths
from ifrp.config import (
    Config,
    entry,
    known_styles,
    merge,
    model_of,
    plain,
    styles,
    training_styles,
    training_warp,
)
from ifrp.errors import IfrpError
from ifrp.workflow.code import PACKAGE, find, imported, parse

METHODS = "ifrp.recovery.methods."


def settings(config: Config, *keys: str) -> dict[str, Any]:
    """Resolved values of dotted keys such as `faces.warp`, in an order that does not depend on the file's.

    Raises:
        IfrpError: there is no such key.
    """
    found = {}
    for key in keys:
        value = plain(config)
        for part in key.split("."):
            if part not in value:
                raise IfrpError(f"A rule asks for the setting {key}, which does not exist.")
            value = value[part]
        found[key] = in_order(value)
    return found


def experiment(config: Config, name: str) -> dict[str, Any]:
    """What the configuration says of an experiment: its entry, over the settings of its method.

    Raises:
        IfrpError: there is no such experiment.
    """
    given = entry(config, name)
    found: dict[str, Any] = in_order(plain(merge(config.recovery.methods.get(given["method"], {}), given)))
    return {**found, "styles": training_styles(config, name)}


def training(config: Config, name: str) -> dict[str, Any]:
    """What an experiment's training goes by: all but which portraits it looks at and recovers afterwards."""
    return {
        key: value for key, value in experiment(config, name).items() if key not in ("portraits", "calibrate")
    }


def portraits(config: Config) -> list[tuple[str, str]]:
    """Split and style of the portraits that the main experiments need: training styles, and in the test all styles."""
    trained = [name for name in config.recovery.experiments if needs_training(config, name)]
    seen = {pair for name in trained for pair in training_portraits(config, name)}
    every = [(split, row.name) for split in ("train", "val", "test") for row in styles(config)]
    return [pair for pair in every if pair[0] == "test" or pair in seen]


def warped_portraits(config: Config) -> list[tuple[str, str, str]]:
    """Split, warp and style of the further portraits that main experiments with a `warp` are trained and validated on."""
    found = set()
    for name in config.recovery.experiments:
        warp = training_warp(config, name)
        if warp and needs_training(config, name):
            found |= {(split, warp, style) for split, style in training_portraits(config, name)}
    return sorted(found)


def training_portraits(config: Config, name: str) -> list[tuple[str, str]]:
    """Split and style of the portraits that an experiment is trained and validated on.

    Raises:
        IfrpError: the experiment or a style is unknown.
    """
    trained = training_styles(config, name)
    own = (experiment(config, name).get("training") or {}).get("validation_styles")
    validated = known_styles(config, name, own) if own else trained
    return [*(("train", style) for style in trained), *(("val", style) for style in validated)]


def needs_training(config: Config, name: str) -> bool:
    """Whether an experiment is trained itself: its method is, and it takes no other's model."""
    return needs_model(config, name) and model_of(config, name) == name


def needs_model(config: Config, name: str) -> bool:
    """Whether an experiment's method is trained, as its class says in `needs`; read without importing torch."""
    return not _says(config, name, "needs = 'nothing'")


def networks(config: Config, name: str) -> list[Path]:
    """The trained networks that an experiment recovers with, if its method has any."""
    return [paths.recovery_model(model_of(config, name))] if needs_model(config, name) else []


def needs_faces(config: Config, name: str) -> bool:
    """Whether an experiment's method looks at a real face when it recovers, as its class says in `reference`."""
    return _says(config, name, "reference = True")


def _says(config: Config, name: str, assignment: str) -> bool:
    return any(assignment in _assignments(module) for module in _method(config, name))


@cache
def _assignments(module: ast.Module) -> set[str]:
    return {ast.unparse(n) for n in ast.walk(module) if isinstance(n, ast.Assign | ast.AnnAssign)}


def recognisers(config: Config, name: str) -> list[str]:
    """Recognisers that an experiment's settings name, or else the defaults in the modules of its method."""
    values: dict[str, Any] = {}
    for node in (node for module in _method(config, name) for node in ast.walk(module)):
        match node:
            case ast.AnnAssign(target=ast.Name(id=key), value=ast.Constant(value=str(default))):
                values[key] = default
    values.update(_leaves(experiment(config, name)))
    return [known for known in config.recovery.recognisers if known in values.values()]


def shown_experiment(config: Config) -> str:
    """`paper.experiment`, which the figures of a single experiment show.

    Raises:
        IfrpError: it is none of the main experiments; ablations are made on demand, after the paper.
    """
    name, known = config.paper.experiment, config.recovery.experiments
    if name not in known:
        raise IfrpError(
            f"paper.experiment is {name}, which is not in recovery.experiments; there are {', '.join(known)}."
        )
    return name


def used_recognisers(config: Config) -> list[str]:
    """Recognisers that the main tables need: the judge, and those in the loss of a trained experiment.

    Raises:
        IfrpError: a judge is not among `recovery.recognisers`.
    """
    for judge in (config.evaluation.recogniser, *config.evaluation.others):
        if judge not in config.recovery.recognisers:
            known = ", ".join(config.recovery.recognisers)
            raise IfrpError(
                f"evaluation.recogniser is {judge}, which is not in recovery.recognisers; there are {known}."
            )
    trained = [name for name in config.recovery.experiments if needs_training(config, name)]
    judge = config.evaluation.recogniser
    return list(dict.fromkeys([judge, *(found for name in trained for found in recognisers(config, name))]))


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        elif isinstance(value, str):
            yield key, value


def _method(config: Config, name: str) -> list[ast.Module]:
    """The modules of an experiment's method: those of the methods that it builds on, then its own."""
    method = experiment(config, name)["method"]
    if find(f"{METHODS}{method}") is None:
        known = sorted(found.stem for found in (PACKAGE / "recovery" / "methods").glob("[!_]*.py"))
        raise IfrpError(f"The experiment {name} names the method {method}; there are {', '.join(known)}.")
    found = [f"{METHODS}{method}"]
    for module in found:
        found += [base for base in imported(module) if base.startswith(METHODS)]
    return [parse(path) for module in reversed(found) if (path := find(module))]


def in_order(value: Any) -> Any:
    """Mappings with their keys sorted, so that the order in a file does not count."""
    if isinstance(value, Mapping):
        return {key: in_order(value[key]) for key in sorted(value)}
    return value
