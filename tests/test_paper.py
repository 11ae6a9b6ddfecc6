"""What tables and figures declare of themselves."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import results_tree

from ifrp import paths
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper import documents, figures, tables
from ifrp.paper.figures import ablation
from ifrp.paper.figures.figure import Figure
from ifrp.paper.part import Part
from ifrp.paper.tables.table import Table
from ifrp.workflow import code

PARTS: list[Table | Figure] = [*tables.every().values(), *figures.every().values()]


def test_declarations_are_read_without_heavy_imports() -> None:
    check = """
import sys
import ifrp.paper.commands
from ifrp.paper import documents, figures, tables
tables.every(), figures.every()
sys.exit(bool({"torch", "matplotlib", "pandas", "numpy"} & {*sys.modules}))
"""
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize(("package", "what"), [(tables, "TABLES"), (figures, "FIGURES")])
def test_every_declaration_is_listed(package: ModuleType, what: str) -> None:
    found = Path(str(package.__file__)).parent.glob("*.py")
    declaring = {path.stem for path in found if f"\n{what} = (" in path.read_text()}
    assert declaring == set(package.MODULES)
    for name, part in package.every().items():
        assert part in getattr(sys.modules[part.module], what), (
            f"{name} says that it is declared in {part.module}"
        )


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_the_code_of_a_table_or_figure_is_that_of_no_other(part: Part) -> None:
    kind = type(part).__name__.lower()
    found = code.sources("paper", kind, part.module)
    places = {
        of.module.removeprefix("ifrp.").replace(".", "/") + ".py" for of in PARTS if type(of) is type(part)
    }
    assert places & {*found} == {part.module.removeprefix("ifrp.").replace(".", "/") + ".py"}
    assert f"paper/{kind}s/{kind}.py" in found


OPENED: list[str] | None = None  # files that were opened since it was a list; a hook stays for good


def _note(event: str, given: tuple[object, ...]) -> None:
    if OPENED is not None and event == "open" and isinstance(given[0], str | Path):
        OPENED.append(str(given[0]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """The tree with all its results, and the working directory in it."""
    root = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        config = results_tree.complete(root)
        table: dict[str, dict[str, str | None]] = {"training-styles": {"3-styles": "ifrp"}}
        shown = dataclasses.replace(config.paper, ablations=table, seeds={"ifrp": ("ifrp", "faced")})
        sys.addaudithook(_note)
        yield dataclasses.replace(config, paper=shown)


ASKED = [part for part in PARTS if part.document == "paper" and part.name != "own"]
ASKED += [tables.every()["training-styles"], ablation.figure("training-styles"), tables.every()["seeds"]]


@pytest.mark.parametrize("part", ASKED, ids=lambda part: f"{type(part).__name__} {part.name}")
def test_what_is_read_was_declared(part: Table | Figure, made: Config) -> None:
    """Otherwise the workflow would not make it again when that changes."""
    global OPENED
    OPENED = []
    try:
        part.write(made)
    finally:
        opened, OPENED = OPENED, None
    places = ("data/", "models/", "results/", str(paths.PUBLISHED))
    read = {path for path in opened if path.startswith(places) and not path.startswith(str(paths.PAPER))}
    assert read <= set(part.files(made))
    assert all(path.exists() for path in part.products())


def test_unknown_names_and_missing_inputs_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    with pytest.raises(IfrpError, match="There is no figure nothing; there are teaser"):
        figures.find(config, "nothing")
    with pytest.raises(IfrpError, match="There is no table nothing; there are quality"):
        tables.find(config, "nothing")
    with pytest.raises(IfrpError, match=r"no table rotation in paper\.ablations"):
        tables.find(config, "rotation").write(config)
    with pytest.raises(IfrpError, match="there are paper, ablations"):
        documents.find("letter")
    with pytest.raises(IfrpError, match=re.escape("summary.csv does not exist")):
        tables.find(config, "quality").write(config)
    with pytest.raises(IfrpError, match=re.escape("retrieval.csv does not exist")):
        figures.find(config, "retrieval").write(config)
