"""Command-line options that every verb shares."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ifrp import portable
from ifrp.errors import IfrpError


def _settle(context: typer.Context, config: Path) -> Path:
    """Lets a verb of the workflow compute portably, if so configured, before it loads what computes.

    Commands outside the groups are for portraits of anybody's, and fast. What is wrong with the file the verb will say.
    """
    if context.parent is None or context.parent.parent is None:
        return config
    # Not at the top: it takes longer than all else that a command line begins with.
    from ifrp.config import load

    with suppress(IfrpError, OSError):
        if load(config, alone=True).runtime.portable:
            portable.settle()
    return config


ConfigFile = Annotated[
    Path,
    typer.Option(
        "--config",
        envvar="IFRP_CONFIG",
        help="configuration file; Snakemake sets it for its jobs",
        callback=_settle,
    ),
]
