"""Verbs of `ifrp portraits`."""

from __future__ import annotations

from typing import Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

app = typer.Typer(
    help="Stylised faces (SF): every style network applied to the warped faces.", no_args_is_help=True
)


@app.command()
def make(
    split: Annotated[str, typer.Argument(help="train, val or test")],
    style: Annotated[str, typer.Argument(help="name of a style in the style table")],
    warp: Annotated[
        str | None, typer.Option(help="faces misaligned otherwise: a name in faces.warps")
    ] = None,
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Turn the warped faces of one split into portraits of one style, to data/portraits/."""
    from ifrp.config import load
    from ifrp.portraits.stylise import write

    typer.echo(write(load(config), split, style, warp))


@app.callback()
def _group() -> None:
    """Keeps `make` a verb of its own while it is the only one."""
