"""Verbs of `ifrp evaluation`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

if TYPE_CHECKING:
    from ifrp.config import Config
    from ifrp.recovery.recognisers.recogniser import Recogniser

app = typer.Typer(
    help="Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces.", no_args_is_help=True
)

Experiment = Annotated[str, typer.Argument(help="a name in recovery.experiments of the configuration")]
Evaluator = Annotated[
    str,
    typer.Option(help="the evaluator: a name in recovery.recognisers; evaluation.recogniser if not given"),
]


@app.command()
def quality(experiment: Experiment, config: ConfigFile = paths.CONFIG) -> None:
    """Compare every recovered face of an experiment with the true one: PSNR, SSIM, FSIM, FSIMc, ceilings of PSNR."""
    from ifrp.config import load
    from ifrp.evaluation.quality import write

    write(load(config), experiment)


@app.command()
def identity(experiment: Experiment, recogniser: Evaluator = "", config: ConfigFile = paths.CONFIG) -> None:
    """Look for the person of every recovered face among true faces (FRR, rank 1) and across styles (FCR)."""
    from ifrp.evaluation.identity import write

    loaded, name, evaluator = _evaluator(config, recogniser)
    write(loaded, experiment, name, evaluator)


@app.command()
def distractors(recogniser: Evaluator = "", config: ConfigFile = paths.CONFIG) -> None:
    """Embed all training faces: people to be mistaken for, in the gallery where faces are looked for."""
    from ifrp.evaluation.distractors import write

    write(*_evaluator(config, recogniser))


@app.command()
def exposure(config: ConfigFile = paths.CONFIG) -> None:
    """Compare how light portraits are with how light their faces are, style by style."""
    from ifrp.config import load
    from ifrp.evaluation.exposure import write

    write(load(config))


@app.command()
def yardsticks(config: ConfigFile = paths.CONFIG) -> None:
    """Score blurs of the true faces, and the mean training face, to tell what a score is worth."""
    from ifrp.evaluation.yardsticks import write

    write(*_evaluator(config))


@app.command()
def folders(
    recovered: Annotated[Path, typer.Argument(help="folder, zip archive or .npy stack of recovered faces")],
    true: Annotated[Path, typer.Argument(help="the same of true faces, with the same names")],
    output: Annotated[Path, typer.Option(help="table of scores, one row per name")] = Path("scores.csv"),
    recogniser: Evaluator = "",
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Compare the faces of two folders by name: quality, likeness, and the rank of the true face."""
    from ifrp.evaluation.folders import write

    loaded, _, evaluator = _evaluator(config, recogniser)
    typer.echo(write(loaded, evaluator, recovered, true, output))


@app.command()
def summary(experiment: Experiment, config: ConfigFile = paths.CONFIG) -> None:
    """Gather the means of an experiment's scores in one table, with 95 % intervals over people."""
    from ifrp.config import load
    from ifrp.evaluation.summary import write

    write(load(config), experiment)


def _evaluator(config: Path, name: str = "") -> tuple[Config, str, Recogniser]:
    from ifrp.config import load as load_config
    from ifrp.recovery.recognisers.recogniser import load
    from ifrp.runtime import device

    loaded = load_config(config)
    name = name or loaded.evaluation.recogniser
    return loaded, name, load(loaded, name, device(loaded.runtime))
