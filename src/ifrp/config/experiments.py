"""Experiments, resolved: each row of the paper as one typed object, which training, workflow and tables share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ifrp import paths
from ifrp.config import loading
from ifrp.config.loading import merge, plain, typed
from ifrp.config.methods import Facts, facts
from ifrp.config.sections import Calibration, Config, IdentityLoss, Training
from ifrp.config.values import Count, section
from ifrp.errors import IfrpError

OWN = ("styles", "warp", "aligned", "portraits", "calibrate")
"""what an entry says beside its method, its training and the method's settings"""


@section
class Experiment:
    """One row of the paper, without its method's networks: `ifrp.recovery.methods` builds those.

    Attributes:
        name: its key in `recovery.experiments` or `recovery.ablations`.
        method: name of the method.
        settings: what is configured for the method, under what the experiment says; plain, and not checked yet.
        training: the shared training keys.
        styles: names of the training styles.
        model: name of the experiment whose trained networks it takes: its own, unless it says otherwise.
        size: side of a face, in pixels.
        warp: name of the training portraits' misalignment in `faces.warps`; none is `faces.warp`.
        aligned: whether portraits are warped back by their true parameters, in training and when they are recovered.
        portraits: how many test portraits of each style it recovers; none: all.
        calibrate: what it is calibrated by on portraits of each style that it was not trained on; none: it is not.
    """

    name: str
    method: str
    settings: dict[str, Any]
    training: Training
    styles: tuple[str, ...]
    model: str
    size: int
    warp: str | None = None
    aligned: bool = False
    portraits: Count | None = None
    calibrate: Calibration | None = None

    @property
    def facts(self) -> Facts:
        """What is known of its method."""
        return facts(self.method)

    @property
    def module(self) -> str:
        """Dotted name of the module of its method."""
        return f"ifrp.recovery.methods.{self.method}"

    @property
    def trained(self) -> bool:
        """Whether it is trained itself: its method is, and it takes no other's model."""
        return self.facts.trained and self.model == self.name

    @property
    def recognisers(self) -> tuple[str, ...]:
        """Names of the recognisers whose features are in its losses: none of them may judge it."""
        if not self.facts.identity:
            return ()
        given = self.settings.get("losses") or {}
        if isinstance(given, Mapping):
            given = {key: given[key] for key in ("identity", "identity_network") if key in given}
        used = typed(IdentityLoss, given, f"recovery.experiments.{self.name}: losses").recogniser
        return (used,) if used else ()

    @property
    def seen(self) -> list[tuple[str, str]]:
        """Split and style of the portraits that it is trained and validated on."""
        validated = self.training.validation_styles or self.styles
        return [*(("train", style) for style in self.styles), *(("val", style) for style in validated)]

    @property
    def networks(self) -> list[Path]:
        """The trained networks that it recovers with, if its method has any."""
        return [paths.recovery_model(self.model)] if self.facts.trained else []

    @property
    def recovers_with(self) -> list[Path]:
        """What must be there to recover: its networks, or the training faces if its method has none but looks at one."""
        return self.networks or ([paths.faces("train")] if self.facts.reference else [])

    @property
    def depends(self) -> dict[str, Any]:
        """All that it goes by but the size of a face, its method's settings beside its own, in a fixed order; plain."""
        shared = {key: value for key, value in plain(self).items() if key not in ("name", "settings", "size")}
        found: dict[str, Any] = loading.in_order({**self.settings, **shared})
        return found

    @property
    def training_depends(self) -> dict[str, Any]:
        """What its training goes by: all but which portraits it looks at and recovers afterwards."""
        return {key: value for key, value in self.depends.items() if key not in ("portraits", "calibrate")}


def every(config: Config) -> dict[str, Experiment]:
    """All experiments by name, ablations last.

    Raises:
        IfrpError: as `resolve`.
    """
    return {name: resolve(config, name) for name in names(config)}


def names(config: Config) -> list[str]:
    """Names of all experiments, ablations last."""
    return list(_entries(config))


def main(config: Config) -> list[Experiment]:
    """The experiments of the main tables and figures; ablations are made on demand."""
    return [resolve(config, name) for name in config.recovery.experiments]


def portraits(config: Config) -> list[tuple[str, str]]:
    """Split and style of the portraits that the main experiments need: training styles, and in the test all styles."""
    seen = {pair for row in main(config) if row.trained for pair in row.seen}
    every = [(split, row.name) for split in ("train", "val", "test") for row in loading.styles(config)]
    return [pair for pair in every if pair[0] == "test" or pair in seen]


def warped_portraits(config: Config) -> list[tuple[str, str, str]]:
    """Split, warp and style of the further portraits that main experiments with a `warp` are trained and validated on."""
    warped = (row for row in main(config) if row.trained and row.warp)
    return sorted({(split, str(row.warp), style) for row in warped for split, style in row.seen})


