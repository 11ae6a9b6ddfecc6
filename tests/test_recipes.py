"""The recipes of CONTRIBUTING.md, followed in a copy of the project."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from workflow_project import ROOT, Project

from ifrp.config import merge

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def follow(project: Project, recipe: str) -> None:
    """Does what the blocks of a recipe say: new files, entries of the configuration, rows, replaced lines."""
    section = PAGE.split(f"### {recipe}\n")[1].split("\n### ")[0]
    blocks = re.findall(r"```(\w+)\n# (\S+)\n(.*?)```", section, flags=re.DOTALL)
    assert blocks
    for kind, name, text in blocks:
        path = project.root / name
        if kind == "python":
            path.write_text(text)
        elif kind == "yaml":
            path.write_text(
                yaml.safe_dump(merge(project.configuration(), yaml.safe_load(text)), sort_keys=False)
            )
        elif kind == "csv":
            path.write_text(path.read_text() + text)
        else:
            path.write_text(patched(path.read_text(), text.splitlines(keepends=True)))


def patched(content: str, lines: list[str]) -> str:
    """Replaces what a run of lines has before (- and blank) by what it has after (+ and blank)."""
    hunks, hunk = [], list[str]()
    for line in lines:
        if hunk and line[0] == "-" and hunk[-1][0] == "+":
            hunks.append(hunk)
            hunk = []
        hunk.append(line)
    for part in [*hunks, hunk]:
        before, after = ("".join(line[1:] for line in part if line[0] in (mark, " ")) for mark in "-+")
        assert before.rstrip("\n") in content, before
        content = content.replace(before.rstrip("\n"), after.rstrip("\n"), 1)
    return content


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with all its artifacts."""
    project = Project(tmp_path_factory.mktemp("recipes"))
    project.make()
    return project


@pytest.fixture
def fresh(made: Project) -> Iterator[Project]:
    """The same, and as it was afterwards."""
    changed = {path: path.read_text() for path in made.root.glob("src/ifrp/**/*.py")}
    changed |= {path: path.read_text() for path in made.root.glob("config/*")}
    yield made
    for path in made.root.glob("src/ifrp/**/*.py"):
        if path not in changed:
            path.unlink()
    for path, text in changed.items():
        if path.read_text() != text:
            path.write_text(text)


def run(project: Project, script: str) -> None:
    """Runs Python on the copy's own package; it must succeed."""
    done = project.run(sys.executable, "-c", script, PYTHONPATH=str(project.root / "src"))
    assert done.returncode == 0, done.stderr


def test_a_method(fresh: Project) -> None:
    follow(fresh, "A method")
    pending = fresh.pending()
    assert {job for job in pending if job.startswith("recovery")} == {
        "recovery_train line",
        "recovery_apply line",
    }
    assert {job for job in pending if job.startswith(("faces", "styles", "portraits"))} == set()
    script = (
        "import torch; from ifrp.recovery import methods; from ifrp.recovery.method import Batch, Clock\n"
        "cls = methods.find('line'); line = cls(cls.settings_class(), 32, ('a',)); x = torch.rand(2, 3, 32, 32)\n"
        "[update] = line.updates(Batch(x, x, torch.zeros(2), torch.zeros(2, 2, 3)), Clock(0, 0, 1)); update.loss.backward()\n"
        "assert line.recover(x).shape == x.shape and line.networks['generator'].weight.grad is not None"
    )
    run(fresh, script)


def test_an_ablation(fresh: Project) -> None:
    follow(fresh, "An ablation")
    assert fresh.pending() == set()
    pending = fresh.pending("results/paper/tables/architecture.csv", "results/paper/figures/architecture.png")
    assert "recovery_train ifrp-tanh" in pending
    assert {job for job in pending if "ifrp-tanh" not in job} == {
        "paper_table architecture",
        "paper_figure architecture",
    }


def test_a_style(fresh: Project) -> None:
    follow(fresh, "A style")
    pending = fresh.pending()
    assert {job for job in pending if job.startswith("styles_train")} == {"styles_train ink"}
    assert {job for job in pending if job.startswith("recovery_train")} == set()
    assert "recovery_apply ifrp" in pending


def test_a_metric(fresh: Project) -> None:
    follow(fresh, "A metric")
    assert {job.split("_")[0] for job in fresh.pending()} == {"evaluation", "paper"}
    script = (
        "import numpy as np; from ifrp.evaluation import quality; from ifrp.paper import tables\n"
        "face = np.random.default_rng(0).integers(0, 200, (1, 32, 32, 3)).astype(np.uint8)\n"
        "found = quality.score(face, {'a': face + 5})['a'][0]\n"
        "assert float(found[quality.METRICS.index('error')]) == 5\n"
        "assert ('', 'error', 'Mean error') in tables.every()['quality'].lay_out.keywords['spec'].cells"
    )
    run(fresh, script)


SHOWING = {"paper_pdf paper", *(f"paper_notebook {path.stem}" for path in ROOT.glob("notebooks/*.ipynb"))}
"""the jobs that show all tables and figures"""


def test_a_figure(fresh: Project) -> None:
    follow(fresh, "A figure")
    assert fresh.pending() == {"paper_figure first", *SHOWING}
    script = (
        "from ifrp.config import Config; from ifrp.paper import figures\n"
        "first = figures.find(Config(), 'first')\n"
        "assert first.files(Config()) == [f'data/faces/test{suffix}' for suffix in ('.npy', '.csv', '.json')]\n"
        "assert first.description == 'The first test face.'"
    )
    run(fresh, script)


def test_a_table(fresh: Project) -> None:
    follow(fresh, "A table")
    assert fresh.pending() == {"paper_table sketches", *SHOWING}
    script = (
        "from ifrp.config import Config; from ifrp.paper import tables\n"
        "table = tables.find(Config(), 'sketches')\n"
        "assert table.description == 'PSNR and SSIM for sketches (not in the paper).'"
    )
    run(fresh, script)


def test_every_recipe_is_followed_here() -> None:
    told = re.findall(r"^### (.*)$", PAGE, flags=re.MULTILINE)
    here = Path(__file__).read_text()
    assert told
    assert all(f'follow(fresh, "{recipe}")' in here for recipe in told)
