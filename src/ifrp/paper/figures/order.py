"""Which styles a figure of faces shows, in which order, and the stacks that it takes them from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ifrp import paths
from ifrp.config import STYLE_SPLITS, Config, Style, styles


def ordered(config: Config) -> list[Style]:
    """The artworks: seen ones first, the sketch last."""
    return sorted(styles(config), key=lambda style: STYLE_SPLITS.index(style.split))


def split(config: Config, name: str) -> list[str]:
    """Names of the styles of a split."""
    return [style.name for style in styles(config) if style.split == name]


def splits(config: Config) -> list[str]:
    """The splits of which there are styles."""
    return list(dict.fromkeys(style.split for style in ordered(config)))


def ends(config: Config) -> list[Style]:
    """The first and the last style of each split."""
    every = {style.name: style for style in ordered(config)}
    names = (names[end] for of in splits(config) for names in [split(config, of)] for end in (0, -1))
    return [every[name] for name in dict.fromkeys(names)]


def heading(style: Style) -> str:
    """Name and split of a style, one above the other."""
    return f"{style.name}\n({style.split})"


def compared(experiments: Iterable[str], styles: Iterable[str]) -> list[Path]:
    """Portraits of the test in some styles, what experiments recover of them, and the true faces."""
    names = list(styles)
    portraits = [paths.portraits("test", style) for style in names]
    recovered = [paths.recovered(experiment, style) for experiment in experiments for style in names]
    return [*portraits, *recovered, paths.faces("test")]


def chosen(config: Config) -> list[Path]:
    """The scores by which `ifrp.paper.figures.gallery.turns` chooses faces."""
    return [paths.quality(config.paper.experiment)]
