"""Experiments, resolved: each row of the paper as one typed object, which training, workflow and tables share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ifrp import paths
from ifrp.config import loading
from ifrp.config.loading import merge, plain, typed
from ifrp.config.methods import METHODS, Facts, facts, settings_class
from ifrp.config.methods.fitting import Settings
from ifrp.config.sections import RECOGNISER_LAYERS, VGG, Calibration, Config, IdentityLoss, Training
from ifrp.config.values import LAYERS, Count, Name, section
from ifrp.errors import IfrpError

OWN = ("styles", "warp", "aligned", "portraits", "calibrate")
"""what an entry says beside its method, its training and the method's settings"""


@section
class Experiment:
    """One row of the paper, without its method's networks: `ifrp.recovery.methods` builds those.

    Attributes:
        name: its key in `recovery.experiments` or `recovery.ablations`.
        method: name of the method.
        settings: what is configured for the method, under what the experiment says; plain.
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
    styles: tuple[Name, ...]
    model: Name
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
    def keys(self) -> Settings:
        """Its settings, as its method takes them.

        Raises:
            IfrpError: an unknown key, or a value of the wrong type or beyond its range.
        """
        return _keys(self.method, self.settings, f"recovery.experiments.{self.name}")

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
        """Names of the recognisers whose features are in its losses: none of them may evaluate it."""
        losses = getattr(self.keys, "losses", None)
        used = losses.recogniser if isinstance(losses, IdentityLoss) else None
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
        settings: dict[str, Any] = loading.in_order({**self.settings, **shared})
        return settings

    @property
    def training_depends(self) -> dict[str, Any]:
        """What its training goes by: all but which portraits it looks at and recovers afterwards."""
        return {key: value for key, value in self.depends.items() if key not in ("portraits", "calibrate")}


def every(config: Config) -> dict[str, Experiment]:
    """All experiments by name, ablations last.

    Raises:
        IfrpError: as `resolve`, or what is configured for a method as such is wrong.
    """
    for method, given in config.recovery.methods.items():
        _check_method(method, given)
    return {name: resolve(config, name) for name in names(config)}


def names(config: Config) -> list[str]:
    """Names of all experiments, ablations last."""
    return list(_entries(config))


def main(config: Config) -> list[Experiment]:
    """The experiments of the main document: those of its tables, and those that only `paper.main_ablations` show.

    Other ablations are made on demand.
    """
    tables = (config.paper.ablations[table] for table in config.paper.main_ablations)
    shown = [name for rows in tables for name in rows.values() if name]
    models = [resolve(config, name).model for name in shown]
    return [resolve(config, name) for name in dict.fromkeys([*config.recovery.experiments, *models, *shown])]


def portraits(config: Config) -> list[tuple[str, str]]:
    """Split and style of the portraits that the main experiments need: training styles, and in the test all styles."""
    seen = {pair for experiment in main(config) if experiment.trained for pair in experiment.seen}
    every = [(split, style.name) for split in ("train", "val", "test") for style in loading.styles(config)]
    return [pair for pair in every if pair[0] == "test" or pair in seen]


def warped_portraits(config: Config) -> list[tuple[str, str, str]]:
    """Split, warp and style of the further portraits that main experiments with a `warp` are trained and validated on."""
    warped = (experiment for experiment in main(config) if experiment.trained and experiment.warp)
    return sorted(
        {(split, str(experiment.warp), style) for experiment in warped for split, style in experiment.seen}
    )


def recognisers(config: Config) -> list[str]:
    """Recognisers that the main tables need: the evaluator, and those in the loss of a trained experiment.

    Raises:
        IfrpError: an evaluator is not among `recovery.recognisers`.
    """
    configured = config.recovery.recognisers
    for evaluator in (config.evaluation.recogniser, *config.evaluation.others):
        if evaluator not in configured:
            raise IfrpError(
                f"evaluation.recogniser is {evaluator}, which is not in recovery.recognisers; there are {', '.join(configured)}."
            )
    trained = [experiment for experiment in main(config) if experiment.trained]
    return list(
        dict.fromkeys(
            [
                config.evaluation.recogniser,
                *(name for experiment in trained for name in experiment.recognisers),
            ]
        )
    )


def featured(config: Config) -> Experiment:
    """`paper.experiment`, which the figures of a single experiment show.

    Raises:
        IfrpError: it is none of the main experiments; ablations are made on demand, after the paper.
    """
    name, experiments = config.paper.experiment, config.recovery.experiments
    if name not in experiments:
        raise IfrpError(
            f"paper.experiment is {name}, which is not in recovery.experiments; there are {', '.join(experiments) or 'none'}."
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
        raise IfrpError(f"{where}: The experiment {name} names no method; there are {', '.join(METHODS)}.")
    method, table = entry.pop("method"), loading.styles(config)
    own = {key: entry.pop(key) for key in OWN if key in entry}
    if own.get("styles") is None:
        own["styles"] = [style.name for style in table if style.split == "seen"]
    model = entry.pop("model", name)
    try:
        shared = plain(facts(method).training)
    except IfrpError as error:
        raise IfrpError(f"{where}: {error}") from error
    settings = merge(config.recovery.methods.get(method, {}), entry)
    given = settings.pop("training", None)
    training = merge(shared, given) if isinstance(given, Mapping) else shared if given is None else given
    _keys(method, settings, where)
    experiment = typed(
        Experiment,
        {"name": name, "method": method, "settings": settings, "training": training, "model": model,
         "size": config.faces.size, **own},
        where,
    )  # fmt: skip
    _check(experiment, config, [style.name for style in table], where)
    return experiment


def _entries(config: Config) -> dict[str, dict[str, Any]]:
    """What all experiments say over their methods' settings, by name."""
    recovery = config.recovery
    twice = [name for name in recovery.ablations if name in recovery.experiments]
    if twice:
        raise IfrpError(
            f"{twice[0]} is in recovery.experiments and in recovery.ablations; names must differ."
        )
    ablations = {
        name: entry if "model" in entry else merge(recovery.ablation, entry)
        for name, entry in recovery.ablations.items()
    }
    return {**recovery.experiments, **ablations}


