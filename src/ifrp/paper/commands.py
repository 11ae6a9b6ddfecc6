"""Verbs of `ifrp paper`."""

from __future__ import annotations

import typer

app = typer.Typer(help="Tables and figures, made from artifacts alone.", no_args_is_help=True)
