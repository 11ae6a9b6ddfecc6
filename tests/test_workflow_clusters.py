"""What jobs ask of a cluster, by comparison with what they were measured to take, and the profile for Slurm."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from workflow_project import ROOT, Project

from ifrp.workflow.run import Run

PROFILE = ROOT / "profiles/slurm/profile.yaml"
PRESETS = ("config", "photos", "gpu", "paper")
DAY = 24 * 60


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the project's folder, on a login node: without a GPU; photographs and weights are as if they lay there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("ifrp.workflow.run.check", lambda config, looks: None)


def rules() -> dict[str, str]:
    """The text of each rule that runs a command."""
    texts = "\n".join(path.read_text() for path in sorted(ROOT.glob("workflow/rules/*.smk")))
    found = re.findall(r"^rule (\w+):\n((?:(?: .*)?\n)*)", texts, re.MULTILINE)
    return {name: text for name, text in found if "shell:" in text}


def submitted() -> list[str]:
    return [name for name, text in rules().items() if "localrule: True" not in text]


def asked(run: Run, rule: str, job: dict[str, str], attempt: int = 1) -> dict[str, int]:
    """What a job asks for."""
    given, wildcards = run.resources(rule), SimpleNamespace(**job)
    return {
        "gpu": given["gpu"](wildcards),
        "mem_mb": given["mem_mb"](wildcards, attempt),
        "runtime": given["runtime"](wildcards, attempt),
    }


def jobs(run: Run) -> list[tuple[str, dict[str, str]]]:
    """A job, or more, of each rule that is submitted."""
    some: dict[str, list[dict[str, str]]] = {
        "faces_warp": [{"warp": name} for name in run.config.faces.warps],
        "portraits_make": [{"split": split, "style": style} for split, style in run.portraits],
        "portraits_warp": [{"split": "train", "style": "", "warp": name} for name in run.config.faces.warps],
        "recovery_recogniser": [{"name": name} for name in run.recognisers],
        "recovery_train": [{"experiment": name} for name in run.every if run.every[name].trained],
    }
    experiment = {"recovery_apply", "evaluation_quality", "evaluation_identity"}
    each = [{"experiment": name, "name": run.evaluator} for name in run.every]
    return [
        (rule, job) for rule in submitted() for job in some.get(rule, each if rule in experiment else [{}])
    ]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_job_has_memory_and_time_that_a_common_partition_has(preset: str) -> None:
    run = Run({"preset": preset, "runtime": {"device": "cuda"}})
    for rule, job in jobs(run):
        found = asked(run, rule, job)
        assert 1_000 <= found["mem_mb"] <= 16_000, (rule, job, found)
        assert 10 <= found["runtime"] <= DAY, (rule, job, found)
        again = asked(run, rule, job, 2)
        assert (again["mem_mb"], again["runtime"]) == (2 * found["mem_mb"], 2 * found["runtime"])
        assert again["gpu"] == found["gpu"]


def test_what_runs_networks_asks_for_gpus_and_nothing_else_does() -> None:
    run = Run({"preset": "paper", "runtime": {"device": "cuda", "devices": 4}})
    for rule, job in jobs(run):
        given = rule == "recovery_recogniser"  # by published weights
        count = 0 if rule.startswith("faces_") or given else 4 if rule == "recovery_train" else 1
        assert asked(run, rule, job)["gpu"] == count, (rule, job)


def test_what_runs_on_the_login_node_asks_for_no_device() -> None:
    """There is no GPU where `runtime.device` may ask for one."""
    for path in (*ROOT.glob("src/ifrp/paper/**/*.py"), *ROOT.glob("notebooks/*.ipynb")):
        assert "config.runtime" not in path.read_text(), path


@pytest.mark.parametrize(
    ("device", "here", "gpus"), [("auto", False, 0), ("auto", True, 1), ("cpu", True, 0), ("cuda", False, 1)]
)
def test_gpus_are_asked_for_by_the_configuration_or_the_machine(
    device: str, here: bool, gpus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/nvidia-smi" if here else None)
    run = Run({"runtime": {"device": device}})
    assert asked(run, "recovery_train", {"experiment": "ifrp"})["gpu"] == gpus
    assert asked(run, "recovery_recogniser", {"name": "evaluator"})["gpu"] == gpus


def measured(kind: str) -> dict[str, int]:
    """Seconds or MB of each step of the default run, as docs/reproduce.md quotes them: of all jobs, or of the largest."""
    text = (ROOT / "docs/reproduce.md").read_text()
    return {rule: int(found) for found, rule in re.findall(rf"(\d+)<!--step\.(\w+)\.{kind}-->", text)}


def test_the_default_run_took_less_than_its_jobs_ask_for() -> None:
    run = Run({})
    seconds, memory = measured("seconds"), measured("memory")
    assert len(seconds) == len(memory) == 9
    for rule, took in memory.items():
        found = [asked(run, rule, job) for name, job in jobs(run) if name == rule]
        assert 1.5 * took < max(job["mem_mb"] for job in found) < 5_000, rule
        assert 2 * seconds[rule] < 60 * sum(job["runtime"] for job in found), rule


@pytest.mark.parametrize(("preset", "device"), [("photos", "cpu"), ("gpu", "cuda"), ("config", "cpu")])
def test_trainings_took_less_time_than_they_ask_for(preset: str, device: str) -> None:
    """As docs/results tells; those on the GPU shared it with eleven others."""
    run = Run({"preset": preset, "runtime": {"device": device}})
    with (ROOT / "docs/results" / {"config": "default"}.get(preset, preset) / "timing.csv").open() as file:
        took = {row["experiment"]: float(row["training_seconds"] or 0) for row in csv.DictReader(file)}
    trained = {name: seconds for name, seconds in took.items() if seconds}
    assert len(trained) > 4
    for name, seconds in trained.items():
        given = 60 * asked(run, "recovery_train", {"experiment": name})["runtime"]
        assert seconds < given < 40 * seconds + 2_000, name


def test_local_rules_and_submitted_ones() -> None:
    for name, text in rules().items():
        assert ("localrule: True" in text) != (f'**run.resources("{name}")' in text), name
    local = set(rules()) - set(submitted())
    assert {"faces_download", "styles_artwork", "evaluation_summary", "paper_table", "paper_figure"} <= local
    assert Run({"preset": "paper"}).recognisers_given, "downloads where there is internet"
    assert not Run({}).recognisers_given


@pytest.mark.slow
def test_a_dry_run_tells_what_each_job_asks_for(tmp_path: Path) -> None:
    found = Project(tmp_path)
    told = found.plan("--config", "runtime={device: cuda, devices: 2}", "--resources", "gpu=8")
    assert re.search(r"rule recovery_train:\n(?: .*\n)*    resources: .*gpu=2, runtime=\d+, mem_mb=\d+", told)
    assert re.search(r"rule faces_render:\n(?: .*\n)*    resources: .*gpu=0, runtime=\d+, mem_mb=2000", told)


def profile() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(PROFILE.read_text())
    return found


def test_the_profile_leaves_to_sites_what_they_know() -> None:
    """And has what Slurm needs, whatever a login node has."""
    known = profile()
    assert not {"default-resources", "set-resources", "resources", "cores"} & set(known)
    assert (known["executor"], known["retries"], known["slurm-status-command"]) == ("slurm", 1, "squeue")
    assert known["slurm-no-requeue"]
    assert known["keep-incomplete"], "or the model goes whose training refused the job that failed"
    assert "rules" not in known["quiet"]
    default: dict[str, Any] = yaml.safe_load((ROOT / "profiles/default/profile.yaml").read_text())
    for key in ("scheduler", "rerun-incomplete", "rerun-triggers", "show-failed-logs"):
        assert known[key] == default[key]


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("snakemake_executor_plugin_slurm") is None,
    reason="the extra slurm is not installed",
)
def test_snakemake_takes_the_profile(tmp_path: Path) -> None:
    found = Project(tmp_path)
    command = ("snakemake", "--dryrun", "--workflow-profile", "profiles/slurm")
    done = found.run(*command)
    assert done.returncode == 0, done.stderr
    assert "recovery_train" in done.stdout + done.stderr
    assert "unrecognized" in found.run(*command, "--slurm-no-such-option").stderr
