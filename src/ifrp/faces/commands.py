"""Verbs of `ifrp faces`."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Real faces (RF): download or render, crop, split by person, warp.", no_args_is_help=True
)
