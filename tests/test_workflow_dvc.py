"""Snakemake and DVC in step, whatever happens to the files, the parameters or the processes."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path

import pytest
import yaml
from workflow_project import ROOT, Project

KEPT = "models/recovery/ifrp.safetensors"


def changed(project: Project) -> set[str]:
    """The stages that `dvc status` names."""
    return set(json.loads(project.dvc("status", "--json")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with all its artifacts, of which both know."""
    found = Project(tmp_path_factory.mktemp("step") / "project")
    assert "DVC has recorded the results" in found.make()
    return found


def test_a_parameter_changed_and_changed_back(made: Project) -> None:
    """Both rerun the same; what DVC's run cache restores is right for Snakemake, and not for other parameters."""
    table, top = made.root / "results/paper/tables/quality.csv", made.configuration()["evaluation"]["top"]
    before = table.read_text()
    made.edit(evaluation={"top": top + 1})
    assert {job.split("_")[0] for job in made.pending()} == {"evaluation", "paper"}
    assert changed(made) == {"evaluation"}  # and what follows from its results, when they are there
    told = made.dvc("repro")
    assert re.findall(r"Running stage '(\w+)'", told) == ["evaluation", "paper"]
    assert made.pending() == set()
    assert table.read_text() != before
    made.edit(evaluation={"top": top})
    assert "is cached - skipping run" in made.dvc("repro")
    assert table.read_text() == before
    assert "Nothing to be done" in made.make()
    assert made.pending() == set()
    made.edit(evaluation={"top": top + 2})
    assert "evaluation_identity ifrp evaluator" in made.pending()
    made.edit(evaluation={"top": top})


def test_a_preset_that_extends_another(tmp_path: Path) -> None:
    """What the extended one says is followed, restored and compared as what is in the preset itself."""
    found = Project(tmp_path)
    other = "faces: {}\nstyles: {}\nportraits: {}\nrecovery: {}\npaper: {}\n"
    found.write("config/photos.yaml", f"evaluation: {{top: 3, faces: 9}}\n{other}")
    found.write("config/gpu.yaml", f"extends: photos\nevaluation: {{faces: 8}}\n{other}")
    found.edit(preset="gpu")
    assert "DVC has recorded the results" in found.make()
    found.restore()
    assert found.pending() == set()
    assert changed(found) == set()
    found.write("config/photos.yaml", f"evaluation: {{top: 4, faces: 9}}\n{other}")
    assert changed(found) == {"evaluation"}
    assert {job.split("_")[0] for job in found.pending()} == {"evaluation", "paper"}
    found.write("config/gpu.yaml", f"extends: config\nevaluation: {{faces: 8}}\n{other}")
    assert changed(found) == set(STAGES)
    found.edit(preset="config", evaluation={"top": 3, "faces": 8})
    found.write("config/photos.yaml", f"evaluation: {{top: 3, faces: 9}}\n{other}")
    assert found.pending() == set(), "the same settings, from other files"
    assert "DVC has recorded the results" in found.make()
    assert changed(found) == set()


