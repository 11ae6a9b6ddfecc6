"""What tables, figures and numbers are made from, for the rules of the workflow, with Snakemake alone installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ifrp import config as settings
from ifrp import paths, steps
from ifrp.artifacts import card_path
from ifrp.paper import tables
from ifrp.paper.numbers import experiments
from ifrp.paper.printing import shown


def table(config: settings.Config, name: str) -> list[Path]:
    """What a table reads, and the cards that say what its trainings took; of the table of costs, cards alone."""
    if name == "timing":
        return [*_costs(config), paths.PUBLISHED]
    models = (
        []
        if name in tables.SPECIAL
        else _trained(config, [row for row in tables.rows(config, name).values() if row])
    )
    return tables.inputs(config, name) + [card_path(paths.recovery_model(row)) for row in models]


def figure(config: settings.Config, name: str) -> list[Path]:
    """Stacks, scores or curves that a figure shows."""
    every, judge = list(config.recovery.experiments), config.evaluation.recogniser
    shown = [row for row in config.paper.ablations.get(name, {}).values() if row] or every
    quality = [paths.quality(row) for row in every]
    identity = [paths.identity(row, judge) for row in every]
    truth = _stacks([paths.faces("test"), paths.warped("test")])
    match name:
        case "network":
            return []
        case "own":
            return own_pictures(config) + networks(config, config.paper.experiment)
        case "distance":
            return [paths.STYLE_DISTANCE, card_path(paths.STYLE_DISTANCE)]
        case "samples":
            return _portraits(config, "train") + _portraits(config, "test")
        case "curves":
            return [paths.training_curve(row) for row in _trained(config, every)]
        case "angles":
            return truth + quality + identity
        case "retrieval":
            return [paths.retrieval(row, judge) for row in every]
        case "cost":
            return _costs(config) + [paths.summary(row) for row in every]
        case "worst":
            return _recovered(config, every) + quality
    return _recovered(config, shown)


def numbers(config: settings.Config, document: str) -> list[Path]:
    """What the numbers of a document are taken from."""
    names = experiments(config, document)
    return [
        *(paths.summary(name) for name in names),
        *(card_path(paths.recovery_model(name)) for name in _trained(config, names)),
        *_stacks([paths.faces("train"), paths.faces("test")]),
        *figure(config, "distance"),
        paths.EXPOSURE,
    ]


def document(config: settings.Config, name: str) -> list[Path]:
    """The tables, figures and numbers of a document."""
    compared, figures = shown(config, name)
    printed = [paths.table(table, suffix) for table in compared for suffix in ("typ", "json")]
    drawn = [paths.figure(figure, suffix) for figure in figures for suffix in ("png", "pdf")]
    return [*printed, *drawn, paths.numbers(name)]


def networks(config: settings.Config, name: str) -> list[Path]:
    """The trained networks of an experiment and their card, if its method has any."""
    row = settings.experiments.resolve(config, name)
    model = paths.recovery_model(row.model)
    return [model, card_path(model)] if row.facts.trained else []


def own_pictures(config: settings.Config) -> list[Path]:
    """Files of the user's own portraits."""
    given = Path(config.paper.own or "")
    if given.is_file():
        return [given]
    return sorted(given.rglob("*.*")) if config.paper.own and given.is_dir() else []


def _costs(config: settings.Config) -> list[Path]:
    every = list(config.recovery.experiments)
    stacks = [paths.recovered(row, style.name) for row in every for style in settings.styles(config)]
    return [card_path(path) for path in (*stacks, *map(paths.recovery_model, _trained(config, every)))]


def _recovered(config: settings.Config, experiments: Iterable[str]) -> list[Path]:
    names = [style.name for style in settings.styles(config)]
    found = [paths.recovered(row, style) for row in experiments for style in names]
    return _portraits(config, "test") + _stacks(found)


def _portraits(config: settings.Config, split: str) -> list[Path]:
    names = [paths.portraits(*made) for made in steps.portraits(config) if made[0] == split]
    return _stacks([paths.faces(split), paths.warped(split), *names])


def _trained(config: settings.Config, experiments: Sequence[str]) -> list[str]:
    return [name for name in experiments if settings.experiments.resolve(config, name).trained]


def _stacks(images: Iterable[Path]) -> list[Path]:
    return [path.with_suffix(suffix) for path in images for suffix in (".npy", ".csv", ".json")]
