from __future__ import annotations

import os
import re
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


def test_package_is_added_to_the_conda_environment() -> None:
    script = ROOT / "environment.post-deploy.sh"  # the name that Snakemake looks for beside environment.yml
    assert os.access(script, os.X_OK)
    assert 'python -m pip install --no-deps --editable "$PWD"' in script.read_text()
    paths = {line.strip() for rules in (ROOT / "workflow/rules").glob("*.smk") for line in rules.read_text().splitlines()
             if "environment.yml" in line}  # fmt: skip
    assert paths == set(), (
        "each rule asks `run.environment`, which writes braces in the path as Snakemake reads them"
    )


def test_installed_versions_are_the_constraints() -> None:
    from importlib.metadata import version

    for line in whole():
        assert version(line).split("+")[0] == constraints()[canonicalize_name(line)], line