def recognisers(config: Config) -> list[str]:
    """Recognisers that the main tables need: the judge, and those in the loss of a trained experiment.

    Raises:
        IfrpError: a judge is not among `recovery.recognisers`.
    """
    known = config.recovery.recognisers
    for judge in (config.evaluation.recogniser, *config.evaluation.others):
        if judge not in known:
            raise IfrpError(
                f"evaluation.recogniser is {judge}, which is not in recovery.recognisers; there are {', '.join(known)}."
            )
    trained = [row for row in main(config) if row.trained]
    return list(
        dict.fromkeys([config.evaluation.recogniser, *(name for row in trained for name in row.recognisers)])
    )


def shown(config: Config) -> Experiment:
    """`paper.experiment`, which the figures of a single experiment show.

    Raises:
        IfrpError: it is none of the main experiments; ablations are made on demand, after the paper.
    """
    name, known = config.paper.experiment, config.recovery.experiments
    if name not in known:
        raise IfrpError(
            f"paper.experiment is {name}, which is not in recovery.experiments; there are {', '.join(known)}."
        )
    return resolve(config, name)


def resolve(config: Config, name: str) -> Experiment:
    """Lays what is configured for the method and the experiment's entry over one another, and types what is shared.

    Raises:
        IfrpError: unknown experiment, method, style or warp; a shared key of the wrong type or beyond its range; a model
            that it cannot take; no style to train on; or nothing that could be calibrated.
    """
    entries = _entries(config)
    if name not in entries:
        raise IfrpError(
            f"There is no experiment {name} in recovery.experiments; there are {', '.join(entries)}."
        )
    where = f"recovery.{'experiments' if name in config.recovery.experiments else 'ablations'}.{name}"
    entry = _with_model(entries, name, where)
    if "method" not in entry:
        raise IfrpError(f"The experiment {name} names no method.")
    method, table = str(entry.pop("method")), loading.styles(config)
    own = {key: entry.pop(key) for key in OWN if key in entry}
    if own.get("styles") is None:
        own["styles"] = [row.name for row in table if row.split == "seen"]
    model = entry.pop("model", name)
    settings = merge(config.recovery.methods.get(method, {}), entry)
    try:
        training = merge(plain(facts(method).training), settings.pop("training", None) or {})
    except IfrpError as error:
        raise IfrpError(f"{where}: {error}") from error
    found = typed(
        Experiment,
        {"name": name, "method": method, "settings": settings, "training": training, "model": model,
         "size": config.faces.size, **own},
        where,
    )  # fmt: skip
    _check(found, config, [row.name for row in table], where)
    return found


def _entries(config: Config) -> dict[str, dict[str, Any]]:
    """What all experiments say over their methods' settings, by name."""
    given = config.recovery
    twice = [name for name in given.ablations if name in given.experiments]
    if twice:
        raise IfrpError(
            f"{twice[0]} is in recovery.experiments and in recovery.ablations; names must differ."
        )
    ablations = {
        name: entry if "model" in entry else merge(given.ablation, entry)
        for name, entry in given.ablations.items()
    }
    return {**given.experiments, **ablations}


def _with_model(entries: Mapping[str, dict[str, Any]], name: str, where: str) -> dict[str, Any]:
    """An experiment's entry, over that of the experiment whose model it takes."""
    entry = entries[name]
    model = entry.get("model")
    if model is None:
        return dict(entry)
    if "model" in entries.get(model, {"model": None}):
        known = ", ".join(other for other, theirs in entries.items() if "model" not in theirs)
        raise IfrpError(
            f"{where}: model is {model!r}, which is no experiment with a model of its own; there are {known}."
        )
    changed = sorted(set(entry) - {"model", "portraits", "calibrate"})
    if changed:
        raise IfrpError(
            f"{where} takes the model of {model}, so it cannot change {changed[0]}: leave out one of the two."
        )
    return {**entries[model], **entry}


def _check(row: Experiment, config: Config, styles: Sequence[str], where: str) -> None:
    """Refuses what does not fit the rest of the configuration."""
    table = config.styles.table
    for style in (*row.styles, *row.training.validation_styles):
        if style not in styles:
            raise IfrpError(f"Experiment {row.name} names the style {style}, which is not in {table}.")
    if row.facts.trained and not row.styles:
        raise IfrpError(
            f"{where} has no style to train on: name some as its styles, or call some seen in the table."
        )
    if row.warp is not None and row.warp not in config.faces.warps:
        warps = ", ".join(config.faces.warps) or "none"
        raise IfrpError(f"{where}: warp is {row.warp!r}, which is not in faces.warps; there are {warps}.")
    unknown = [name for name in row.recognisers if name not in config.recovery.recognisers]
    if unknown:
        known = ", ".join((*config.recovery.recognisers, "vgg19"))
        raise IfrpError(f"{where}: losses.identity_network is {unknown[0]!r}; it must be one of {known}.")
    if row.calibrate is not None and not row.facts.trained:
        raise IfrpError(
            f"{where}: calibrate: {row.method} has no trained networks, so there is nothing to calibrate."
        )
    if row.training.batch < row.facts.least:
        raise IfrpError(
            f"{where}: training.batch is {row.training.batch}; {row.method} needs at least {row.facts.least}."
        )
