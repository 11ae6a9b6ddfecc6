"""What Snakemake makes again, and what it leaves, after a change of settings, code, styles, experiments or files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from workflow_project import ROOT, STYLES, Project

from ifrp import paths
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
    evaluator: {weights: trained, size: [80, 80], training: {steps: 3, batch: 8}}
    evaluator2: {network: mobilefacenet, weights: trained, size: [64, 64], training: {steps: 3, batch: 8}}
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
evaluation: {top: 2, faces: 4, resamples: 20, others: [evaluator2]}
paper:
  examples: 2
  worst: 2
  ablations: {rotation: {5-angles with STN: ifrp-five}, alignment: {with STN: ifrp, oracle: ifrp-oracle, none: null}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose paper was made by `snakemake`; tests put back what they change."""
    project = Project(tmp_path_factory.mktemp("made"))
    told = project.make()
    assert "DVC has recorded the results" in told
    ending = told.partition("DVC has recorded")[2]
    assert re.search(
        r"^\d+ steps in \d+:\d\d minutes\.\nLook at results/paper/paper\.pdf;.*\n`ifrp why",
        ending,
        re.MULTILINE,
    )
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
        and path.relative_to(project.root).parts[0] in ("src", "config", "workflow")
        and path.suffix != ".pyc"
    )


def test_what_jobs_ask_of_a_cluster_makes_nothing_again(edited: Project) -> None:
    for path in edited.root.glob("workflow/rules/*.smk"):
        text = path.read_text().replace("    localrule: True\n", "")
        path.write_text(re.sub(r"\*\*run\.resources\(.*\)", "mem_mb=1, runtime=1, gpu=2", text))
    edited.edit(runtime={"devices": 2, "device": "cuda"})
    assert edited.pending() == set()


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


def test_snakemake_then_dvc_is_a_no_op(made: Project) -> None:
    assert "up to date" in made.dvc("status")
    told = made.dvc("repro")
    assert told.count("didn't change, skipping") == 6
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
    assert {"faces_warp five", "recovery_train ifrp-five", "recovery_recogniser evaluator2"} <= pending
    assert {job for job in pending if " ifrp " in f"{job} "} == {"evaluation_identity ifrp evaluator2"}
    assert "DVC has recorded the results" in project.make("ablations")
    assert project.pending("ablations") == project.pending() == set()
    assert "up to date" in project.dvc("status")


def test_new_method_leaves_the_others_valid(edited: Project) -> None:
    source = (edited.root / "src/ifrp/recovery/methods/faced.py").read_text()
    edited.write("src/ifrp/recovery/methods/another.py", source)
    edited.append("src/ifrp/config/methods/__init__.py", '\nMETHODS["another"] = Facts()\n')
    edited.write(
        "src/ifrp/config/methods/another.py", "from ifrp.config.methods.faced import Settings as Settings\n"
    )
    experiments = edited.configuration()["recovery"]["experiments"]
    edited.edit(recovery={"experiments": {**experiments, "another": {"method": "another"}}})
    assert {job for job in edited.pending() if job.startswith("recovery_train")} == {"recovery_train another"}


def test_main_ablations_are_trained_with_the_paper_and_not_evaluated(edited: Project) -> None:
    edited.edit(paper={"main_ablations": ["rotation"]})
    pending = edited.pending()
    made = {
        "faces_warp five",
        "recovery_train ifrp-five",
        "recovery_apply ifrp-five",
        "paper_figure rotation",
    }
    assert made <= pending
    assert not {job for job in pending if job.startswith("evaluation") or "oracle" in job}
    assert "paper_table rotation" not in pending


@pytest.mark.slow
def test_every_verb_makes_what_its_rule_declares(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.root / "bin/ifrp").unlink()
    weights = "src/ifrp/weights"
    shutil.copytree(ROOT / weights, project.root / weights, dirs_exist_ok=True)
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
    assert {"evaluation_quality ifrp", "evaluation_identity ifrp evaluator"} <= pending
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
    told = edited.plan()
    applied = next(part for part in told.split("rule recovery_apply:")[1:] if "experiment=gatys" in part)
    assert "data/faces/train.npy" in applied.split("output:")[0]


