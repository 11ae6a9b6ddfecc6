"""The notebooks run from top to bottom, and are kept without outputs."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
import results_tree
import yaml

from ifrp import paths
from ifrp.config import plain
from ifrp.errors import IfrpError
from ifrp.paper import figures, tables
from ifrp.paper.documents import notebooks, numbers

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_tidy(path: Path) -> None:
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(book)
    for cell in book.cells:
        assert cell.source.strip()
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_a_cell_for_the_reader(path: Path) -> None:
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    turns = [i for i, cell in enumerate(book.cells) if cell.source.startswith("## Your turn")]
    assert [book.cells[i + 1].cell_type for i in turns] == ["code"]
    assert book.cells[turns[0] + 1].source.partition(" = ")[0].isupper()


def test_results_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    results_tree.train(config)
    results_tree.score(config)
    drawn = figures.of_document(config, "paper")
    for table in tables.of_document(config, "paper"):
        table.write(config)
    for figure in drawn:
        figure.write(config)
    numbers.write(config, "paper")
    paths.CONFIG.write_text(yaml.safe_dump(plain(config)))
    shutil.copytree(NOTEBOOKS[0].parent, tmp_path / "notebooks")
    notebooks.write(paths.CONFIG, "04-results")
    book = nbformat.read(paths.executed("04-results"), as_version=4)  # type: ignore[no-untyped-call]
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/jpeg" in data for data in shown) == len(drawn)
    text = "".join(data.get("text/markdown", "") + data.get("text/html", "") for data in shown)
    for expected in ("26.08", "Cost of training", *config.recovery.experiments):
        assert expected in text


def test_a_failing_cell_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("config", "notebooks", "results/paper"):
        Path(folder).mkdir(parents=True)
    paths.CONFIG.write_text("seed: 3\n")
    paths.numbers("paper").write_text("{}")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])  # type: ignore[no-untyped-call]
    nbformat.write(book, paths.notebook("broken"))  # type: ignore[no-untyped-call]
    with pytest.raises(IfrpError, match=r"broken\.ipynb fails: ZeroDivisionError"):
        notebooks.write(paths.CONFIG, "broken")
    assert not paths.executed("broken").exists()
    with pytest.raises(IfrpError, match="there are broken"):
        notebooks.write(paths.CONFIG, "lost")
