"""Which styles a figure of faces shows, in which order, and the stacks that it takes them from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ifrp import paths
from ifrp.config import STYLE_SPLITS, Config, Style, styles


def ordered(config: Config) -> list[Style]:
    """The artworks: seen ones first, the sketch last."""
    return sorted(styles(config), key=lambda style: STYLE_SPLITS.index(style.split))


def firsts(config: Config) -> list[Style]:
    """The first style of each split."""
    found: dict[str, Style] = {}
    for style in ordered(config):
        found.setdefault(style.split, style)
    return list(found.values())


def heading(style: Style) -> str:
    """Name and split of a style, one above the other."""
    return f"{style.name}\n{style.split}"


def compared(experiments: Iterable[str], styles: Iterable[str]) -> list[Path]:
    """Portraits of the test in some styles, what experiments recover of them, and the true faces."""
    names = list(styles)
    portraits = [paths.portraits("test", style) for style in names]
    recovered = [paths.recovered(experiment, style) for experiment in experiments for style in names]
    return [*portraits, *recovered, paths.faces("test")]
