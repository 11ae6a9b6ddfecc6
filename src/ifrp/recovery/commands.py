"""Verbs of `ifrp recovery`."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Train a method on SF/RF pairs, and turn portraits back into faces.", no_args_is_help=True
)


@app.callback()
def _group() -> None: ...


def recover() -> None:
    """Recover faces from portraits: a picture, a folder or a stack."""
