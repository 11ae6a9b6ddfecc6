"""The README is short, and every line that it shows works as pasted."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner
from workflow_project import ROOT, Project

from ifrp import paths
from ifrp.cli import app
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper import tables

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines()]


def starting(word: str) -> list[str]:
    """The lines that call one program."""
    return [line for line in LINES if f"{line} ".startswith(f"{word} ")]


def test_it_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) <= 120
    assert len(README.encode()) <= 8192


def test_each_line_calls_a_program_that_is_tested_here() -> None:
    assert {line.split()[0] for line in LINES if line} == {"make", "ifrp", "snakemake", "dvc"}


@pytest.mark.parametrize("line", starting("make"))
def test_make_knows_what_to_do(line: str) -> None:
    words = shlex.split(line.split("&&")[0])
    done = subprocess.run([words[0], "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", starting("ifrp recover"))
def test_examples_are_recovered(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    for path in paths.EXAMPLES.iterdir():
        with Image.open(f"faces/{path.stem}.png") as face:
            assert face.size == (128, 128)


@pytest.mark.parametrize("line", [line for line in starting("ifrp check") if "--reference" not in line])
def test_the_default_can_run(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    assert "It can run: `snakemake --cores all`." in result.output


@pytest.mark.parametrize("line", starting("ifrp check --reference"))
def test_a_run_is_compared_with_the_one_of_the_pages(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here there is none, which is said."""
    (tmp_path / paths.REFERENCE).parent.mkdir(parents=True)
    shutil.copy(ROOT / paths.REFERENCE, tmp_path / paths.REFERENCE)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert isinstance(result.exception, IfrpError)
    assert "run `snakemake --cores all` first" in str(result.exception)


@pytest.mark.parametrize("line", starting("ifrp why"))
def test_why_is_answered(line: str, results: Config) -> None:
    tables.find(results, "identity").write(results)
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    assert str(paths.PUBLISHED) in result.output


def test_the_workflow_runs_by_each_line(tmp_path: Path) -> None:
    """One after the other, in a project whose verbs only write their outputs."""
    project = Project(tmp_path)
    for line in [*starting("snakemake"), *starting("dvc")]:
        done = project.run(*shlex.split(line))
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
