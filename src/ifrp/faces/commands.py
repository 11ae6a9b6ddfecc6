"""Verbs of `ifrp faces`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

if TYPE_CHECKING:
    from ifrp.config import Config

app = typer.Typer(
    help="Real faces (RF): download or render, crop, split by person, warp.", no_args_is_help=True
)


@app.command()
def render(config: ConfigFile = paths.CONFIG) -> None:
    """Render the people of the embedded source, to data/source/rendered.npy."""
    from ifrp.faces.rendered import write

    typer.echo(write(_with_faces(config)))


@app.command()
def download(config: ConfigFile = paths.CONFIG) -> None:
    """Download CelebA, or check the copy that is there, in the folder of faces.celeba."""
    from ifrp.faces.celeba import write

    typer.echo(write(_with_faces(config)))


@app.command()
def prepare(config: ConfigFile = paths.CONFIG) -> None:
    """Align, warp and split the faces of the configured source, to data/faces/."""
    from ifrp.faces.prepare import write

    typer.echo(write(_with_faces(config)))


@app.command()
def warp(
    name: Annotated[str, typer.Argument(help="a name in faces.warps")], config: ConfigFile = paths.CONFIG
) -> None:
    """Misalign the training faces otherwise, for an ablation, to data/faces/."""
    from ifrp.config import load
    from ifrp.faces.prepare import write_warp

    typer.echo(write_warp(load(config), name))


def _with_faces(path: Path) -> Config:
    """A configuration whose source has as many faces as it asks for, as far as that is known before it is opened."""
    from ifrp.config import load
    from ifrp.config.checking import records

    loaded = load(path)
    records(loaded)
    return loaded
