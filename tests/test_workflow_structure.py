"""How the house is built: six names, which package imports which, what stages, rules, presets and schema have in common."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from workflow_project import ROOT

from ifrp import paths
from ifrp.config import experiments, load, plain
from ifrp.paper import figures, tables

NAMES = ["faces", "styles", "portraits", "recovery", "evaluation", "paper"]


def test_six_names_everywhere() -> None:
    from ifrp.cli import app
    from ifrp.config import Config

    packages = sorted(path.parent.name for path in ROOT.glob("src/ifrp/*/commands.py"))
    rules = sorted(path.stem for path in ROOT.glob("workflow/rules/*.smk") if path.stem != "common")
    stages = list(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"])
    sections = [name for name in Config.__dataclass_fields__ if name not in ("preset", "seed", "runtime")]
    assert packages == rules == sorted(NAMES)
    assert stages == sections == [group.name for group in app.registered_groups] == NAMES
    for name in NAMES:
        assert list(ROOT.glob(f"tests/test_{name}*.py")), name
        assert (ROOT / f"docs/{name}.md").exists(), name


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("src/ifrp/**/*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_packages_import_from_the_left_only(path: Path) -> None:
    place = path.relative_to(ROOT / "src/ifrp").parts[0]
    above = {"cli.py": ["paper"], "workflow": [*NAMES, "workflow"]}  # only the Snakefile imports the latter
    allowed = NAMES[: NAMES.index(place) + 1] if place in NAMES else above.get(place, [])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ifrp"):
            for parts in ([*node.module.split("."), alias.name] for alias in node.names):
                assert parts[1] not in (*NAMES, "workflow") or parts[1] in allowed or place == "cli.py", (
                    f"line {node.lineno}"
                )


def test_stages_run_the_rules_of_their_file() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    for name, stage in stages.items():
        text = (ROOT / f"workflow/rules/{name}.smk").read_text()
        rules = [line.split()[1].rstrip(":") for line in text.splitlines() if line.startswith("rule ")]
        allowed = stage["cmd"].split("--allowed-rules ")[1].split(" -- ")
        assert allowed == [" ".join(rules), name]
        assert "src/ifrp/config" in stage["deps"]
        for path in _sources(name, text):
            covering = {f"src/ifrp/{place}" for place in (path, *Path(path).parents)}
            assert covering & set(stage["deps"]), f"stage {name} runs {path}"


def test_every_style_table_of_a_preset_is_followed_by_dvc() -> None:
    """All stages but the first know the styles by name; a preset may have a table of its own."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    presets = [yaml.safe_load(path.read_text()) for path in ROOT.glob("config/*.yaml")]
    tables = {preset["styles"]["table"] for preset in presets if "table" in preset["styles"]}
    assert len(tables) == 2
    for name in NAMES[1:]:
        assert tables <= set(stages[name]["deps"]), name


def _sources(group: str, rules: str) -> set[str]:
    from ifrp.workflow.code import sources

    verbs = set(re.findall(rf"ifrp {group} (\w+)", rules))
    assert verbs
    modules = {
        "paper table": [table.module for table in tables.every().values()],
        "paper figure": [figure.module for figure in figures.every().values()],
    }
    return {path for verb in verbs for path in sources(group, verb, *modules.get(f"{group} {verb}", ()))}


@pytest.mark.parametrize("path", sorted(ROOT.glob("config/*.yaml")), ids=lambda path: path.name)
def test_presets_have_every_section_that_dvc_follows(path: Path) -> None:
    from ifrp.config import Config

    sections = yaml.safe_load(path.read_text())
    assert set(NAMES) <= set(sections), "a preset must have each section, if only an empty one, for dvc.yaml"
    known = set(Config.__dataclass_fields__)
    assert set(sections) <= (known if path.stem == "config" else known - {"preset", "seed"} | {"extends"})


def test_every_preset_that_another_extends_is_followed_by_dvc() -> None:
    """In each stage, by the sections that it compares of the preset in use."""
    presets = {path: yaml.safe_load(path.read_text()) for path in ROOT.glob("config/*.yaml")}
    extending = {f"config/{path.name}": of["extends"] for path, of in presets.items() if "extends" in of}
    assert extending == {"config/gpu.yaml": "photos"}
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        params = {path: keys for entry in stage["params"] for path, keys in entry.items()}
        for path, extended in extending.items():
            assert params[path] == ["extends"], name
            assert params[f"config/{extended}.yaml"] == params["config/${preset}.yaml"], name


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("src/ifrp/*/commands.py")), ids=lambda path: path.parent.name
)
def test_a_verb_only_hands_its_arguments_on(path: Path) -> None:
    """So that nothing which shapes a result stands where the workflow does not look for it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            body = [type(statement).__name__ for statement in node.body[1:] or node.body]
            assert set(body) <= {"ImportFrom", "Assign", "Expr"}, node.name
            assert len(body) - body.count("ImportFrom") <= 2, node.name


@pytest.mark.parametrize(
    ("group", "verb", "modules", "imported", "foreign"),
    [
        (
            "recovery",
            "train",
            ["ifrp.recovery.methods.ifrp"],
            "ifrp.recovery.training.experiment",
            "ifrp.evaluation",
        ),
        ("portraits", "make", [], "ifrp.portraits.stylise", "ifrp.recovery"),
        ("evaluation", "quality", [], "ifrp.evaluation.quality", "ifrp.paper"),
    ],
)
def test_sources_are_what_python_imports(
    group: str, verb: str, modules: list[str], imported: str, foreign: str
) -> None:
    from ifrp.workflow.code import NOT_CODE, sources

    names = {path.removesuffix(".py").replace("/", ".") for path in sources(group, verb, *modules)}
    script = f"import sys; import {imported}; print(*[m for m in sys.modules if m.startswith('ifrp.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {
        name
        for name in done.stdout.split()
        if not str(importlib.import_module(name).__file__).endswith("__init__.py")
    }
    assert {name.removeprefix("ifrp.") for name in loaded - NOT_CODE} <= names
    assert not any(f"ifrp.{name}".startswith(foreign) for name in names)


def test_what_an_experiment_goes_by_is_in_its_params() -> None:
    """All of its fields, for the configuration's own code is no input of a rule: a default that changes is seen here."""
    experiment = experiments.resolve(load(paths.CONFIG), "ifrp")
    depends = experiment.depends
    fields = {field.name for field in dataclasses.fields(experiment)} - {"name", "settings", "size"}
    assert set(depends) == fields | set(experiment.settings)
    assert depends["training"] == plain(experiment.training)
    assert experiment.training_depends == {
        k: v for k, v in depends.items() if k not in ("portraits", "calibrate")
    }


