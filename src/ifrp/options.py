"""Command-line options that every verb shares."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path,
    typer.Option("--config", envvar="IFRP_CONFIG", help="configuration file; Snakemake sets it for its jobs"),
]
