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
    """Write a trained model in half precision into the package, for others to use."""
    from ifrp.recovery.release import release as run

    run(experiment)


def export(
    model: Annotated[
        str, typer.Argument(help="ifrp-plus or small, a model file, or an experiment that was trained here")
    ],
    output: Annotated[Path, typer.Option(help="file for onnx, folder for huggingface")],
    form: Annotated[str, typer.Option("--format", help="onnx, or huggingface")] = "onnx",
) -> None:
    """Write a model for other runtimes: an ONNX graph, or a folder as on the Hugging Face hub."""
    from ifrp.errors import IfrpError
    from ifrp.recovery.export import FORMATS

    if form not in FORMATS:
        raise IfrpError(f"--format {form} is none of {', '.join(FORMATS)}.")
    FORMATS[form](model, output)


def demo(
    model: Annotated[
        str, typer.Option(help="ifrp-plus or small, a model file (.safetensors), or a released experiment")
    ] = "ifrp-plus",
    host: Annotated[
        str, typer.Option(help="address to listen at; 0.0.0.0 lets others on the network use the page")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="to listen at [default: the first free one from 7860]"),
    ] = None,
    browser: Annotated[bool, typer.Option(help="open the page in the browser")] = True,
) -> None:
    """Open a page in the browser that recovers the face of a picture; nothing leaves this machine."""
    from ifrp.recovery.demo.serve import serve

    serve(model, host, port, browser=browser)


def recover(
    pictures: Annotated[
        list[Path] | None,
        typer.Argument(
            help="pictures, folders or zip archives of pictures, or .npy stacks of faces", metavar="PATH…"
        ),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="the four portraits that come with ifrp")
    ] = False,
    model: Annotated[
        str,
        typer.Option(
            help="ifrp-plus or small, a model file (.safetensors), or an experiment that was trained here"
        ),
    ] = "ifrp-plus",
    output: Annotated[Path, typer.Option(help="folder for the recovered faces, as PNG")] = Path("recovered"),
    aligned: Annotated[
        bool,
        typer.Option(
            "--aligned", help="the pictures are faces already, cropped as the model's training faces were"
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="recover each face of a picture, not the largest alone")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="write portrait and face side by side, too")
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option(help="CSV file: where each face was and how surely, and what was skipped and why"),
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.safetensors",
            help="the portraits are of one kind: adapt the model to them first, and keep it in this file, for others of the kind",
        ),
    ] = None,
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Recover the faces of portraits: each is found in its picture, and what was recovered is written as PNG."""
    from ifrp.recovery.recover import recover as run

    portraits = [*(pictures or ()), *([paths.EXAMPLES] if example else ())]
    run(
        portraits, model, output, config,
        aligned=aligned, every=every, compare=compare, table=table, calibrated=calibrate,
    )  # fmt: skip