def test_dvc_shows_the_experiments_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    from ifrp import dvcfile
    from ifrp.config import merge, typed

    monkeypatch.chdir(ROOT)
    text, config = dvcfile.FILE.read_text(), load(paths.CONFIG)
    assert dvcfile.rewritten(text, config) == text, "run python -m ifrp.dvcfile"
    more = {
        "recovery": {
            "experiments": {"again": {"model": "ifrp", "calibrate": {}}, "line": {"method": "faced"}}
        }
    }
    other = dvcfile.rewritten(text, typed(type(config), merge(plain(config), more), "the tests"))
    shown, stages = yaml.safe_load(other), text.partition("\nmetrics:")[0]
    assert other.startswith(stages)
    assert shown["metrics"][-2:] == [str(paths.metrics(name)) for name in ("again", "line")]
    curves = list(shown["plots"][0]["training"]["y"])
    main = [name for name in curves if "/ifrp-" not in name]  # those of paper.main_ablations follow
    assert main[-1] == "results/recovery/line/dvclive/plots/metrics/validation_psnr.tsv"
    assert not any("/again/" in path for path in curves)  # which is not trained itself


def test_schema_is_that_of_the_sections() -> None:
    from ifrp.schema import SCHEMA, generate

    assert json.loads((ROOT / SCHEMA).read_text()) == generate(), "run python -m ifrp.schema"


@pytest.mark.parametrize("path", sorted(ROOT.glob("config/*.yaml")), ids=lambda path: path.name)
def test_configurations_fit_the_schema(path: Path) -> None:
    from ifrp.schema import generate

    jsonschema.validate(yaml.safe_load(path.read_text()), generate())
    for wrong in (
        {"faces": {"sizee": 1}},
        {"faces": {"size": 0}},
        {"recovery": {"experiments": {"ifrp": 3}}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, generate())


def test_editors_are_told_what_every_key_is() -> None:
    from ifrp.schema import generate

    schema = generate()
    for name, section in schema["$defs"].items():
        for key, value in section["properties"].items():
            assert "description" in value or "$ref" in value or name == "FaceCounts", f"{name}.{key}"
    inherited = schema["$defs"]["StyleTraining"]["properties"]["content_layer"]
    assert inherited["description"] == "VGG-19 layer of the content loss"
    jsonschema.validate({"extends": "photos", "recovery": {"experiments": {"ifrp": None}}}, schema)