@pytest.mark.slow
def test_parameters_metrics_and_plots_are_compared(tmp_path: Path) -> None:
    """`dvc exp run -S`, and what DVC says of the commit before it."""
    found = Project(tmp_path)
    found.make()
    found.commit()
    top = found.configuration()["evaluation"]["top"]
    told = found.dvc("exp", "run", "--set-param", f"config/config.yaml:evaluation.top={top + 1}")
    assert re.findall(r"Running stage '(\w+)'", told) == ["evaluation", "paper"]
    assert found.pending() == set()
    (params,) = json.loads(found.dvc("params", "diff", "--json")).values()
    assert params == {"evaluation.top": {"old": top, "new": top + 1, "diff": 1}}
    metrics = json.loads(found.dvc("metrics", "diff", "--json"))
    assert set(metrics) == {f"results/evaluation/{name}/metrics.yaml" for name in ("input", "ifrp")}
    assert all(change["unseen.frr"]["diff"] > 0 for change in metrics.values())
    plots = json.loads(found.dvc("plots", "diff", "--json"))["data"]
    assert set(plots) == {"training", "retrieval-seen", "retrieval-unseen", "retrieval-sketch"}
    for name, (plot,) in plots.items():
        rows = plot["content"]["data"]["values"]
        assert {row["rev"] for row in rows} == {"HEAD", "workspace"}, name
        assert len({row.get("filename") for row in rows}) == (1 if name == "training" else 2)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which anybody may read it, and nobody may write."""
    folder = tmp_path / "archive"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_clone_that_pulls_is_up_to_date(made: Project, tmp_path: Path, served: tuple[Path, str]) -> None:
    """By the commands of docs/archive.md: without any data nothing is left to do for the paper, and with them for nothing."""
    folder, address = served
    made.dvc("remote", "add", "--local", "keep", str(folder))
    made.dvc("push", "--quiet", "--remote", "keep")
    clone = made.clone(tmp_path / "clone")
    clone.dvc("remote", "add", "--local", "--default", "archive", address)
    page = (ROOT / "docs/archive.md").read_text()
    places = re.findall(r"^dvc pull (results.+)$", page, re.MULTILINE)[0].split()
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    assert set(places) == {out for stage in stages for out in stage["outs"] if not out.startswith("data/")}
    clone.dvc("pull", "--quiet", *places)
    assert not (clone.root / "data").exists()
    assert "Nothing to be done" in clone.make("paper")
    clone.dvc("pull", "--quiet")
    assert "up to date" in clone.dvc("status")
    assert "Nothing to be done" in clone.make()
    assert clone.pending() == set()
    assert (clone.root / KEPT).read_text() == (made.root / KEPT).read_text()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (KEPT, "edited"),
        ("results/paper/tables/quality.md", "cut off"),
        ("results/paper/tables/quality.tex", "gone"),
    ],
)
def test_damage_is_noticed_by_both(made: Project, name: str, damage: str) -> None:
    made.make()
    path = made.root / name
    before = path.read_text()
    if damage == "gone":
        path.unlink()
    else:
        path.write_text("other" if damage == "edited" else before[:5])
    assert changed(made)
    before_it, told = made.records(), made.make("--dryrun")
    assert made.records() == before_it
    assert f"{name} is not what was made" in told or (damage == "gone" and "paper_table" in told)
    made.make()
    assert path.read_text() not in ("other", before[:5])
    assert made.pending() == set()
    assert changed(made) == set()


def test_a_file_that_is_written_again_as_it_was_is_not_damage(made: Project) -> None:
    made.make()
    path = made.root / "results/paper/tables/quality.md"
    path.write_text(path.read_text())
    assert made.pending() == set()


STAGES = {
    "faces": "faces render", "styles": "styles train", "portraits": "portraits make",
    "recovery": "recovery train", "evaluation": "evaluation quality", "paper": "paper figure",
}  # fmt: skip


@pytest.mark.slow
def test_a_run_killed_in_each_stage_goes_on(tmp_path: Path) -> None:
    """What docs/known-issues.md says: `snakemake --unlock`, and `snakemake` again."""
    found = Project(tmp_path)
    finished: dict[Path, str] = {}
    signals = cycle([signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    for verb, number in zip(STAGES.values(), signals, strict=False):
        found.kill(found.start("snakemake", slow=verb), number)
        assert unchanged(finished)
        finished = found.finished()
        found.make("--unlock")
    assert "DVC has recorded the results" in found.make()
    assert unchanged(finished)
    assert changed(found) == set()


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["styles", "recovery", "paper"])
def test_a_stage_killed_under_dvc_goes_on(tmp_path: Path, stage: str) -> None:
    """The same two commands: `dvc repro` would empty the stage's folders first."""
    found = Project(tmp_path)
    found.kill(found.start("dvc", "repro", stage, slow=STAGES[stage]), signal.SIGKILL)
    finished = found.finished()
    found.make("--unlock")
    found.make()
    assert unchanged(finished)
    assert changed(found) == set()


def unchanged(finished: dict[Path, str]) -> bool:
    """Whether artifacts are still what they were."""
    return all(path.read_text() == text for path, text in finished.items())


@pytest.mark.slow
def test_a_first_run_in_a_clone_goes_on(made: Project, tmp_path: Path) -> None:
    """The clone has the dvc.lock of another run, and nothing in its cache: what is there was made, not restored."""
    found = made.clone(tmp_path / "clone")
    found.kill(found.start("snakemake", slow="recovery train"), signal.SIGKILL)
    finished = found.finished()
    found.make("--unlock")
    assert "restored" not in found.make()
    assert unchanged(finished)


@pytest.mark.parametrize("second", [("snakemake",), ("dvc", "repro")], ids=lambda tool: tool[0])
def test_a_second_run_says_that_there_is_a_first(tmp_path: Path, second: tuple[str, ...]) -> None:
    found = Project(tmp_path)
    first = found.start("snakemake", slow="faces render")
    try:
        done = found.run(*second)
    finally:
        found.kill(first, signal.SIGKILL)
    assert done.returncode != 0
    assert "cannot be locked" in done.stdout + done.stderr
