"""Verbs of `ifrp portraits`."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Stylised faces (SF): every style network applied to the warped faces.", no_args_is_help=True
)
