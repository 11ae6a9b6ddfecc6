"""Documents: the text in `paper/`, with tables, figures and numbers of a run, printed by Typst."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ifrp import paths
from ifrp.artifacts import atomic, card, require
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper.documents import find


def write(config: Config, document: str) -> None:
    """Prints one document as PDF.

    Its text finds in `sys.inputs` the path of its numbers, and the names of the tables and figures that there are.

    Raises:
        IfrpError: there is no such document, what it shows has not been made, or its text does not compile.
    """
    import typst

    content = find(document)
    text, target = paths.text(document), paths.document(document)
    tables, figures = content.tables(config), content.figures(config)
    used = [*sorted(text.parent.glob("*.typ")), paths.numbers(document)]
    used += [paths.table(name, "typ") for name in tables] + [paths.figure(name) for name in figures]
    require(used)
    inputs = {
        "numbers": f"/{paths.numbers(document)}",
        "tables": json.dumps(tables),
        "figures": json.dumps(figures),
    }
    with card(target, inputs, config.seed, used), atomic(target) as new, _pictures(figures) as folder:
        try:
            typst.compile(
                str(text), output=str(new), root=str(Path.cwd()), ignore_system_fonts=True,
                sys_inputs={**inputs, "pictures": f"/{folder}"},
            )  # fmt: skip
        except typst.TypstError as error:
            raise IfrpError(f"{text} cannot be printed: {error}") from error


@contextmanager
def _pictures(figures: list[str]) -> Iterator[Path]:
    """The figures as JPEG in a folder that goes away: a document of PNGs of painted faces is ten times as large."""
    from PIL import Image

    with TemporaryDirectory(dir=paths.FIGURES.parent) as folder:
        for name in figures:
            with Image.open(paths.figure(name)) as picture:
                picture.convert("RGB").save(Path(folder, f"{name}.jpg"), quality=88)
        yield Path(folder)
