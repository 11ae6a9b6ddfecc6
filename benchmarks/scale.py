"""The paper's own scale through the real workflow, on a made-up CelebA.

`python benchmarks/scale.py FOLDER --faces 10000 30000 110000` makes in FOLDER a copy of the last commit for each number of
training faces, with a release of CelebA of its official size and layout, and runs `preset: paper` there, as
benchmarks/scale.yaml changes it: all rules and all pictures, but networks are narrow and trainings are a few steps, which
cost the same whatever the number of faces. The download alone is left out, for made-up pictures have other checksums. It
tells, rule by rule, seconds of processor time, the private memory of the largest job (pages of mapped files, which the
system takes back when it needs them, are not private), and what lies on the disk; small rules are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
from celeba import COUNT, release
from common import Figure, private, report

from ifrp import provenance
from ifrp.config import CelebAFaces
from ifrp.faces.celeba import needed

ROOT = Path(__file__).parents[1]
CELEBA = CelebAFaces()
LEAST = 15
"""seconds of processor time from which a rule is told of"""
PAUSE = 0.2
"""seconds between two looks at all jobs"""
FOLDERS = ("data/faces", "data/styles", "data/portraits", "models", "results")


@dataclass
class Job:
    """A process of a verb: its rule, seconds of processor time, and most private memory in bytes, as far as it was seen."""

    rule: str
    processor: float = 0.0
    memory: int = 0


def main() -> None:
    """Prints, and writes if asked, what each number of faces costs."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    shared = options.folder / "celeba"
    if not shared.exists():
        release(shared, options.pictures)
    figures: list[Figure] = []
    for count in options.faces:
        root = options.folder / str(count)
        _copy(root, shared)
        figures += _figures(root, count, *_run(root, count, options.cores, options.target))
        if not options.keep:
            shutil.rmtree(root)
        report(sorted(figures, key=_place), options.output)


def _place(figure: Figure) -> tuple[bool, str]:
    """Where a figure stands: disk last, and the numbers of faces of one thing beside each other."""
    return figure.unit.startswith("MB"), figure.what.partition(",")[0]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where there is room: 400 kB a training face")
    parser.add_argument("--faces", type=int, nargs="+", default=[10_000], help="numbers of training faces")
    parser.add_argument("--pictures", type=int, default=COUNT, help="in the release")
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--target", nargs="+", default=["all"], help="parts of the workflow")
    parser.add_argument("--keep", action="store_true", help="leave what was made")
    parser.add_argument("--output", type=lambda name: Path(name).absolute(), help="a CSV")
    return parser.parse_args()


def _copy(root: Path, shared: Path) -> None:
    """The last commit, with links to the release, and the card of a download."""
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root)], check=True)
    shutil.rmtree(root / ".dvc")
    (root / CELEBA.folder).mkdir(parents=True)
    for file in shared.iterdir():
        os.link(file, root / CELEBA.folder / file.name)
    with contextlib.chdir(root), provenance.card(Path(CELEBA.folder, "img_align_celeba.json"), {}, 0):
        assert all(path.exists() for path in needed(CELEBA))


def _run(root: Path, count: int, cores: int, targets: Iterable[str]) -> tuple[list[Job], float]:
    """Runs the workflow; returns its jobs and seconds by the clock."""
    split = f"faces={{split: {{train: {count}, val: {max(1, count // 110)}, test: {max(1, count // 55)}}}}}"
    command = [
        sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", "benchmarks/scale.yaml",
        "--config", split, "--", *targets,
    ]  # fmt: skip
    outer = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "IFRP_"))}
    began = time.monotonic()
    with (root / "run.log").open("w") as log:
        run = subprocess.Popen(command, cwd=root, env=outer, stdout=log, stderr=log)
        jobs = _watched(psutil.Process(run.pid))
    if run.wait():
        sys.exit(f"snakemake ended with {run.returncode}: see {root / 'run.log'}")
    return jobs, time.monotonic() - began


def _watched(run: psutil.Process) -> list[Job]:
    """The jobs of a run, looked at until it ends."""
    jobs: dict[int, Job] = {}
    while run.is_running() and run.status() != psutil.STATUS_ZOMBIE:
        for process in run.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.pid not in jobs:
                    jobs[process.pid] = Job(_rule(process.cmdline()))
                job, times = jobs[process.pid], process.cpu_times()
                job.processor = times.user + times.system
                job.memory = max(job.memory, private(process))
        time.sleep(PAUSE)
    return [job for job in jobs.values() if job.rule]


def _rule(command: list[str]) -> str:
    """The rule of a process such as `python .venv/bin/ifrp faces prepare`, empty for others."""
    found = [place for place, word in enumerate(command[:2]) if Path(word).name == "ifrp"]
    return " ".join(command[found[0] + 1 : found[0] + 3]) if found else ""


def _figures(root: Path, count: int, jobs: list[Job], wall: float) -> list[Figure]:
    by_rule: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_rule[job.rule].append(job)
    own, faces = f"{provenance.processor()}, {os.cpu_count()} cores", f"{count:,} training faces"
    found = [Figure(f"the run, {faces}", "s", wall, own)]
    for rule, its in sorted(by_rule.items()):
        spent, most = sum(job.processor for job in its), max(job.memory for job in its)
        jobs_of_it = f"{len(its)} jobs, the largest" if len(its) > 1 else "one job,"
        note = f"{jobs_of_it} {most / 1e6:.0f} MB of private memory"
        if spent >= LEAST:
            found.append(Figure(f"{rule}, {faces}", "s of CPU", spent, own, note=note))
    for name in FOLDERS:
        size = sum(path.stat().st_size for path in (root / name).rglob("*") if path.is_file())
        if size:
            found.append(Figure(f"{name}, {faces}", "MB on disk", size / 1e6, own))
    return found


if __name__ == "__main__":
    main()
