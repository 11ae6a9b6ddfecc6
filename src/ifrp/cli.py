"""The command line: `ifrp <group> <verb>`, one group per name, and what belongs to none of them."""

from __future__ import annotations

import io
import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ifrp import paths
from ifrp.errors import FULL, IfrpError, sentence
from ifrp.evaluation.commands import app as evaluation
from ifrp.faces.commands import app as faces
from ifrp.options import ConfigFile
from ifrp.paper.commands import app as paper
from ifrp.portraits.commands import app as portraits
from ifrp.recovery.commands import app as recovery
from ifrp.recovery.commands import demo, export, recover
from ifrp.styles.commands import app as styles

STOPPED = 130
"""exit code that typer makes of a KeyboardInterrupt"""
NO_READER = 1
"""exit code that typer makes of a pipe that nobody reads"""
app = typer.Typer(
    name="ifrp",
    help="Recover photorealistic faces from stylised portraits, and make the whole paper about it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _name, _group in (
    ("faces", faces),
    ("styles", styles),
    ("portraits", portraits),
    ("recovery", recovery),
    ("evaluation", evaluation),
    ("paper", paper),
):
    app.add_typer(_group, name=_name)
app.command()(recover)
app.command()(export)
app.command()(demo)


@app.command()
def why(
    file: Annotated[Path, typer.Argument(help="any artifact: a figure, a table, a model, a stack")],
    check: Annotated[
        bool,
        typer.Option("--check", help="recompute the hashes of all files; say what has changed, packages too"),
    ] = False,
) -> None:
    """Print where a file comes from: each step back to the source, with its command and settings."""
    from ifrp.why import drifted, faults, released, report

    if not check:
        for line in report(file):
            typer.echo(line)
        return
    sentences = list(dict.fromkeys(faults(file)))
    for line in [*sentences, *drifted(file)]:
        typer.echo(line)
    if sentences and released(file):
        raise IfrpError(
            f"{file} is not the file that was released: get it again with `git checkout -- {file}`."
        )
    if sentences:
        raise IfrpError(
            f"{file} is not what the files at hand would give: run `snakemake --cores all {file}`."
        )
    if released(file):
        typer.echo(f"{file} is as it was released; what it was made from stayed where it was trained.")
        return
    typer.echo(f"{file} and all that it was made from are as they were.")


@app.command()
def check(
    config: ConfigFile = paths.CONFIG,
    reference: Annotated[
        bool,
        typer.Option(
            "--reference",
            help="say instead, after a run, whether its files are those of the run in docs/results/default",
        ),
    ] = False,
) -> None:
    """Say whether a configuration can run, what that takes (faces, disk, rough time), and what is wrong or missing.

    As `snakemake --configfile`, it lays the file over config/config.yaml.
    """
    if reference:
        _compare_with_reference()
        return
    from ifrp.config import read
    from ifrp.config.checking import RUN, faults
    from ifrp.forecast import Forecast
    from ifrp.paper.documents import DOCUMENTS
    from ifrp.workflow.run import resolve

    ours = paths.CONFIG.exists() and config.exists() and config.samefile(paths.CONFIG)
    given = resolve({} if ours else read(config), by=str(config))
    wrong = list(faults(given, (*RUN, *(document.products for document in DOCUMENTS.values()))))
    for line in map(str, wrong or Forecast(given).lines()):
        typer.echo(line)
    if wrong:
        raise IfrpError(f"{config} cannot run: mend what is above.")
    typer.echo(
        f"It can run: `snakemake --cores all{'' if ours else f' --configfile {shlex.quote(str(config))}'}`."
    )


def _compare_with_reference() -> None:
    from ifrp.reference import compare, read

    found = compare(read())
    if not found.same and not found.different:
        raise IfrpError("There is no run here to compare: run `snakemake --cores all` first.")
    for line in found.lines():
        typer.echo(line)
    if not found.reproduced:
        raise IfrpError(
            f"this is not the run in {paths.REFERENCE.parent}; what is above says where it begins to differ."
        )


def main() -> None:
    """Entry point: turns an `IfrpError`, and what a file system refuses, into one sentence and exit code 2."""
    _prepare_streams()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # at its own end, Python would complain with a traceback
    except BrokenPipeError:
        _hush()
        sys.exit(NO_READER)
    except IfrpError as error:
        sys.exit(_complain(str(error)))
    except OSError as error:
        _hush()
        unnamed = Path("standard output") if error.errno in FULL else None  # every full disk has a name
        sys.exit(_complain(sentence(error, unnamed)))
    except ModuleNotFoundError as error:
        if (error.name or "ifrp").startswith("ifrp"):
            raise
        extra = "demo" if error.name == "gradio" else "paper"
        sys.exit(
            _complain(
                f"this needs {error.name}: install the package with its extra, `pip install 'ifrp[{extra}]'`."
            )
        )
    except SystemExit as end:
        if end.code == STOPPED:
            _complain("stopped; run the same command again to go on.")
        raise


def _prepare_streams() -> None:
    """Lets file names that are not UTF-8 be printed, and what is printed go nowhere where a stream is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - until the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _hush() -> None:
    """Lets what standard output still holds go nowhere if it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str) -> int:
    with suppress(OSError):
        sys.stderr.write(f"ifrp: {message}\n")
    return 2


if __name__ == "__main__":
    main()
