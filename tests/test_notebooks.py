"""The notebooks run from top to bottom, and are kept without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
import results_tree
from nbclient import NotebookClient

from ifrp.paper import FIGURES, TABLES, figures, tables

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_tidy(path: Path) -> None:
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(book)
    for cell in book.cells:
        assert cell.source.strip()
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_results_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    results_tree.train(config)
    results_tree.score(config)
    for table in TABLES:
        tables.write(config, table)
    for figure in FIGURES:
        figures.write(config, figure)
    (tmp_path / "notebooks").mkdir()
    book = nbformat.read(NOTEBOOKS[0], as_version=4)  # type: ignore[no-untyped-call]
    where = {"metadata": {"path": str(tmp_path / "notebooks")}}
    NotebookClient(book, timeout=120, kernel_name="python3", resources=where).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in data for data in shown) == len(FIGURES)
    text = "".join(data.get("text/markdown", "") + data.get("text/html", "") for data in shown)
    for expected in ("26.08", "Cost of training", *config.recovery.experiments):
        assert expected in text
