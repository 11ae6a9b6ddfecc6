"""Verbs of `ifrp evaluation`."""

from __future__ import annotations

from typing import Annotated

import typer

from ifrp import config as settings
from ifrp import paths
from ifrp.options import ConfigFile

app = typer.Typer(
    help="Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces.", no_args_is_help=True
)

Experiment = Annotated[str, typer.Argument(help="a name in recovery.experiments of the configuration")]


@app.command()
def quality(experiment: Experiment, config: ConfigFile = paths.CONFIG) -> None:
    """Compare every recovered face of an experiment with the true one: PSNR, SSIM, FSIM, FSIMc."""
    from ifrp.evaluation.quality import write

    write(settings.load(config), experiment)


@app.command()
def identity(
    experiment: Experiment,
    recogniser: Annotated[
        str,
        typer.Option(help="who judges: a name in recovery.recognisers; evaluation.recogniser if not given"),
    ] = "",
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Look for the person of every recovered face among the true faces (FRR) and across styles (FCR)."""
    from ifrp.evaluation.identity import write
    from ifrp.recovery.recogniser import load
    from ifrp.runtime import device

    loaded = settings.load(config)
    name = recogniser or loaded.evaluation.recogniser
    write(loaded, experiment, name, load(loaded, name, device(loaded.runtime)))


@app.command()
def yardsticks(config: ConfigFile = paths.CONFIG) -> None:
    """Score blurs of the true faces, and the mean training face, to tell what a score is worth."""
    from ifrp.evaluation.yardsticks import write
    from ifrp.recovery.recogniser import load
    from ifrp.runtime import device

    loaded = settings.load(config)
    name = loaded.evaluation.recogniser
    write(loaded, name, load(loaded, name, device(loaded.runtime)))


@app.command()
def summary(experiment: Experiment, config: ConfigFile = paths.CONFIG) -> None:
    """Gather the means of an experiment's scores in one table, with 95 % intervals over people."""
    from ifrp.evaluation.summary import write

    write(settings.load(config), experiment)
