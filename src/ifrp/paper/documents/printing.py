"""Documents: the text in `paper/`, with tables, figures and numbers of a run, printed by Typst."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ifrp import paths
from ifrp.artifacts import atomic, require, scratch
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper.documents import find, photographs
from ifrp.provenance import card


def write(config: Config, document: str) -> None:
    """Prints one document as PDF.

    Its text finds in `sys.inputs` the path of its numbers, the names of the tables that there are, the names and source files of
    the figures, and the folder of what is made for the print alone.

    Raises:
        IfrpError: there is no such document, what it shows has not been made, or its text does not compile.
    """
    import typst

    content = find(document)
    text, target = paths.text(document), paths.document(document)
    tables, figures = content.tables(config), content.sources(config)
    used = [*paths.texts(), paths.numbers(document), *content.kept]
    used += [paths.table(name, "typ") for name in tables] + [paths.figure(name) for name in figures]
    require(used)
    inputs = {
        "numbers": f"/{paths.numbers(document)}",
        "tables": json.dumps(tables),
        "figures": json.dumps(figures),
    }
    with card(target, inputs, config.seed, used), atomic(target) as new, _material(figures) as folder:
        if content.kept:
            photographs.write(folder)
        try:
            typst.compile(
                str(text), output=str(new), root=str(Path.cwd()), ignore_system_fonts=True,
                sys_inputs={**inputs, "material": f"/{folder}"},
            )  # fmt: skip
        except typst.TypstError as error:
            raise IfrpError(f"{text} cannot be printed: {error}") from error


@contextmanager
def _material(figures: Iterable[str]) -> Iterator[Path]:
    """The figures as JPEG in a folder that goes away: a document of PNGs of painted faces is ten times as large."""
    from PIL import Image

    with scratch(paths.PAPER / "material") as folder:
        for name in figures:
            with Image.open(paths.figure(name)) as picture:
                picture.convert("RGB").save(folder / f"{name}.jpg", quality=80)
        yield folder
