"""Snakemake and DVC in step, whatever happens to the files, the parameters or the processes."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from workflow_project import Project

KEPT = "models/recovery/ifrp.safetensors"


def changed(project: Project) -> set[str]:
    """The stages that `dvc status` names."""
    return set(json.loads(project.dvc("status", "--json")))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy with all its artifacts, made by DVC."""
    found = Project(tmp_path / "project")
    found.dvc("repro", "--quiet")
    return found


def test_a_parameter_reruns_the_same_under_both(project: Project) -> None:
    project.edit(evaluation={"top": 3})
    assert {job.split("_")[0] for job in project.pending()} == {"evaluation", "paper"}
    assert changed(project) == {"evaluation"}  # and what follows from its results, when they are there
    told = project.dvc("repro")
    assert {name for name in ("faces", "styles", "portraits", "recovery", "evaluation", "paper")
            if f"Running stage '{name}'" in told} == {"evaluation", "paper"}  # fmt: skip
    assert project.pending() == set()
    assert changed(project) == set()


def test_a_parameter_changed_and_changed_back(project: Project) -> None:
    before = (project.root / "results/paper/tables/quality.csv").read_text()
    project.edit(evaluation={"top": 3})
    project.dvc("repro", "--quiet")
    assert (project.root / "results/paper/tables/quality.csv").read_text() != before
    project.edit(evaluation={"top": 5})
    told = project.dvc("repro")
    assert "is cached - skipping run" in told
    assert (project.root / "results/paper/tables/quality.csv").read_text() == before
    assert project.pending() == set()
    project.edit(evaluation={"top": 4})
    assert "evaluation_identity ifrp judge" in project.pending()


def test_a_clone_that_pulls_is_up_to_date(project: Project, tmp_path: Path) -> None:
    project.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    project.dvc("push", "--quiet")
    clone = project.clone(tmp_path / "clone")
    clone.dvc("pull", "--quiet")
    assert "up to date" in clone.dvc("status")
    assert clone.pending() == set()
    assert clone.dvc("repro").count("didn't change, skipping") == 6
    assert (clone.root / KEPT).read_text() == (project.root / KEPT).read_text()


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name
)
@pytest.mark.parametrize("tool", [("snakemake",), ("dvc", "repro")], ids=lambda tool: tool[0])
def test_a_killed_run_goes_on(tmp_path: Path, tool: tuple[str, ...], number: signal.Signals) -> None:
    """What docs/known-issues.md says: `snakemake --unlock`, and the same command again."""
    found = Project(tmp_path)
    found.kill(found.start(*tool, slow="evaluation summary"), number)
    finished = (found.root / KEPT).read_text()
    found.make("--unlock")
    done = found.run(*tool)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (found.root / KEPT).read_text() == finished
    assert found.pending() == set()
    assert changed(found) == set()


@pytest.mark.parametrize("second", [("snakemake",), ("dvc", "repro")], ids=lambda tool: tool[0])
def test_a_second_run_says_that_there_is_a_first(tmp_path: Path, second: tuple[str, ...]) -> None:
    found = Project(tmp_path)
    first = found.start("snakemake", slow="evaluation summary")
    try:
        done = found.run(*second)
    finally:
        found.kill(first, signal.SIGKILL)
    assert done.returncode != 0
    assert "cannot be locked" in done.stdout + done.stderr


@pytest.mark.parametrize("name", [KEPT, "results/paper/tables/quality.md"])
@pytest.mark.parametrize("damage", ["edited", "truncated", "gone"])
def test_damage_is_noticed_by_both(project: Project, name: str, damage: str) -> None:
    project.make()  # both know of these files
    path = project.root / name
    before = path.read_text()
    if damage == "gone":
        path.unlink()
    else:
        path.write_text("other" if damage == "edited" else before[:5])
    assert changed(project)
    maker = "recovery_train ifrp" if name == KEPT else "paper_table quality"
    assert maker in project.pending()
    project.make()
    assert path.read_text() not in ("other", before[:5])
    assert project.pending() == set()
    assert changed(project) == set()


def test_a_touched_file_is_not_damage(project: Project) -> None:
    project.make()
    path = project.root / "results/paper/tables/quality.md"
    path.write_text(path.read_text())
    assert project.pending() == set()
