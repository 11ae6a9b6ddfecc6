"""Verbs of `ifrp paper`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

app = typer.Typer(help="Tables and figures, made from artifacts alone.", no_args_is_help=True)
Document = Annotated[str, typer.Argument(help="paper, or ablations")]


@app.command()
def table(
    name: Annotated[str, typer.Argument(help="as in docs/paper.md, or one of paper.ablations")],
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Write a table as CSV, Markdown, TeX, Typst and HTML: published value, ours, difference."""
    from ifrp.config import load
    from ifrp.paper import tables

    loaded = load(config)
    tables.find(loaded, name).write(loaded)


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help="as in docs/paper.md, or one of paper.ablations")],
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Draw a figure as PNG and PDF."""
    from ifrp.config import load
    from ifrp.paper import figures

    loaded = load(config)
    figures.find(loaded, name).write(loaded)


@app.command()
def numbers(
    document: Document = "paper",
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Collect every number that a document may quote."""
    from ifrp.config import load
    from ifrp.paper.documents.numbers import write

    write(load(config), document)


@app.command()
def pdf(
    document: Document = "paper",
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Print a document, with its tables, figures and numbers."""
    from ifrp.config import load
    from ifrp.paper.documents.printing import write

    write(load(config), document)


@app.command()
def notebook(
    name: Annotated[str, typer.Argument(help="a file in notebooks/, without its ending")],
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Run a notebook from the top and keep it as a page, with what it shows."""
    from ifrp.paper.documents.notebooks import write

    write(config, name)


@app.command()
def crate(
    output: Annotated[Path, typer.Option(help="the zip archive")] = Path("results/crate.zip"),
    published: Annotated[
        str | None, typer.Option("--date", help="the day of publication that it names [default: today]")
    ] = None,
    config: ConfigFile = paths.CONFIG,
) -> None:
    """Pack a finished run and the workflow that made it into one archive, an RO-Crate."""
    from ifrp.config import load
    from ifrp.paper.archive.crate import write

    typer.echo(write(load(config), output, published))


@app.command()
def quote(
    pages: Annotated[
        list[Path] | None, typer.Argument(help="Markdown files; by default README.md and those of docs/")
    ] = None,
    into: Annotated[Path, typer.Option(help="folder for the tables and numbers that the pages show")] = Path(
        "docs/results/default"
    ),
) -> None:
    """Bring the numbers and tables in pages up to date with the last run."""
    from ifrp.paper.documents.quotes import refresh

    refresh(pages or [Path("README.md"), *sorted(Path("docs").glob("*.md"))], into)
