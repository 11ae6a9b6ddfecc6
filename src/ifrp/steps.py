"""What the rules of the workflow need to know of the configuration; the Snakefile asks here, with Snakemake alone installed."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ifrp import paths
from ifrp.artifacts import atomic
from ifrp.config import Config, Style, build, experiments, plain, read, styles
from ifrp.config.experiments import Experiment
from ifrp.errors import IfrpError


def resolve(overrides: Mapping[str, Any], *, alone: bool = False) -> Config:
    """The configuration of a run: config/config.yaml, under the preset, under what the command line says.

    Args:
        overrides: plain values from `--configfile` and `--config`.
        alone: `overrides` is the whole configuration (`--replace-workflow-config`).

    Raises:
        IfrpError: a file is missing or a value does not fit.
    """
    where = "the command line's configuration" if alone else str(paths.CONFIG)
    return build({} if alone else read(paths.CONFIG), where, overrides)


def frozen(config: Config, styles: Mapping[str, Style]) -> Path:
    """Where the resolved configuration of a run is kept: a file named by its content and the style table's."""
    text = json.dumps([plain(config), plain(dict(styles))])
    return Path(".snakemake/config", f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml")


def export(config: Config, styles: Mapping[str, Style]) -> None:
    """Lets the jobs of a run find its configuration, and this environment's `ifrp` if the shell knows no other."""
    path = frozen(config, styles)
    if not path.exists():
        write(config, path)
    os.environ["IFRP_CONFIG"] = str(path)
    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)


def write(config: Config, path: Path) -> None:
    """Writes a configuration as YAML."""
    with atomic(path) as new:
        new.write_text(yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True))


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
        found[key] = _sorted(value)
    return found


def experiment(row: Experiment) -> dict[str, Any]:
    """All that an experiment goes by but the size of a face, its method's settings beside its own, in a fixed order."""
    shared = {key: value for key, value in plain(row).items() if key not in ("name", "settings", "size")}
    found: dict[str, Any] = _sorted({**row.settings, **shared})
    return found


def training(row: Experiment) -> dict[str, Any]:
    """What an experiment's training goes by: all but which portraits it looks at and recovers afterwards."""
    return {key: value for key, value in experiment(row).items() if key not in ("portraits", "calibrate")}


def trained(config: Config) -> list[Experiment]:
    """The main experiments that are trained themselves."""
    rows = (experiments.resolve(config, name) for name in config.recovery.experiments)
    return [row for row in rows if row.trained]


def portraits(config: Config) -> list[tuple[str, str]]:
    """Split and style of the portraits that the main experiments need: training styles, and in the test all styles."""
    seen = {pair for row in trained(config) for pair in row.seen}
    every = [(split, row.name) for split in ("train", "val", "test") for row in styles(config)]
    return [pair for pair in every if pair[0] == "test" or pair in seen]


def warped_portraits(config: Config) -> list[tuple[str, str, str]]:
    """Split, warp and style of the further portraits that main experiments with a `warp` are trained and validated on."""
    return sorted(
        {(split, row.warp, style) for row in trained(config) if row.warp for split, style in row.seen}
    )


def looks(path: Path) -> list[int] | None:
    """Size and time of a file, none if it is gone."""
    if not path.exists():
        return None
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


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
    judged = config.evaluation.recogniser
    return list(dict.fromkeys([judged, *(name for row in trained(config) for name in row.recognisers)]))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value
