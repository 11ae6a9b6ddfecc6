"""Snakemake and DVC in step, whatever happens to the files, the parameters or the processes."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from workflow_project import Project

KEPT = "models/recovery/ifrp.safetensors"


def changed(project: Project) -> set[str]:
    """The stages that `dvc status` names."""
    return set(json.loads(project.dvc("status", "--json")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with all its artifacts, of which both know."""
    found = Project(tmp_path_factory.mktemp("step") / "project")
    assert "DVC has recorded the results" in found.make()
    return found


def test_a_parameter_changed_and_changed_back(made: Project) -> None:
    """Both rerun the same; what DVC's run cache restores is right for Snakemake, and not for other parameters."""
    table, top = made.root / "results/paper/tables/quality.csv", made.configuration()["evaluation"]["top"]
    before = table.read_text()
    made.edit(evaluation={"top": top + 1})
    assert {job.split("_")[0] for job in made.pending()} == {"evaluation", "paper"}
    assert changed(made) == {"evaluation"}  # and what follows from its results, when they are there
    told = made.dvc("repro")
    assert re.findall(r"Running stage '(\w+)'", told) == ["evaluation", "paper"]
    assert made.pending() == set()
    assert table.read_text() != before
    made.edit(evaluation={"top": top})
    assert "is cached - skipping run" in made.dvc("repro")
    assert table.read_text() == before
    assert made.pending() == set()
    made.edit(evaluation={"top": top + 2})
    assert "evaluation_identity ifrp judge" in made.pending()
    made.edit(evaluation={"top": top})


def test_a_clone_that_pulls_is_up_to_date(made: Project, tmp_path: Path) -> None:
    made.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    made.dvc("push", "--quiet")
    clone = made.clone(tmp_path / "clone")
    clone.dvc("pull", "--quiet")
    assert "up to date" in clone.dvc("status")
    assert clone.pending() == set()
    assert (clone.root / KEPT).read_text() == (made.root / KEPT).read_text()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (KEPT, "edited"),
        ("results/paper/tables/quality.md", "cut off"),
        ("results/paper/tables/quality.tex", "gone"),
    ],
)
def test_damage_is_noticed_by_both(made: Project, name: str, damage: str) -> None:
    made.make()
    path = made.root / name
    before = path.read_text()
    if damage == "gone":
        path.unlink()
    else:
        path.write_text("other" if damage == "edited" else before[:5])
    assert changed(made)
    assert ("recovery_train ifrp" if name == KEPT else "paper_table quality") in made.pending()
    made.make()
    assert path.read_text() not in ("other", before[:5])
    assert made.pending() == set()
    assert changed(made) == set()


def test_a_file_that_is_written_again_as_it_was_is_not_damage(made: Project) -> None:
    made.make()
    path = made.root / "results/paper/tables/quality.md"
    path.write_text(path.read_text())
    assert made.pending() == set()


@pytest.mark.parametrize(
    ("tool", "number"),
    [
        ("snakemake", signal.SIGINT),
        ("snakemake", signal.SIGTERM),
        ("snakemake", signal.SIGKILL),
        ("dvc", signal.SIGKILL),
    ],
)
def test_a_killed_run_goes_on(tmp_path: Path, tool: str, number: signal.Signals) -> None:
    """What docs/known-issues.md says: `snakemake --unlock`, and the same command again."""
    found = Project(tmp_path)
    command = {"snakemake": ("snakemake", "recovery"), "dvc": ("dvc", "repro", "recovery")}[tool]
    found.kill(found.start(*command, slow="recovery train"), number)
    finished = (found.root / "data/faces/train.npy").read_text()
    assert not (found.root / KEPT).exists()
    found.make("--unlock")
    done = found.run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (found.root / "data/faces/train.npy").read_text() == finished
    assert found.pending("recovery") == set()


@pytest.mark.parametrize("second", [("snakemake",), ("dvc", "repro")], ids=lambda tool: tool[0])
def test_a_second_run_says_that_there_is_a_first(tmp_path: Path, second: tuple[str, ...]) -> None:
    found = Project(tmp_path)
    first = found.start("snakemake", slow="faces render")
    try:
        done = found.run(*second)
    finally:
        found.kill(first, signal.SIGKILL)
    assert done.returncode != 0
    assert "cannot be locked" in done.stdout + done.stderr
