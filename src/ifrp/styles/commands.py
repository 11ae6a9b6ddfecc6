"""Verbs of `ifrp styles`."""

from __future__ import annotations

from typing import Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

app = typer.Typer(
    help="Artworks, style distance, and one feed-forward style network per artwork.", no_args_is_help=True
)
StyleName = Annotated[str, typer.Argument(help="name of a style in the style table")]


@app.command()
def artwork(style: StyleName, config: ConfigFile = paths.CONFIG) -> None:
    """Download, read or draw one artwork, to data/styles/."""
    from ifrp.config import load
    from ifrp.styles.artworks import write

    typer.echo(write(load(config), style))


@app.command()
def distance(config: ConfigFile = paths.CONFIG) -> None:
    """Measure how far each style is from real faces, to results/styles/distance.csv, and from the others."""
    from ifrp.config import load
    from ifrp.styles.report import write

    typer.echo(write(load(config)))


@app.command()
def train(style: StyleName, config: ConfigFile = paths.CONFIG) -> None:
    """Train the style network of one artwork on the warped training faces, to models/styles/."""
    from ifrp.config import load
    from ifrp.styles.training import write

    typer.echo(write(load(config), style))


@app.command()
def sheet(config: ConfigFile = paths.CONFIG, faces: int = 2) -> None:
    """Show every artwork and a few test faces in every style, to results/styles/sample-sheet.png."""
    from ifrp.config import load
    from ifrp.styles.sheet import write

    typer.echo(write(load(config), faces))