def test_own_portraits_become_a_figure(edited: Project, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/sketch.png").touch()
    edited.edit(paper={"own": str(tmp_path / "mine")})
    assert "paper_figure own" in edited.pending()
    told = edited.plan().split("name=own")[0].split("rule paper_figure:")[-1]
    assert f"{tmp_path}/mine/sketch.png, src/ifrp/weights/ifrp-plus.safetensors" in told


def test_a_change_of_one_figure_or_table_makes_no_other(edited: Project) -> None:
    showing = {"paper_pdf paper", *(f"paper_notebook {path.stem}" for path in ROOT.glob("notebooks/*.ipynb"))}
    edited.edit(paper={"worst": 5})
    assert edited.pending() == {"paper_figure worst", *showing}
    edited.edit(paper={"worst": 12})
    edited.append("src/ifrp/paper/figures/angles.py", "\nANOTHER = 1\n")
    edited.append("src/ifrp/paper/tables/exposure.py", "\nANOTHER = 1\n")
    assert edited.pending() == {"paper_figure angles", "paper_table exposure", *showing}


def test_the_drawn_network_follows_the_code_of_its_method(edited: Project) -> None:
    edited.append("src/ifrp/recovery/networks/dn.py", "\nANOTHER = 1\n")
    figures = {job for job in edited.pending("results/paper/figures/network.png") if "figure" in job}
    assert figures == {"paper_figure network"}


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
    assert "evaluation_identity ifrp evaluator" in pending
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


def test_gpu_is_asked_for_only_if_there_is_one(made: Project) -> None:
    told = made.plan("--forcerun", "styles_train", "--config", "runtime={device: cuda}")
    assert "gpu=1" in told
    assert "gpu=1" not in made.plan("--forcerun", "styles_train", "--config", "runtime={device: cpu}")


def test_a_dry_run_counts_jobs_and_tells_of_each_when_asked(made: Project) -> None:
    told = made.make("--dryrun", "--forceall")
    assert re.search(r"^recovery_train +\d+$", told, re.MULTILINE)
    assert len(told.splitlines()) < 100
    assert "reason: Forced execution" in made.plan("--forceall")


def test_report_holds_all_that_is_shown(made: Project) -> None:
    """`snakemake --report`: the document, figures, tables and notebooks, each with a caption and one label; a first page."""
    made.make("--report", "report.zip")
    with zipfile.ZipFile(made.root / "report.zip") as archive:
        kept = set(archive.namelist())
        page = archive.read("report/report.html").decode()
    results, _ = json.JSONDecoder().raw_decode(page.split("var results = ")[-1])
    compared = [
        str(paths.table(name, "html")) for name, of in tables.every().items() if of.document == "paper"
    ]
    drawn = [str(paths.figure(name)) for name in figures.every() if name != "own"]
    executed = [str(paths.executed(path.stem)) for path in ROOT.glob("notebooks/*.ipynb")]
    assert set(results) == {
        *compared,
        *drawn,
        *executed,
        str(paths.STYLE_SHEET),
        str(paths.document("paper")),
    }
    assert results[str(paths.table("quality", "html"))]["labels"] == {"table": "quality"}
    first, _ = json.JSONDecoder().raw_decode(page.split("var workflow_desc = ")[-1])
    assert "rendered pictures of people who do not exist, with the systems input, ifrp." in " ".join(
        first.split()
    )
    for name in ("teaser.png", "quality.html", "identity.html", "paper.pdf"):
        assert re.search(f'<a [^>]*href="javascript:app.showResultInfo[^>]*>{name}</a>', first)
    assert "system-message" not in page  # what docutils writes where a text does not fit
    for path, result in results.items():
        assert result["caption"], path
        assert len(result["labels"]) == 1  # more make the list wider than what it lists
        assert f"report/{result['data_uri']}" in kept
