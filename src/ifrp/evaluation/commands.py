"""Verbs of `ifrp evaluation`."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces.", no_args_is_help=True
)
