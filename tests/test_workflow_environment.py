"""Where the workflow runs: with conda or without, with Snakemake alone installed, in either profile."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from workflow_project import ROOT, Project

CONDA = """#!/bin/sh
case "$*" in
  "info --json") echo '{"conda_prefix": "'$PWD'", "platform": "linux-64"}' ;;
  --version) echo conda 26.7.0 ;;
  config*) echo '{"get": {"channel_priority": "strict"}}' ;;
esac
"""


def with_conda(project: Project) -> Project:
    """Gives it a conda that creates no environment, and activates the one at hand."""
    for name, text in (("conda", CONDA), ("activate", "")):
        project.write(f"bin/{name}", text)
        (project.root / f"bin/{name}").chmod(0o755)
    return project


def test_the_environment_makes_nothing_again(tmp_path: Path) -> None:
    """A run in the conda environment is up to date without it, and DVC records it."""
    project = with_conda(Project(tmp_path))
    assert "DVC has recorded the results" in project.make("--use-conda")
    assert project.pending() == project.pending("--use-conda") == set()
    assert project.pending("--rerun-triggers", "software-env"), "no environment was used"
    project.append("environment.yml", "# a remark\n")
    assert project.pending("--use-conda") == set()
    assert "up to date" in project.dvc("status")


@pytest.mark.parametrize("conda", [[], ["--use-conda"]])
def test_jobs_run_the_code_of_their_own_clone(tmp_path: Path, conda: list[str]) -> None:
    """The command `ifrp` that they find is another clone's: the one whose tests these are."""
    project = with_conda(Project(tmp_path / "a {clone} of it"))
    (project.root / "bin/ifrp").unlink()
    project.append("src/ifrp/cli.py", "\n\nraise SystemExit('This is the code of the copy.')\n")
    done = project.run("snakemake", *conda, "--", "data/styles/whirl.png")
    assert done.returncode == 1
    assert "This is the code of the copy." in done.stderr + done.stdout
    assert bool(conda) == ("ctivating conda environment" in done.stderr)


ALONE = """import pkgutil
import sys
from importlib import machinery, metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

waiting, asked = [("snakemake", "")], set()  # distributions that Snakemake brings, and their extras
while waiting:
    name, extra = waiting.pop()
    if (name, extra) not in asked:
        asked.add((name, extra))
        for needed in map(Requirement, metadata.requires(name) or ()):
            if not needed.marker or needed.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needed.name), of) for of in ("", *needed.extras)]
there = {name for name, _ in asked}
owners = metadata.packages_distributions()
foreign = {top for top, of in owners.items() if there.isdisjoint(map(canonicalize_name, of))} - {"ifrp"}


class Installed(machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in foreign else super().find_spec(name, path, target)

    @classmethod
    def find_distributions(cls, context):
        found = machinery.PathFinder.find_distributions(context)
        return (of for of in found if canonicalize_name(of.metadata["Name"]) in there)


listed = pkgutil.iter_modules  # by which Snakemake finds its plugins
pkgutil.iter_modules = lambda *of: (module for module in listed(*of) if module.name not in foreign)
sys.meta_path[:] = [machinery.BuiltinImporter, machinery.FrozenImporter, Installed]
from snakemake.cli import main

assert {"numpy", "pandas", "torch", "typer", "PIL", "dvc"} <= foreign
main(sys.argv[1:])
"""


def test_the_workflow_starts_where_snakemake_alone_is_installed(tmp_path: Path) -> None:
    """As with conda, in whose environment the jobs then run; also where a folder of photographs is looked at."""
    project = with_conda(Project(tmp_path / "project"))
    (tmp_path / "photos/anna").mkdir(parents=True)
    (tmp_path / "photos/anna/1.png").touch()
    project.edit(faces={"source": "photos", "photos": {"path": str(tmp_path / "photos"), "find": True}})
    done = project.run(sys.executable, "-c", ALONE, "--use-conda", "--", "faces")
    assert done.returncode == 0, done.stderr
    assert "ctivating conda environment" in done.stderr
    assert project.pending("faces") == set()
    done = project.run(sys.executable, "-c", ALONE, "--dryrun", "--", "all", "ablations")
    assert "recovery_train" in done.stdout


def test_both_profiles_rerun_for_the_same_reasons() -> None:
    told = [yaml.safe_load(path.read_text()) for path in ROOT.glob("profiles/*/profile.yaml")]
    assert [profile["rerun-triggers"] for profile in told] == [["mtime", "params", "input", "code"]] * 2
