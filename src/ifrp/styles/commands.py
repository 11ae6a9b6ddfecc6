"""Verbs of `ifrp styles`."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Artworks, style distance, and one feed-forward style network per artwork.", no_args_is_help=True
)