def _with_model(entries: Mapping[str, dict[str, Any]], name: str, where: str) -> dict[str, Any]:
    """An experiment's entry, over that of the experiment whose model it takes."""
    entry = entries[name]
    model = entry.get("model")
    if model is None:
        return dict(entry)
    if not isinstance(model, str) or "model" in entries.get(model, {"model": None}):
        others = ", ".join(other for other, theirs in entries.items() if "model" not in theirs)
        raise IfrpError(
            f"{where}: model is {model!r}, which is no experiment with a model of its own; there are {others}."
        )
    changed = sorted(set(entry) - {"model", "portraits", "calibrate"})
    if changed:
        raise IfrpError(
            f"{where} takes the model of {model}, so it cannot change {changed[0]}: leave out one of the two."
        )
    return {**entries[model], **entry}


def _keys(method: str, settings: Mapping[str, Any], where: str) -> Settings:
    return typed(settings_class(method), settings, where, ("method", "model", "training", *OWN))


def _check_method(method: str, given: Mapping[str, Any]) -> None:
    """Refuses what is wrong with `recovery.methods.<method>`, whether or not an experiment uses it."""
    where = f"recovery.methods.{method}"
    try:
        section = settings_class(method)
    except IfrpError as error:
        raise IfrpError(f"{where}: {error}") from error
    rest = {key: value for key, value in given.items() if key != "training"}
    typed(section, rest, where, ("training",))
    typed(Training, {} if given.get("training") is None else given["training"], f"{where}: training")


def _check(experiment: Experiment, config: Config, styles: Sequence[str], where: str) -> None:
    """Refuses what does not fit the rest of the configuration."""
    table, keys = config.styles.table, experiment.keys
    for style in (*experiment.styles, *experiment.training.validation_styles):
        if style not in styles:
            raise IfrpError(f"Experiment {experiment.name} names the style {style}, which is not in {table}.")
    if experiment.facts.trained and not experiment.styles:
        raise IfrpError(
            f"{where} has no style to train on: name some as its styles, or call some seen in the table."
        )
    if experiment.warp is not None and experiment.warp not in config.faces.warps:
        warps = ", ".join(config.faces.warps) or "none"
        raise IfrpError(
            f"{where}: warp is {experiment.warp!r}, which is not in faces.warps; there are {warps}."
        )
    if experiment.calibrate is not None and not experiment.facts.trained:
        raise IfrpError(
            f"{where}: calibrate: {experiment.method} has no trained networks, so there is nothing to calibrate."
        )
    _check_losses(keys, config, where)
    try:
        keys.fit(experiment.size)
    except IfrpError as error:
        raise IfrpError(f"{where}: {error}") from error
    if experiment.facts.trained:
        _check_batch(experiment, config, where)


def _check_losses(keys: Settings, config: Config, where: str) -> None:
    """Refuses a recogniser or a layer of the identity loss, or a face that is the style, that there is not."""
    face = getattr(keys, "face", 0)
    if face >= config.faces.split.train:
        raise IfrpError(
            f"{where}: face is {face}; it must be below faces.split.train, {config.faces.split.train}."
        )
    losses = getattr(keys, "losses", None)
    if not isinstance(losses, IdentityLoss) or not losses.identity:
        return
    name, recognisers = losses.identity_network, config.recovery.recognisers
    if name not in (*recognisers, VGG):
        allowed = ", ".join((*recognisers, VGG))
        raise IfrpError(f"{where}: losses.identity_network is {name!r}; it must be one of {allowed}.")
    network = VGG if name == VGG else recognisers[name].network
    layers = LAYERS if name == VGG else RECOGNISER_LAYERS[network]
    layer = getattr(losses, "identity_layer", layers[0])
    if layer not in layers:
        raise IfrpError(
            f"{where}: losses.identity_layer is {layer!r}, which {network} has not; it has {', '.join(layers)}."
        )


def _check_batch(experiment: Experiment, config: Config, where: str) -> None:
    """Refuses a batch that is smaller than the method needs, or larger than all pairs there are."""
    batch, least = experiment.training.batch, experiment.facts.least
    if batch < least:
        raise IfrpError(f"{where}: training.batch is {batch}; {experiment.method} needs at least {least}.")
    warp = config.faces.warps[experiment.warp] if experiment.warp else config.faces.warp
    pairs = config.faces.split.train * warp.copies * len(experiment.styles)
    if batch > pairs:
        raise IfrpError(
            f"{where}: training.batch is {batch}, but faces.split.train gives {pairs} pairs: lower one or raise the other."
        )
