"""Figures of faces: samples of the data set, recovered faces beside portraits and truth, worst cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifrp import config as settings
from ifrp import paths, stacks
from ifrp.artifacts import read_table
from ifrp.errors import IfrpError
from ifrp.paper import mosaic
from ifrp.paper.look import STYLE_COLOURS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ACROSS = 12  # faces in a row of the worst cases


def spread(people: pd.Series[str], count: int) -> list[int]:
    """Places of `count` faces of different people (as far as there are so many), evenly spread over a stack."""
    firsts = np.flatnonzero(~people.duplicated())
    chosen = np.linspace(0, len(firsts) - 1, min(count, len(firsts))).round().astype(int)
    return [int(place) for place in firsts[chosen]]


def samples(config: settings.Config) -> tuple[Figure, list[Path]]:
    """Real faces, unaligned, and stylised: for training in the styles that are trained on, for the test in all."""
    styles = _styles(config)
    trained = {
        s
        for experiment in config.recovery.experiments
        for s in settings.experiments.resolve(config, experiment).styles
    }
    rows: list[list[mosaic.Tile]] = []
    labels, used = [], []
    for split in ("train", "test"):
        files = [paths.faces(split), paths.warped(split)]
        files += [paths.portraits(split, s.name) for s in styles if split == "test" or s.name in trained]
        opened = {path: stacks.read(path) for path in files}
        portraits = [opened.get(paths.portraits(split, s.name)) for s in styles]
        for place in spread(opened[files[0]].table["person"], max(1, config.paper.examples // 2)):
            shown = [opened[files[0]], opened[files[1]], *portraits]
            rows.append([None if stack is None else np.array(stack.images[place]) for stack in shown])
            labels.append(split)
        used += files
    headings = ["real", "unaligned", *map(_heading, styles)]
    colours = ["black", "black", *(STYLE_COLOURS[style.split] for style in styles)]
    return mosaic.draw(rows, headings, labels, colours=colours), used


def _styles(config: settings.Config) -> list[settings.Style]:
    """The artworks: seen ones first, the sketch last."""
    return sorted(settings.styles(config), key=lambda style: settings.STYLE_SPLITS.index(style.split))


def _first_of_each_split(config: settings.Config) -> list[settings.Style]:
    styles = _styles(config)
    return [
        style for i, style in enumerate(styles) if style.split not in [other.split for other in styles[:i]]
    ]


def _heading(style: settings.Style) -> str:
    return f"{style.name}\n{style.split}"


def recovered(config: settings.Config, split: str) -> tuple[Figure, list[Path]]:
    """Test faces, each in one of the styles of a split: portrait, every experiment's recovery, truth.

    Only faces that all experiments recovered are shown.

    Raises:
        IfrpError: the style table has no style in this split.
    """
    styles = [style.name for style in settings.styles(config) if style.split == split]
    if not styles:
        raise IfrpError(f"{config.styles.table} has no style of split {split}, so there is nothing to show.")
    places = _shown(config, config.recovery.experiments, styles)
    turns = [(place, styles[i % len(styles)]) for i, place in enumerate(places)]
    columns = {
        "portrait": [_picture(paths.portraits("test", style), place) for place, style in turns],
        **{
            name: [_recovery(name, style, place) for place, style in turns]
            for name in config.recovery.experiments
        },
        "truth": [_picture(paths.faces("test"), place) for place, _ in turns],
    }
    headings = [
        name for name in columns if name == "portrait" or not _same(columns[name], columns["portrait"])
    ]
    rows = [[columns[name][i] for name in headings] for i in range(len(turns))]
    used = [paths.portraits("test", style) for style in styles]
    used += [paths.recovered(name, style) for name in config.recovery.experiments for style in styles]
    return mosaic.draw(rows, headings, [style for _, style in turns]), [*used, paths.faces("test")]


def _shared(experiments: Iterable[str], styles: Sequence[str]) -> NDArray[np.int64]:
    """Places of the test faces that all these experiments recovered from each of these styles."""
    found = [
        stacks.read(paths.recovered(name, style)).table["index"].to_numpy()
        for name in experiments
        for style in styles
    ]
    return reduce(np.intersect1d, found)


def _shown(config: settings.Config, experiments: Iterable[str], styles: Sequence[str]) -> list[int]:
    """Places of `paper.examples` test faces that all these experiments recovered, of different people."""
    shared = _shared(experiments, styles)
    people = stacks.read(paths.faces("test")).table["person"].iloc[shared]
    places: list[int] = shared[spread(people, config.paper.examples)].tolist()
    return places


def _picture(path: Path, place: int) -> mosaic.Tile:
    return np.array(stacks.pictures(path)[place])


def _recovery(experiment: str, style: str, place: int) -> mosaic.Tile:
    """What an experiment made of the test face in a place."""
    stack = stacks.read(paths.recovered(experiment, style))
    return np.array(stack.images[np.flatnonzero(stack.table["index"] == place)[0]])


def _same(one: Sequence[mosaic.Tile], other: Sequence[mosaic.Tile]) -> bool:
    """Whether an experiment leaves the portraits as they are: then they need not be shown twice."""
    return all(
        a is not None and b is not None and np.array_equal(a, b) for a, b in zip(one, other, strict=True)
    )


def worst(config: settings.Config) -> tuple[Figure, list[Path]]:
    """The test faces with the lowest SSIM of each experiment: portrait, recovery and truth, one below the other.

    A face is shown in its worst style only.
    """
    used = [paths.faces("test")]
    rows: list[list[mosaic.Tile]] = []
    labels, notes = [], []
    for name in config.recovery.experiments:
        scores = read_table(paths.quality(name))
        chosen = scores.sort_values(["ssim", "style", "index"]).drop_duplicates("index")[: config.paper.worst]
        cases = list(zip(chosen["style"], chosen["index"].astype(int), chosen["ssim"], strict=True))
        used += [paths.quality(name), *(paths.portraits("test", style) for style, *_ in cases)]
        used += [paths.recovered(name, style) for style, *_ in cases]
        portraits = [_picture(paths.portraits("test", style), i) for style, i, _ in cases]
        found = [_recovery(name, style, i) for style, i, _ in cases]
        if _same(found, portraits):
            continue
        truth = [_picture(paths.faces("test"), i) for _, i, _ in cases]
        for start in range(0, len(cases), ACROSS):
            part = slice(start, start + ACROSS)
            rows += [portraits[part], found[part], truth[part]]
            labels += ["portrait", name, "truth"]
            notes += [
                [style for style, *_ in cases[part]],
                [f"SSIM {value:.2f}" for *_, value in cases[part]],
                [],
            ]
    return mosaic.draw(rows, [], labels, notes), list(dict.fromkeys(used))


def teaser(config: settings.Config) -> tuple[Figure, list[Path]]:
    """People in one style of each split: portrait and what `paper.experiment` recovers, beside the true face (Figure 1)."""
    name, styles = config.paper.experiment, _first_of_each_split(config)
    recovered = stacks.read(paths.recovered(name, styles[0].name)).table
    places = recovered["index"].to_numpy()[spread(recovered["person"], max(1, config.paper.examples // 2))]
    rows: list[list[mosaic.Tile]] = []
    for place in places:
        row: list[mosaic.Tile] = []
        for style in styles:
            row += [_picture(paths.portraits("test", style.name), place), _recovery(name, style.name, place)]
        rows.append([*row, _picture(paths.faces("test"), place)])
    headings = [*(text for style in styles for text in (_heading(style), "recovered")), "truth"]
    used = [paths.portraits("test", style.name) for style in styles]
    used += [paths.recovered(name, style.name) for style in styles]
    return mosaic.draw(rows, headings, [""] * len(rows)), [*used, paths.faces("test")]


def consistency(config: settings.Config) -> tuple[Figure, list[Path]]:
    """One person in every style: the portraits, and below them what each experiment recovers; FCR asks if these agree."""
    styles, experiments = _styles(config), list(config.recovery.experiments)
    names = [style.name for style in styles]
    shared = _shared(experiments, names)
    place = int(shared[len(shared) // 2])
    truth = _picture(paths.faces("test"), place)
    portraits = [_picture(paths.portraits("test", name), place) for name in names]
    found = {name: [_recovery(name, style, place) for style in names] for name in experiments}
    rows = {"portrait": portraits} | {name: row for name, row in found.items() if not _same(row, portraits)}
    headings = [*map(_heading, styles), "truth"]
    colours = [*(STYLE_COLOURS[style.split] for style in styles), "black"]
    used = [paths.portraits("test", name) for name in names]
    used += [paths.recovered(experiment, name) for experiment in experiments for name in names]
    figure = mosaic.draw([[*row, truth] for row in rows.values()], headings, list(rows), colours=colours)
    return figure, [*used, paths.faces("test")]


def ablation(config: settings.Config, table: str) -> tuple[Figure, list[Path]]:
    """The rows of an ablation's table as columns of faces, half of them in seen and half in unseen styles (Figures 3–5)."""
    chosen = {label: name for label, name in config.paper.ablations[table].items() if name}
    styles = [style.name for style in _first_of_each_split(config) if style.split != "sketch"]
    places = _shown(config, chosen.values(), styles)
    turns = [(place, styles[i * len(styles) // len(places)]) for i, place in enumerate(places)]
    rows = [
        [
            _picture(paths.portraits("test", style), place),
            *(_recovery(name, style, place) for name in chosen.values()),
            _picture(paths.faces("test"), place),
        ]
        for place, style in turns
    ]
    headings = [
        "portrait",
        *(label.replace("+", "+\n").replace(" with", "\nwith") for label in chosen),
        "truth",
    ]
    used = [paths.portraits("test", style) for style in styles]
    used += [paths.recovered(name, style) for name in chosen.values() for style in styles]
    return mosaic.draw(rows, headings, [style for _, style in turns]), [*used, paths.faces("test")]


def own(config: settings.Config) -> tuple[Figure, list[Path]]:
    """Portraits of your own (`paper.own`: paintings, sketches), each beside what `paper.experiment` recovers of it.

    Raises:
        IfrpError: `paper.own` names no folder, or there is no readable picture in it.
    """
    from ifrp.recovery import recover

    if not config.paper.own or not (folder := Path(config.paper.own)).exists():
        raise IfrpError(f"paper.own is {config.paper.own}: name a folder of pictures there.")
    pairs = recover.pairs([folder], config.paper.experiment, config)
    across = config.paper.examples
    rows = [[tile for pair in pairs[i : i + across] for tile in pair] for i in range(0, len(pairs), across)]
    headings = ["portrait", "recovered"] * min(across, len(pairs))
    model = paths.recovery_model(config.paper.experiment)
    return mosaic.draw(rows, headings, [""] * len(rows)), [model] if model.exists() else []
