"""The notebooks run from top to bottom, and are kept without outputs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
import results_tree
import yaml

from ifrp import paths
from ifrp.config import plain
from ifrp.errors import IfrpError
from ifrp.paper import notebook, tables
from ifrp.paper.documents import notebooks

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


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
    tables.find(config, "quality").write(config)
    paths.numbers("paper").write_text("{}")
    paths.CONFIG.write_text(yaml.safe_dump(plain(config)))
    shutil.copytree(NOTEBOOKS[0].parent, tmp_path / "notebooks")
    page = executed("04-results")
    assert page.count("data:image/jpeg") >= 1
    for expected in ("26.08", *config.recovery.experiments):  # PSNR of IFRP in Table 2
        assert expected in page


def executed(name: str) -> str:
    """Runs a notebook; the page must ask for nothing from elsewhere."""
    notebooks.write(paths.CONFIG, name)
    page = paths.executed(name).read_text()
    assert not re.search(r"""(src|href)=["']https?:""", page)
    return page


def test_your_portrait_needs_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("notebooks", "config", "src/ifrp/examples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    paths.numbers("paper").parent.mkdir(parents=True)
    paths.numbers("paper").write_text("{}")
    assert executed("05-your-portrait").count('src="data:image/png') == 4


def test_your_portrait_says_where_to_find_the_project_if_it_is_not_installed() -> None:
    book = nbformat.read(NOTEBOOKS[-1], as_version=4)  # type: ignore[no-untyped-call]
    first = next(cell.source for cell in book.cells if cell.cell_type == "code")
    assert first.startswith('REPOSITORY = ""\n')
    assert {
        "constraints.txt",
        "src/ifrp/examples",
        "src/ifrp/weights",
    } <= tracked()  # what it needs of a clone


def tracked() -> set[str]:
    """Files of the repository, and their folders."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [Path(line) for line in listed.splitlines()]
    return {str(path) for file in files for path in (file, *file.parents)}


@pytest.mark.parametrize(
    ("values", "key", "sentence"),
    [
        ([5, 6, 7], 3, "There is no face 3: choose from 0 to 2."),
        ([5, 6, 7], -1, "There is no face -1: choose from 0 to 2."),
        ({"oil": 1, "ink": 2}, "oils", "There is no face oils: choose from oil, ink."),
    ],
)
def test_what_is_not_there_is_one_sentence(values: Any, key: Any, sentence: str) -> None:
    with pytest.raises(IfrpError, match=f"^{re.escape(sentence)}$"):
        notebook.pick(values, key, "face")
    assert notebook.pick([5, 6, 7], 2, "face") == 7
    assert notebook.pick({"oil": 1, "ink": 2}, "ink", "style") == 2


def test_a_notebook_shows_an_error_of_ours_as_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.run_cell("from ifrp.errors import IfrpError\nraise IfrpError('There is no style oils.')")
    assert capsys.readouterr().out.strip() == "There is no style oils."


def test_a_notebook_outside_the_project_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IfrpError, match="open the notebook in the project"):
        notebook.begin()


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
