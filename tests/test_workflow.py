from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml
from workflow_project import ROOT, STYLES, Project

from ifrp import paths
from ifrp.config import experiments, load, plain
from ifrp.paper import figures, tables
from ifrp.workflow.run import folder_digest

MINIATURE = """seed: 1
preset: config
faces:
  source: rendered
  split: {train: 16, val: 4, test: 4}
  rendered: {people: 12, pictures: 2}
  warps: {five: {angles: [-30, 0, 30]}}
styles:
  table: config/styles-drawn.csv
  features: {weights: random, width: 0.125}
  distance: {size: 64, faces: 8}
  training: {width: 0.125, steps: 2, batch: 2, artwork_size: 64, content_layer: relu2_1, style_layers: [relu1_1, relu2_1]}
portraits: {batch: 8}
recovery:
  recognisers:
    facenet: {weights: trained, size: [80, 80], training: {steps: 2, batch: 8}}
    judge: {weights: trained, size: [80, 80], training: {steps: 3, batch: 8}}
    judge2: {network: mobilefacenet, weights: trained, size: [64, 64], training: {steps: 3, batch: 8}}
  methods:
    ifrp:
      network: {width: 0.1, residual_blocks: 1}
      discriminator_width: 0.1
      training: {steps: 2, batch: 2, log_every: 1, validate_every: 2}
  experiments:
    ifrp: {method: ifrp}
  ablations:
    ifrp-five: {method: ifrp, warp: five}
    ifrp-oracle: {method: ifrp, aligned: true, network: {stn: false}}
evaluation: {top: 2, faces: 4, resamples: 20, others: [judge2]}
paper:
  examples: 2
  worst: 2
  ablations: {rotation: {5-angles with STN: ifrp-five}, alignment: {with STN: ifrp, oracle: ifrp-oracle, none: null}}
"""
NAMES = ["faces", "styles", "portraits", "recovery", "evaluation", "paper"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose paper was made by `snakemake`; tests put back what they change."""
    project = Project(tmp_path_factory.mktemp("made"))
    told = project.make()
    assert "DVC has recorded the results" in told
    return project


@pytest.fixture
def edited(made: Project) -> Iterator[Project]:
    """The same, whose configuration and code may be changed: both come back afterwards."""
    kept = {path: path.read_bytes() for path in made.root.rglob("*") if _editable(made, path)}
    yield made
    for path in made.root.rglob("*"):
        if _editable(made, path) and path not in kept:
            path.unlink()
    for path, content in kept.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def _editable(project: Project, path: Path) -> bool:
    return (
        path.is_file()
        and path.relative_to(project.root).parts[0] in ("src", "config")
        and path.suffix != ".pyc"
    )


def test_a_fresh_clone_is_not_taken_for_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ifrp.config import Config
    from ifrp.workflow import dvc

    monkeypatch.chdir(tmp_path)
    Path(".dvc").mkdir()
    Path("dvc.lock").write_text("stages: {faces: {outs: [{path: data/faces}]}}")
    asked: list[tuple[str, ...]] = []

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "{}", "")

    monkeypatch.setattr(dvc, "run", run)
    dvc.restored(Config())
    assert not asked
    Path("data/faces").mkdir(parents=True)
    dvc.restored(Config())
    assert any("--touch" in command for command in asked)


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
    above = {
        "cli.py": ["paper"],
        "workflow": [*NAMES, "workflow"],
    }  # on which nothing but the Snakefile stands
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


def test_snakemake_then_dvc_is_a_no_op(made: Project) -> None:
    assert "up to date" in made.dvc("status")
    told = made.dvc("repro")
    assert told.count("didn't change, skipping") == len(NAMES)
    assert made.pending() == set()


def test_every_artifact_is_under_dvc(made: Project) -> None:
    stages = yaml.safe_load((made.root / "dvc.yaml").read_text())["stages"].values()
    outs = [out for stage in stages for out in stage["outs"]]
    files = [path for top in ("data", "models", "results") for path in (made.root / top).rglob("*.*")]
    names = [str(path.relative_to(made.root)) for path in files]
    assert all(any(name.startswith(f"{out}/") for name in names) for out in outs)
    for name in names:
        assert sum(name.startswith(f"{out}/") for out in outs) == (not name.startswith("data/source/")), name


def test_a_docstring_in_the_configuration_reruns_nothing(edited: Project) -> None:
    edited.append("src/ifrp/config/sections.py", "\n# a remark\n")
    edited.append("src/ifrp/cli.py", "\n# a remark\n")
    assert edited.pending() == set()


def test_runtime_reruns_nothing(edited: Project) -> None:
    edited.edit(runtime={"precision": "bf16-mixed", "device": "cpu"})
    assert edited.pending() == set()


def test_new_experiment_leaves_the_others_valid(edited: Project) -> None:
    experiments = edited.configuration()["recovery"]["experiments"]
    edited.edit(
        recovery={"experiments": {**experiments, "ifrp-pixel": {"method": "ifrp", "losses": {"identity": 0}}}}
    )
    pending = edited.pending()
    assert {job for job in pending if "ifrp-pixel" not in job and not job.startswith("paper")} == set()
    assert "recovery_train ifrp-pixel" in pending


def test_main_experiment_on_other_warps_is_made_by_dvc_too(tmp_path: Path) -> None:
    """A stage runs the rules of its own file only, so faces and portraits must make what recovery will ask for."""
    project = Project(tmp_path)
    sections = project.configuration()
    project.edit(
        faces={"warps": {**sections["faces"]["warps"], "far-off": {"rotation": 60}}},
        recovery={
            "experiments": {"input": {"method": "input"}, "ifrp": {"method": "ifrp", "warp": "far-off"}}
        },
    )
    assert "faces_warp far-off" in project.pending("faces")
    assert "portraits_warp train far-off whirl" in project.pending("portraits")
    project.dvc("repro")
    assert project.pending() == set()
    project.edit(
        recovery={"experiments": {"input": {"method": "input"}, "ifrp": {"method": "ifrp", "warp": "five"}}}
    )
    project.dvc("repro")
    assert project.pending() == set()


def test_changed_pictures_in_a_folder_are_noticed(tmp_path: Path) -> None:
    """The folder's own time tells nothing of what lies deeper, or of a picture that is written over."""
    (tmp_path / "photos/anna").mkdir(parents=True)
    (tmp_path / "photos/anna/1.png").write_text("a")
    before = folder_digest(str(tmp_path / "photos"))
    assert before == folder_digest(str(tmp_path / "photos"))
    (tmp_path / "photos/anna/.DS_Store").write_text("what a file browser leaves")
    assert before == folder_digest(str(tmp_path / "photos"))
    (tmp_path / "photos/anna/1.png").write_text("b")
    os.utime(tmp_path / "photos/anna/1.png", (1, 1))
    after = folder_digest(str(tmp_path / "photos"))
    (tmp_path / "photos/anna/2.png").write_text("b")
    assert len({before, after, folder_digest(str(tmp_path / "photos"))}) == 3
    assert folder_digest(str(tmp_path / "photos.zip")) is folder_digest(None) is None


def test_new_ablation_leaves_everything_valid(edited: Project) -> None:
    sections = edited.configuration()
    ablations, tables = sections["recovery"]["ablations"], sections["paper"]["ablations"]
    edited.edit(
        recovery={"ablations": {**ablations, "ifrp-pixel": {"method": "ifrp", "losses": {"identity": 0}}}},
        faces={"warps": {**sections["faces"]["warps"], "wide": {"rotation": 60, "copies": 2}}},
        paper={"ablations": {**tables, "losses": {"pixel": "ifrp-pixel", "all": "ifrp"}}},
    )
    assert edited.pending() == set()
    pending = edited.pending("results/paper/tables/losses.csv")
    assert "recovery_train ifrp-pixel" in pending
    assert {job for job in pending if "ifrp-pixel" not in job} == {"paper_table losses"}


def test_a_number_of_copies_makes_faces_and_all_that_follows_again(edited: Project) -> None:
    edited.edit(faces={"warp": {"copies": 2}})
    assert {"faces_prepare", "portraits_make train whirl", "recovery_train ifrp"} <= edited.pending()


def test_ablations_are_made_on_demand(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.make()
    pending = project.pending("ablations")
    assert {"faces_warp five", "recovery_train ifrp-five", "recovery_recogniser judge2"} <= pending
    assert {job for job in pending if " ifrp " in f"{job} "} == {"evaluation_identity ifrp judge2"}
    assert "DVC has recorded the results" in project.make("ablations")
    assert project.pending("ablations") == project.pending() == set()
    assert "up to date" in project.dvc("status")


def test_new_method_leaves_the_others_valid(edited: Project) -> None:
    source = (edited.root / "src/ifrp/recovery/methods/faced.py").read_text()
    edited.write("src/ifrp/recovery/methods/another.py", source)
    edited.append("src/ifrp/config/methods.py", '\nMETHODS["another"] = Facts()\n')
    experiments = edited.configuration()["recovery"]["experiments"]
    edited.edit(recovery={"experiments": {**experiments, "another": {"method": "another"}}})
    assert {job for job in edited.pending() if job.startswith("recovery_train")} == {"recovery_train another"}


@pytest.mark.slow
def test_every_verb_makes_what_its_rule_declares(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.root / "bin/ifrp").unlink()
    project.write("config/config.yaml", MINIATURE)
    project.write(project.table, "".join(STYLES.splitlines(keepends=True)[:3]))
    told = project.make()
    assert "DVC has recorded the results" in told
    assert project.pending() == set()
    project.make("ablations")
    assert project.pending("ablations") == project.pending() == set()
    cards = [path for top in ("data", "models", "results") for path in (tmp_path / top).rglob("*.json")]
    told_by = [json.loads(path.read_text()) for path in cards if "dvclive" not in path.parts]
    for card in told_by:
        assert (tmp_path / card["artifact"]).exists()
        for name, digest in card["inputs"].items():
            assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest, (
                card["artifact"],
                name,
            )


def test_new_style_trains_itself_alone(edited: Project) -> None:
    edited.write(edited.table, STYLES + "plumage,unseen,drawn:plumage,,MIT\n")
    pending = edited.pending()
    for rule in ("styles_artwork", "styles_train", "portraits_make"):
        jobs = {job for job in pending if job.startswith(rule)}
        assert jobs
        assert all(job.endswith("plumage") for job in jobs), jobs
    assert not any(job.startswith(("recovery_train", "recovery_recogniser", "faces")) for job in pending)


def test_new_metric_reruns_the_evaluation_only(edited: Project) -> None:
    edited.append("src/ifrp/evaluation/quality.py", "\nANOTHER = 1\n")
    assert {job.split("_")[0] for job in edited.pending()} == {"evaluation", "paper"}


def test_setting_of_a_method_reruns_its_experiments_only(edited: Project) -> None:
    experiments = {
        **edited.configuration()["recovery"]["experiments"],
        "ifrp": {"method": "ifrp", "losses": {"identity": 0.5}},
    }
    edited.edit(recovery={"experiments": experiments})
    pending = edited.pending()
    assert "recovery_train ifrp" in pending
    assert not any("input" in job or job.startswith(("faces", "styles", "portraits")) for job in pending)


def test_number_of_portraits_reruns_no_training(edited: Project) -> None:
    experiments = edited.configuration()["recovery"]["experiments"]
    edited.edit(recovery={"experiments": {**experiments, "ifrp": {"method": "ifrp", "portraits": 2}}})
    pending = edited.pending()
    recovery = {job for job in pending if not job.startswith(("evaluation", "paper"))}
    assert recovery == {"recovery_apply ifrp"}
    assert {"evaluation_quality ifrp", "evaluation_identity ifrp judge"} <= pending
    assert not any(job.startswith("evaluation") and "input" in job for job in pending)


def test_an_experiment_with_anothers_model_trains_nothing(edited: Project) -> None:
    experiments = edited.configuration()["recovery"]["experiments"]
    calibrated = {"calibrated": {"model": "ifrp", "calibrate": {}}}
    edited.edit(recovery={"experiments": {**experiments, **calibrated}})
    pending = edited.pending()
    made = {job for job in pending if not job.startswith("paper")}
    assert {job for job in made if "calibrated" not in job} == set()
    assert {"recovery_apply calibrated", "evaluation_quality calibrated"} <= made
    assert "recovery_train calibrated" not in made
    edited.edit(
        recovery={
            "experiments": {**experiments, "ifrp": {"method": "ifrp", "training": {"steps": 9}}, **calibrated}
        }
    )
    assert {"recovery_train ifrp", "recovery_apply calibrated"} <= edited.pending()


def test_method_that_looks_at_a_face_waits_for_faces(edited: Project) -> None:
    experiments = edited.configuration()["recovery"]["experiments"]
    edited.edit(recovery={"experiments": {**experiments, "gatys": {"method": "gatys", "portraits": 2}}})
    told = edited.make("--dryrun")
    applied = next(part for part in told.split("rule recovery_apply:")[1:] if "experiment=gatys" in part)
    assert "data/faces/train.npy" in applied.split("output:")[0]


def test_own_portraits_become_a_figure(edited: Project, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/sketch.png").touch()
    edited.edit(paper={"own": str(tmp_path / "mine")})
    assert "paper_figure own" in edited.pending()
    told = edited.make("--dryrun").split("name=own")[0].split("rule paper_figure:")[-1]
    assert f"{tmp_path}/mine/sketch.png, models/recovery/ifrp.safetensors" in told


def test_a_change_of_one_figure_or_table_makes_no_other(edited: Project) -> None:
    showing = {"paper_pdf paper", *(f"paper_notebook {path.stem}" for path in ROOT.glob("notebooks/*.ipynb"))}
    edited.edit(paper={"worst": 5})
    assert edited.pending() == {"paper_figure worst", *showing}
    edited.edit(paper={"worst": 24})
    edited.append("src/ifrp/paper/figures/angles.py", "\nANOTHER = 1\n")
    edited.append("src/ifrp/paper/tables/exposure.py", "\nANOTHER = 1\n")
    assert edited.pending() == {"paper_figure angles", "paper_table exposure", *showing}


def test_the_drawn_network_follows_the_code_of_its_method(edited: Project) -> None:
    edited.append("src/ifrp/recovery/networks/dn.py", "\nANOTHER = 1\n")
    figures = {job for job in edited.pending("results/paper/figures/network.png") if "figure" in job}
    assert figures == {"paper_figure network"}


def test_the_drawn_network_follows_the_size_of_a_face(edited: Project) -> None:
    edited.edit(faces={"size": 64})
    assert edited.pending("results/paper/figures/network.png") == {"paper_figure network"}


def test_an_experiment_that_is_not_of_the_paper_cannot_be_shown(edited: Project) -> None:
    edited.edit(paper={"experiment": "ifrp-oracle"})
    done = edited.run("snakemake", "--dryrun")
    assert done.returncode != 0
    assert (
        "paper.experiment is ifrp-oracle, which is not in recovery.experiments" in done.stdout + done.stderr
    )


def test_photos_that_were_changed_are_prepared_again(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    (tmp_path / "photos/anna").mkdir(parents=True)
    (tmp_path / "photos/anna/1.png").write_text("a")
    project.edit(faces={"source": "photos", "photos": {"path": str(tmp_path / "photos"), "find": True}})
    target = "data/faces/train.npy"
    project.make(target)
    assert project.pending(target) == set()
    (tmp_path / "photos/anna/1.png").write_text("another")
    assert project.pending(target) == {"faces_prepare"}


def test_code_that_a_verb_runs_reruns_that_verb(edited: Project) -> None:
    path = "src/ifrp/recovery/commands.py"
    edited.append(path, '\n\n@app.command()\ndef more() -> None:\n    """Another verb."""\n')
    assert edited.pending() == set()
    edited.append(
        path, "\n\ndef train(experiment: str) -> None:\n    from ifrp.recovery.release import release\n"
    )
    pending = edited.pending()
    assert "recovery_train ifrp" in pending
    assert not any(job.startswith("recovery_recogniser") for job in pending)


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("src/ifrp/*/commands.py")), ids=lambda path: path.parent.name
)
def test_a_verb_only_hands_its_arguments_on(path: Path) -> None:
    """So that nothing which shapes a result stands where the workflow does not look for it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            body = [type(statement).__name__ for statement in node.body[1:] or node.body]
            assert set(body) <= {"ImportFrom", "Assign", "Expr"}, node.name
            assert len(body) <= 3, node.name


def test_restored_files_are_known_to_snakemake(edited: Project) -> None:
    edited.forget()
    edited.dvc("checkout")
    before = edited.records()
    assert "a run records them first" in edited.make("--dryrun")
    assert edited.records() == before, "a dry run writes nothing"
    told = edited.make()
    assert "Files were restored by DVC" in told
    assert "Nothing to be done" in told
    assert edited.pending() == set()
    assert "didn't change" in edited.dvc("repro")


def test_parameter_edited_after_restoring_reruns_what_it_concerns(edited: Project) -> None:
    edited.restore()
    edited.edit(evaluation={"top": 3})
    pending = edited.pending()
    assert "evaluation_identity ifrp judge" in pending
    assert {job.split("_")[0] for job in pending} == {"evaluation", "paper"}
    assert not any(job.startswith("evaluation_quality") for job in pending)


def test_code_edited_after_restoring_reruns_its_stage(edited: Project) -> None:
    edited.restore()
    edited.append("src/ifrp/evaluation/pixels.py", "\nANOTHER = 1\n")
    assert {job.split("_")[0] for job in edited.pending()} == {"evaluation", "paper"}


def test_style_table_edited_after_restoring_retrains_no_recogniser(edited: Project) -> None:
    edited.restore()
    edited.append("config/styles.csv", "another,unseen,drawn:whirl,,MIT\n")
    assert edited.pending() == set(), "no preset with that table is in use"
    edited.append(str(edited.table), "another,unseen,drawn:whirl,,MIT\n")
    pending = edited.pending()
    assert "styles_train another" in pending
    assert not any(job.startswith("recovery_recogniser") for job in pending)


def test_dvc_then_snakemake_is_a_no_op(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.dvc("repro")
    assert project.pending() == set()
    assert "up to date" in project.dvc("status")


def test_only_the_committed_configuration_is_recorded(tmp_path: Path) -> None:
    project = Project(tmp_path)
    told = project.make("--config", "seed=2", "--", "faces")
    assert "does not record this run: its configuration is not that of config/config.yaml" in told
    assert "there is more to do" in project.make("--", "styles")
    assert not (project.root / "dvc.lock").exists()
    assert "DVC has recorded" in project.make()
    assert "up to date" in project.dvc("status")
    project.append("src/ifrp/config/sections.py", "\n# a remark\n")
    told = project.make()
    assert "Nothing to be done" in told
    assert "DVC has recorded" in told
    assert "up to date" in project.dvc("status")


def test_failed_run_is_not_mistaken_for_restored_files(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.make()
    project.edit(styles={"distance": {"faces": 7}}, evaluation={"top": 3})
    assert project.run("snakemake", FAIL="evaluation summary").returncode != 0
    pending = project.pending()
    assert "evaluation_summary ifrp" in pending
    assert not any(job.startswith(("styles", "evaluation_identity")) for job in pending)


def test_command_line_numbers_are_numbers(made: Project) -> None:
    spelled = "styles={training: {learning_rate: 0.125}}"
    assert "styles_train whirl" in made.pending("--config", spelled)
    told = made.run("snakemake", "--dryrun", "--config", "styles={training: {learning_rate: fast}}")
    assert told.returncode != 0
    assert "learning_rate is 'fast'; it must be a number" in told.stdout + told.stderr


def test_wrong_key_is_one_sentence(made: Project) -> None:
    told = made.run("snakemake", "--dryrun", "--config", "faces={sizee: 64}")
    assert told.returncode != 0
    assert "unknown key sizee; did you mean size?" in told.stdout + told.stderr
    assert "Traceback" not in told.stdout + told.stderr


def test_use_conda_without_conda_is_one_notice(made: Project) -> None:
    told = made.make("--dryrun", "--use-conda")
    assert told.count("There is no conda here") == 1


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


ALONE = """import sys
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


def test_gpu_is_asked_for_only_if_there_is_one(made: Project) -> None:
    told = made.make("--dryrun", "--forcerun", "styles_train", "--config", "runtime={device: cuda}")
    assert "gpu=1" in told
    assert "gpu=1" not in made.make(
        "--dryrun", "--forcerun", "styles_train", "--config", "runtime={device: cpu}"
    )


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
    told = experiment.depends
    fields = {field.name for field in dataclasses.fields(experiment)} - {"name", "settings", "size"}
    assert set(told) == fields | set(experiment.settings)
    assert told["training"] == plain(experiment.training)
    assert experiment.training_depends == {
        k: v for k, v in told.items() if k not in ("portraits", "calibrate")
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
    assert curves[-1] == "results/recovery/line/dvclive/plots/metrics/validation_psnr.tsv"
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


def test_report_holds_all_that_is_shown(made: Project) -> None:
    """`snakemake --report`: tables, figures, the document, scores, curves and artworks, with caption and labels."""
    made.make("--report", "report.zip")
    with zipfile.ZipFile(made.root / "report.zip") as archive:
        kept = set(archive.namelist())
        page = archive.read("report/report.html").decode()
    results, _ = json.JSONDecoder().raw_decode(page.split("var results = ")[-1])
    compared = [
        str(paths.table(name, "html")) for name, of in tables.every().items() if of.document == "paper"
    ]
    drawn = [str(paths.figure(name)) for name in figures.every() if name != "own"]
    methods = {str(paths.summary(name)): {"experiment": name, "method": name} for name in ("input", "ifrp")}
    methods[str(paths.training_curve("ifrp"))] = methods[str(paths.summary("ifrp"))]
    artworks = {str(paths.artwork(name)) for name in ("whirl", "breakers", "hatching")} | {
        str(paths.STYLE_SHEET)
    }
    assert set(results) == {*compared, *drawn, *methods, *artworks, str(paths.document("paper"))}
    assert {path: results[path]["labels"] for path in methods} == methods
    assert results[compared[0]]["labels"]["metric"] == "PSNR, SSIM, FSIM, FSIMc"
    for path, result in results.items():
        assert result["caption"], path
        assert f"report/{result['data_uri']}" in kept
