"""What a run spends around its work: a scheduler at rest, and the benchmark that measures the rest."""

from __future__ import annotations

import csv
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.cli import get_argument_parser
from snakemake.settings.types import SchedulingSettings
from workflow_project import BIN, ROOT, Project

from ifrp.workflow import scheduling


@pytest.mark.parametrize(
    ("asked", "stays"), [((), False), (("--max-jobs-per-timespan", "100/1m"), True)], ids=["default", "asked"]
)
def test_only_the_limit_that_nobody_asked_for_is_lifted(asked: tuple[str, ...], stays: bool) -> None:
    """The default is read from Snakemake's own command line, so that another one of a later version is noticed."""
    limit = get_argument_parser().parse_args(asked).max_jobs_per_timespan
    settings = SchedulingSettings(max_jobs_per_timespan=limit)
    scheduler = SimpleNamespace(job_rate_limiter=limit)
    scheduling.rest(SimpleNamespace(scheduling_settings=settings, scheduler=scheduler))
    assert (scheduler.job_rate_limiter is limit) == stays


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
def test_no_timers_gather_while_jobs_end(tmp_path: Path) -> None:
    """Each look of a limited scheduler leaves a timer, which is a thread; without, there are those that run jobs."""
    found = Project(tmp_path)
    cores, others = 2, 5
    run = found.start("snakemake", "--cores", str(cores), slow="evaluation summary")
    try:
        ended = len(list(tmp_path.glob("logs/**/*.log")))
        threads = len(list(Path(f"/proc/{run.pid}/task").iterdir()))
    finally:
        found.kill(run, signal.SIGKILL)
    assert threads <= 2 * (cores + others) < ended


@pytest.mark.slow
def test_the_benchmark_measures_a_finished_run(tmp_path: Path) -> None:
    found = Project(tmp_path)
    found.make()
    output = tmp_path / "figures.csv"
    script = str(ROOT / "benchmarks/orchestration.py")
    done = found.run(str(BIN / "python"), script, "--rounds", "1", "--output", str(output))
    assert done.returncode == 0, done.stderr
    with output.open() as file:
        rows = {row["what"]: row for row in csv.DictReader(file)}
    for command in ("snakemake --dryrun", "dvc status", "dvc repro"):
        ours, peer = float(rows[command]["value"]), float(rows[command]["peer_value"])
        assert ours > 0
        assert float(rows[command]["ratio"]) == pytest.approx(peer / ours)
    shares = ("work of all jobs", "processes around the work", "waiting, and between jobs")
    whole = sum(float(rows[what]["value"]) for what in shares)
    lost = float(rows["orchestration"]["value"])
    assert lost == pytest.approx(100 * (1 - float(rows["work of all jobs"]["value"]) / whole))
    assert found.pending() == set(), "nothing was touched"
