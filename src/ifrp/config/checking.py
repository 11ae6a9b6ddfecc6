"""Whether the parts of a configuration go together: all that can be said of that before any work, and without torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ifrp.config import experiments
from ifrp.config.loading import build, styles
from ifrp.config.reading import read
from ifrp.config.sections import PUBLISHED_WEIGHTS, Config, Recogniser
from ifrp.errors import IfrpError
from ifrp.paths import CONFIG

Look = Callable[[Config], object]
"""refuses a configuration with an IfrpError, or does nothing"""
COMPARED = ("seen", "unseen")
"""splits that a paper has styles of"""
FEATURES = ("imagenet", "random")
TRAINED = "trained"
HALVED = 4
"""what a style network's sides are a multiple of"""
LEAST_SIDE = {"facenet": 75, "mobilefacenet": 16}
"""pixels of the input of each recogniser's network"""
STRIDE = 16
"""mobilefacenet halves its input four times"""
CELEBA = {"train": 162_770, "val": 19_867, "test": 19_962}
"""faces in CelebA's own partition (list_eval_partition.txt of the official release)"""


def load(path: Path, alone: bool = False) -> Config:
    """Reads a configuration file, with what it says of a preset, and checks it.

    config/config.yaml lies under the preset that it names. Any other file has the last word, as by `snakemake
    --configfile`: it is laid over config/config.yaml and the preset that it names; without one, or with `config`, it
    is the whole configuration. One that names none may be there for a single step: what others need is not asked of it.

    Args:
        path: of the file.
        alone: read it without checking whether its parts go together, for what makes no part of the paper.

    Raises:
        IfrpError: a file is missing or is not YAML, a key is unknown, a value has the wrong type or range, or see `check`.
    """
    values, ours = read(path), CONFIG.exists() and path.samefile(CONFIG)
    whole = ours or (values.get("preset") or CONFIG.stem) == CONFIG.stem
    config = build(values, str(path)) if whole else build(read(CONFIG), str(path), values)
    of_the_paper = (ours or values.get("preset")) and config.recovery.experiments
    check(config, () if alone else PAPER if of_the_paper else PARTS)
    return config


def check(config: Config, looks: Iterable[Look]) -> None:
    """Refuses a configuration whose parts do not go together.

    Args:
        config: the configuration.
        looks: `PARTS`, `PAPER` or `RUN`.

    Raises:
        IfrpError: the first of `faults`.
    """
    for fault in faults(config, looks):
        raise fault


def faults(config: Config, looks: Iterable[Look]) -> Iterator[IfrpError]:
    """What is wrong with a configuration: of each kind the first, and what builds on `PARTS` only if these are right."""
    wrong = False
    for look in looks:
        if wrong and look not in PARTS:
            return
        try:
            look(config)
        except IfrpError as fault:
            wrong = wrong or look in PARTS
            yield fault


def _experiments(config: Config) -> None:
    experiments.every(config)


def _style_networks(config: Config) -> None:
    crop, size, features = config.styles.training.crop, config.faces.size, config.styles.features
    for key, side in (("faces.size", size), ("styles.training.crop", crop)):
        if side is not None and side % HALVED:
            raise IfrpError(
                f"{key} is {side}; it must be a multiple of {HALVED}, because style networks halve the side twice."
            )
    if crop is not None and crop > size:
        raise IfrpError(f"styles.training.crop is {crop}; it must be at most faces.size, {size}.")
    if features.width != 1 and features.weights != "random":
        raise IfrpError(
            f"styles.features.width is {features.width:g}; other than 1 it needs weights: random, not {features.weights}."
        )


def _recognisers(config: Config) -> None:
    for name, recogniser in config.recovery.recognisers.items():
        where = f"recovery.recognisers.{name}"
        if recogniser.network != "facenet" and recogniser.weights in PUBLISHED_WEIGHTS:
            raise IfrpError(
                f"{where}: the weights {recogniser.weights} are of facenet; for {recogniser.network} name a file or trained."
            )
        least, step = LEAST_SIDE[recogniser.network], STRIDE if recogniser.network == "mobilefacenet" else 1
        if min(recogniser.size) < least or any(side % step for side in recogniser.size):
            multiple = f" and multiples of {step}" if step > 1 else ""
            raise IfrpError(
                f"{where}: size is {list(recogniser.size)}; {recogniser.network} needs sides of at least {least} pixels"
                f"{multiple}."
            )
        if min(round(part * config.faces.size) for part in recogniser.crop[2:]) < 1:
            raise IfrpError(
                f"{where}: crop is {list(recogniser.crop)}, which is less than a pixel of a face."
            )


def _featured(config: Config) -> None:
    experiments.featured(config)


