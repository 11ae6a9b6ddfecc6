"""Verbs of `ifrp paper`."""

from __future__ import annotations

from typing import Annotated

import typer

from ifrp import config as settings
from ifrp import paths
from ifrp.options import ConfigFile
from ifrp.paper import FIGURES, TABLES

app = typer.Typer(help="Tables and figures, made from artifacts alone.", no_args_is_help=True)


@app.command()
def table(
    name: Annotated[str, typer.Argument(help=f"{', '.join(TABLES)}, recognisers, or one of paper.ablations")],
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Write a table as CSV, Markdown and TeX: published value, ours, difference."""
    from ifrp.paper.tables import write

    write(settings.load(config), name)


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help=f"one of {', '.join(FIGURES)}")],
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Draw a figure as PNG and PDF."""
    from ifrp.paper.figures import write

    write(settings.load(config), name)
