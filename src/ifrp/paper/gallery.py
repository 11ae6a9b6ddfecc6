"""Figures of faces: samples of the data set, recovered faces beside portraits and truth, worst cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ifrp import config as settings
from ifrp import paths, stacks
from ifrp.errors import IfrpError
from ifrp.paper import mosaic
from ifrp.paper.look import STYLE_COLOURS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def spread(people: pd.Series[str], count: int) -> list[int]:
    """Places of `count` faces of different people (as far as there are so many), evenly spread over a stack."""
    firsts = np.flatnonzero(~people.duplicated())
    chosen = np.linspace(0, len(firsts) - 1, min(count, len(firsts))).round().astype(int)
    return [int(place) for place in firsts[chosen]]


def samples(config: settings.Config) -> tuple[Figure, list[Path]]:
    """Real faces, unaligned, and stylised: for training in the styles that are trained on, for the test in all."""
    styles = sorted(settings.styles(config), key=lambda style: settings.STYLE_SPLITS.index(style.split))
    trained = {
        s for experiment in config.recovery.experiments for s in settings.training_styles(config, experiment)
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
    headings = ["real", "unaligned", *(f"{style.name}\n{style.split}" for style in styles)]
    colours = ["black", "black", *(STYLE_COLOURS[style.split] for style in styles)]
    return mosaic.draw(rows, headings, labels, colours=colours), used


def recovered(config: settings.Config, split: str) -> tuple[Figure, list[Path]]:
    """Test faces, each in one of the styles of a split: portrait, every experiment's recovery, truth.

    Raises:
        IfrpError: the style table has no style in this split.
    """
    styles = [style.name for style in settings.styles(config) if style.split == split]
    if not styles:
        raise IfrpError(f"{config.styles.table} has no style of split {split}, so there is nothing to show.")
    truth = stacks.read(paths.faces("test"))
    places = spread(truth.table["person"], config.paper.examples)
    turns = [(place, styles[i % len(styles)]) for i, place in enumerate(places)]
    sources = {
        "portrait": {style: paths.portraits("test", style) for style in styles},
        **{name: {s: paths.recovered(name, s) for s in styles} for name in config.recovery.experiments},
        "truth": dict.fromkeys(styles, paths.faces("test")),
    }
    columns = {name: [_picture(of[style], place) for place, style in turns] for name, of in sources.items()}
    headings = [
        name for name in columns if name == "portrait" or not _same(columns[name], columns["portrait"])
    ]
    rows = [[columns[name][i] for name in headings] for i in range(len(turns))]
    used = [path for of in sources.values() for path in of.values()]
    return mosaic.draw(rows, headings, [style for _, style in turns]), list(dict.fromkeys(used))


def _picture(path: Path, place: int) -> mosaic.Tile:
    return np.array(stacks.read(path).images[place])


def _same(one: Sequence[mosaic.Tile], other: Sequence[mosaic.Tile]) -> bool:
    """Whether an experiment leaves the portraits as they are: then they need not be shown twice."""
    return all(
        a is not None and b is not None and np.array_equal(a, b) for a, b in zip(one, other, strict=True)
    )


def worst(config: settings.Config) -> tuple[Figure, list[Path]]:
    """The test faces with the lowest SSIM of each experiment: portrait, recovery and truth, one below the other.

    A face is shown in its worst style only.
    """
    import pandas as pd

    used = [paths.faces("test")]
    rows: list[list[mosaic.Tile]] = []
    labels, notes = [], []
    for name in config.recovery.experiments:
        scores = pd.read_csv(paths.quality(name), dtype={"person": str})
        chosen = scores.sort_values(["ssim", "style", "index"]).drop_duplicates("index")[: config.paper.worst]
        cases = list(zip(chosen["style"], chosen["index"].astype(int), chosen["ssim"], strict=True))
        files = [[paths.portraits("test", s), paths.recovered(name, s)] for s, *_ in cases]
        used += [paths.quality(name), *(path for pair in files for path in pair)]
        portraits, found = (
            [_picture(pair[which], i) for pair, (_, i, _) in zip(files, cases, strict=True)]
            for which in (0, 1)
        )
        if _same(found, portraits):
            continue
        rows += [portraits, found, [_picture(paths.faces("test"), i) for _, i, _ in cases]]
        labels += ["portrait", name, "truth"]
        notes += [[style for style, *_ in cases], [f"SSIM {value:.2f}" for *_, value in cases], []]
    return mosaic.draw(rows, [], labels, notes), list(dict.fromkeys(used))
