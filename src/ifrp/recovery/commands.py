"""Verbs of `ifrp recovery`, and `ifrp recover`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

app = typer.Typer(
    help="Train a method on SF/RF pairs, and turn portraits back into faces.", no_args_is_help=True
)


@app.callback()
def _group() -> None: ...


@app.command()
def recogniser(
    name: Annotated[str, typer.Argument(help="a name in recovery.recognisers")],
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Train a face recogniser on the training people, or take over published weights."""
    from ifrp.config import load
    from ifrp.recovery.recognisers.training import make

    make(load(config), name)


@app.command()
def train(
    experiment: Annotated[str, typer.Argument(help="a name in recovery.experiments")],
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Train an experiment; interrupted, the same command goes on from the last checkpoint."""
    from ifrp.config import load
    from ifrp.recovery.training.experiment import train as run

    run(load(config), experiment)


@app.command()
def apply(
    experiment: Annotated[str, typer.Argument(help="a name in recovery.experiments")],
    styles: Annotated[
        list[str] | None, typer.Argument(help="styles whose test portraits are there [default: all]")
    ] = None,
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Recover the test portraits of all styles, or of some, with a trained experiment."""
    from ifrp.config import load
    from ifrp.recovery.apply import apply as run

    run(load(config), experiment, styles or ())


@app.command()
def release(
    experiment: Annotated[str, typer.Argument(help="a trained name in recovery.experiments")],
) -> None:
    """Write a trained model in half precision to models/released/, for others to use."""
    from ifrp.recovery.release import release as run

    run(experiment)


def recover(
    pictures: Annotated[
        list[Path], typer.Argument(help="pictures, folders of pictures, or .npy stacks", metavar="PATH…")
    ],
    model: Annotated[
        str,
        typer.Option(help="a model file (.safetensors), a trained experiment, or a name in models/released"),
    ] = str(paths.MODEL),
    output: Annotated[Path, typer.Option(help="folder for the recovered faces, as PNG")] = Path("recovered"),
    find: Annotated[
        bool,
        typer.Option(
            "--find",
            help="find the face in each picture (not in stacks); without it, pictures are faces already",
        ),
    ] = False,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.safetensors",
            help="the portraits are of one kind: adapt the model to them first, and keep it in this file, for others of the kind",
        ),
    ] = None,
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Recover faces from portraits: pictures, folders or stacks."""
    from ifrp.recovery.recover import recover as run

    run(pictures, model, output, config, find, calibrate)
