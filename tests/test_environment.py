from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def whole() -> list[str]:
    """What the whole paper needs, and not `ifrp recover` alone."""
    return [*project()["dependencies"], *project()["optional-dependencies"]["paper"]]


def pins(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        requirement = Requirement(line)
        match = re.fullmatch(r"==([\w.!]+)", str(requirement.specifier))
        assert match, f"{line} is not an exact public version"
        found[canonicalize_name(requirement.name)] = match[1]
    return found


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


def environment(key: str = "dependencies") -> list[Any]:
    return list(yaml.safe_load((ROOT / "environment.yml").read_text())[key])


def test_versions_are_in_one_place_only() -> None:
    extras = project()["optional-dependencies"].values()
    named = [Requirement(line) for line in sum(extras, project()["dependencies"])]
    assert [str(r) for r in named if r.specifier] == []
    assert {canonicalize_name(r.name) for r in named} <= set(constraints())


def test_conda_environment_is_that_of_pip() -> None:
    pip = next(entry["pip"] for entry in environment() if isinstance(entry, dict))
    direct = {canonicalize_name(line) for line in whole()}
    assert pins(pip) == {name: version for name, version in constraints().items() if name in direct}


def test_conda_environment_has_a_fitting_python_and_pip() -> None:
    conda = [entry for entry in environment() if isinstance(entry, str)]
    python = next(entry.removeprefix("python=") for entry in conda if entry.startswith("python="))
    assert SpecifierSet(project()["requires-python"]).contains(python)
    assert "pip" in conda


def test_conda_environment_needs_one_channel() -> None:
    """Conda from 26.7 on refuses nodefaults, which it takes for a channel of that name."""
    assert environment("channels") == ["conda-forge"]


def test_package_and_all_pins_are_added_to_the_conda_environment(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    script = ROOT / "environment.post-deploy.sh"  # the name that Snakemake looks for beside environment.yml
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    done = subprocess.run([script], cwd=ROOT, env={"PATH": path}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "-m",
        "pip",
        "install",
        "--constraint",
        "constraints.txt",
        "--editable",
        ".[paper]",
    ]


def test_rules_ask_the_run_for_their_environment() -> None:
    assert not [
        path for path in (ROOT / "workflow/rules").glob("*.smk") if "environment.yml" in path.read_text()
    ]


def test_lock_has_the_pinned_versions_and_a_hash_of_every_file() -> None:
    lock = tomllib.loads((ROOT / "pylock.toml").read_text())
    locked: dict[str, str] = {
        canonicalize_name(package["name"]): package["version"] for package in lock["packages"]
    }
    assert {name: locked.get(name) for name in constraints()} == constraints()
    of_a_system = {
        "appnope",
        "audioop-lts",
        "setuptools",
        "triton",
    }  # of macOS, of Python 3.13, of PyTorch for GPUs
    assert {
        name for name in locked.keys() - constraints() if not name.startswith(("cuda-", "nvidia-"))
    } == of_a_system
    files = [
        file for of in lock["packages"] for file in [*of.get("wheels", ()), *filter(None, [of.get("sdist")])]
    ]
    assert len(files) > len(locked)
    assert {tuple(file["hashes"]) for file in files} == {("sha256",)}


def test_platforms_of_the_lock_have_builds_of_torch() -> None:
    lock = tomllib.loads((ROOT / "pylock.toml").read_text())
    torch = next(package for package in lock["packages"] if package["name"] == "torch")
    systems = {
        re.sub(r"(manylinux|macosx)_\d+_\d+_", "", Path(file["url"]).stem.split("-")[-1])
        for file in torch["wheels"]
    }
    assert systems == {"x86_64", "aarch64", "arm64"}


def test_installed_versions_are_the_constraints() -> None:
    from importlib.metadata import version

    for line in whole():
        assert version(line).split("+")[0] == constraints()[canonicalize_name(line)], line
