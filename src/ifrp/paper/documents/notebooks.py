"""Notebooks, executed: from `notebooks/` into the results, as pages with what they show."""

from __future__ import annotations

import os
from pathlib import Path

from ifrp import paths
from ifrp.artifacts import atomic
from ifrp.config import load
from ifrp.errors import IfrpError
from ifrp.provenance import card

OFFLINE = {"require_js_url": "", "mathjax_url": "", "mermaid_js_url": ""}
"""no libraries from the internet, which nbconvert's pages ask for if a notebook has formulas or diagrams"""


def write(config_file: Path, name: str) -> None:
    """Runs one notebook from the top, in the project's root and by a configuration, and keeps it as a page that opens offline.

    Raises:
        IfrpError: there is no such notebook, or a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbconvert import HTMLExporter

    seed = load(config_file).seed
    source, target = paths.notebook(name), paths.executed(name)
    if not source.exists():
        names = ", ".join(sorted(path.stem for path in source.parent.glob("*.ipynb")))
        raise IfrpError(f"There is no notebook {source}; there are {names}.")
    book = nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call]
    where = {"metadata": {"path": os.getcwd()}}
    client = NotebookClient(book, timeout=600, kernel_name="python3", resources=where, record_timing=False)
    with card(target, {}, seed, [source, paths.numbers("paper")]), atomic(target) as new:
        try:
            client.execute(env={**os.environ, "IFRP_CONFIG": str(config_file)})
        except CellExecutionError as error:
            raise IfrpError(f"{source} fails: {error.ename}: {error.evalue}") from error
        exporter = HTMLExporter(**OFFLINE)  # type: ignore[no-untyped-call]
        page, _ = exporter.from_notebook_node(book, {"metadata": {"name": name}})
        new.write_text(page)