def _evaluators(config: Config) -> None:
    """Refuses evaluators that there are not, or whose weights are in a loss."""
    experiments.recognisers(config)
    recognisers, pupils = config.recovery.recognisers, experiments.every(config).values()
    for key, names in (("recogniser", [config.evaluation.recogniser]), ("others", config.evaluation.others)):
        for experiment in pupils:
            for name, pupil in ((name, pupil) for name in names for pupil in experiment.recognisers):
                if name == pupil or _same(recognisers[name], recognisers[pupil]):
                    raise IfrpError(
                        f"evaluation.{key} names {name}, whose weights are in the loss of {experiment.name}: name another of "
                        "recovery.recognisers, for no network may evaluate its own pupil."
                    )


def _same(one: Recogniser, other: Recogniser) -> bool:
    return one.weights == other.weights != TRAINED and one.network == other.network


def _named(config: Config) -> None:
    """Refuses experiments in tables of ablations that there are not."""
    known = (*experiments.names(config), *config.recovery.not_run)
    paper = config.paper
    rows = {
        **{f"ablations.{table}": tuple(of.values()) for table, of in paper.ablations.items()},
        **{f"seeds.{row}": names for row, names in paper.seeds.items()},
        "tuning": paper.tuning,
    }
    for where, names in rows.items():
        if wrong := [name for name in names if name is not None and name not in known]:
            raise IfrpError(
                f"paper.{where} names {wrong[0]}, which is no experiment; there are {', '.join(known)}."
            )


def _splits(config: Config) -> None:
    """Refuses style tables without a seen or an unseen style, which the report quotes; a sketch may be missing."""
    table = config.styles.table
    there = {style.split for style in styles(config)}
    if missing := [split for split in COMPARED if split not in there]:
        raise IfrpError(
            f"{table} has no style with the split {missing[0]}; the paper compares {' and '.join(COMPARED)} styles: add a row."
        )


def _compared(config: Config) -> None:
    require_more(config, min(config.evaluation.faces, config.faces.split.test))


def require_more(config: Config, compared: int) -> None:
    """Refuses an `evaluation.top` that is not below the number of faces that are compared.

    Raises:
        IfrpError: it is not.
    """
    top = config.evaluation.top
    if top >= compared:
        raise IfrpError(
            f"evaluation.top is {top}; it must be below the number of test faces that are compared, {compared}, else each "
            "face is retrieved."
        )


def records(config: Config) -> None:
    """Refuses to ask for more faces or people than the source has, as far as that is known before it is opened.

    Raises:
        IfrpError: it has fewer.
    """
    faces = config.faces
    asked = {split: getattr(faces.split, split) for split in CELEBA}
    total = sum(asked.values())
    if faces.source == "rendered":
        each, people = faces.rendered.pictures, faces.rendered.people
        needed = sum(math.ceil(count / each) for count in asked.values())
        if needed > people:
            raise IfrpError(
                f"faces.split asks for {total} faces, which are {needed} people of {each} pictures each; faces.rendered.people "
                f"is {people}: lower the one or raise the other."
            )
    elif faces.source == "celeba" and faces.celeba.official_splits:
        for split, count in asked.items():
            if count > CELEBA[split]:
                raise IfrpError(
                    f"faces.split.{split} is {count}; CelebA's own partition has {CELEBA[split]}: lower it."
                )
    elif faces.source == "celeba" and total > sum(CELEBA.values()):
        raise IfrpError(
            f"faces.split asks for {total} faces; CelebA has {sum(CELEBA.values())}: lower its numbers."
        )


def _own(config: Config) -> None:
    """Refuses portraits of one's own that are not there."""
    own = config.paper.own
    if own and not Path(own).exists():
        raise IfrpError(
            f"paper.own names {own}, which does not exist; without such a figure, paper.own is null."
        )


def sources(config: Config) -> None:
    """Refuses a configuration whose files are not there: photographs, their table, weights.

    A single step may do without them, so `check` does not ask.

    Raises:
        IfrpError: one of them is not.
    """
    features, photos, evaluation = config.styles.features, config.faces.photos, config.evaluation
    named: dict[str, str | None] = {}
    if features.weights not in FEATURES:
        named["styles.features.weights"] = features.weights
    for name in dict.fromkeys([*experiments.recognisers(config), *evaluation.others]):
        weights = config.recovery.recognisers[name].weights
        if weights not in (*PUBLISHED_WEIGHTS, TRAINED):
            named[f"recovery.recognisers.{name}.weights"] = weights
    if config.faces.source == "photos":
        if not photos.path:
            raise IfrpError("faces.photos.path names no photos: name a folder or a zip archive.")
        named |= {"faces.photos.path": photos.path, "faces.photos.identities": photos.identities}
    for key, path in named.items():
        if path is not None and not Path(path).exists():
            raise IfrpError(f"{key} names {path}, which does not exist.")


PARTS: tuple[Look, ...] = (_experiments, _recognisers)
"""what any configuration must fit"""
PAPER: tuple[Look, ...] = (*PARTS, _featured, _evaluators, _named, _style_networks, _splits, _compared, _own)
"""what that of the paper must fit"""
RUN: tuple[Look, ...] = (*PAPER, sources, records)
"""what must be so before the whole paper is made"""
