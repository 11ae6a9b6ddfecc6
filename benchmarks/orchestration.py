"""What a run spends around its work: starting processes, finding that there is nothing to do, waiting.

`python benchmarks/orchestration.py` in the folder of the project, whose run must have finished. What commands take is processor
time, beside that of workflows with as many rules, jobs and files that know nothing of this package, or of an import alone.
What a run took is told by its own records: Snakemake's of when a job began and its outputs were there, and the seconds of work
on the cards of these outputs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common import Figure, alternating, machine, report

RECORDS = Path(".snakemake/metadata")
PAUSE = 60.0
"""seconds without any job after which what follows is another run"""
IN_TURN = ("faces_warp", "recovery_apply")
"""rules whose jobs make one artifact after the other; what others make, they make at once"""
SNAKEMAKE = ("-m", "snakemake", "--cores", "1", "--dryrun")
STARTS = {
    "start of ifrp --help": ("-m", "ifrp", "--help"),
    "start of ifrp paper table": (
        "-c",
        "import ifrp.cli, ifrp.paper.tables, ifrp.paper.tables.table, pandas",
    ),
    "start of ifrp portraits make": ("-c", "import ifrp.cli, ifrp.portraits.stylise, pandas"),
}
"""what a process does before it begins to work"""
SNAKEFILE = """import json
jobs = json.load(open("jobs.json"))
rule all:
    input: [file for of in jobs.values() for files, _ in of.values() for file in files]
for _rule, _of in jobs.items():
    rule:
        name: _rule
        input: lambda wildcards, of=_of: of[wildcards.job][1]
        output: [f"{_rule}/{{job}}.{number}" for number in range(len(next(iter(_of.values()))[0]))]
        shell: "touch {output}"
"""


@dataclass
class Job:
    """One job of a finished run.

    Attributes:
        rule: its rule.
        start: when Snakemake started it, in seconds.
        end: when the last of its outputs was there.
        inputs: files that it needed.
        outputs: files that it made.
    """

    rule: str
    start: float
    end: float
    inputs: list[str]
    outputs: list[str] = field(default_factory=list)

    def work(self) -> float:
        """Seconds for which its cards say that it was at work."""
        cards = (json.loads(Path(path).read_text()) for path in self.outputs if path.endswith(".json"))
        told = [float(card["seconds"]) for card in cards]
        return (sum if self.rule in IN_TURN else max)(told or [0.0])


def covered(spans: Iterable[tuple[float, float]], pause: float) -> float:
    """Length of the union of some spans, gaps of up to `pause` included."""
    length, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        begin = start if start - reached > pause else reached
        length += max(0.0, end - begin)
        reached = max(reached, end)
    return length


def jobs() -> list[Job]:
    """The jobs of which Snakemake has records here."""
    found: dict[tuple[str, str], Job] = {}
    for file in sorted(path for path in RECORDS.rglob("*") if path.is_file()):
        record = json.loads(file.read_text())
        name = "".join(part.removeprefix("@") for part in file.relative_to(RECORDS).parts)
        key = (record["rule"], str(record["log"]))
        job = found.setdefault(
            key, Job(record["rule"], record["starttime"], record["endtime"], record["input"])
        )
        job.end = max(job.end, record["endtime"])
        job.outputs.append(urlsafe_b64decode(name).decode())
    return list(found.values())


def threads() -> dict[str, int]:
    """Cores that a rule asks for, where it is more than one."""
    rules = "".join(path.read_text() for path in sorted(Path("workflow/rules").glob("*.smk")))
    found: dict[str, int] = {}
    rule = ""
    for name, count in re.findall(r"^rule (\w+):|^    threads: (\d+)", rules, re.MULTILINE):
        rule = name or rule
        if count:
            found[rule] = int(count)
    return found


def finished(found: Sequence[Job], cores: int) -> list[Figure]:
    """What the finished run took, and what of it was work."""
    if not found:
        return []
    on, asked = machine(), threads()
    taken, worked, count = (
        defaultdict[str, float](float),
        defaultdict[str, float](float),
        defaultdict[str, int](int),
    )
    for job in found:
        share = min(cores, asked.get(job.rule, 1))
        taken[job.rule] += share * (job.end - job.start)
        worked[job.rule] += share * job.work()
        count[job.rule] += 1
    if sum(taken.values()) < sum(worked.values()):
        print("The records of this run are those of `snakemake --touch`, so they tell nothing of its jobs.")
        return []
    whole = cores * covered([(job.start, job.end) for job in found], PAUSE)
    figures = [
        Figure(
            f"jobs of {rule}",
            "core seconds",
            taken[rule],
            on,
            note=f"{count[rule]} jobs, {worked[rule]:.1f} s of work",
        )
        for rule in sorted(taken, key=lambda rule: -taken[rule])
    ]
    parts = {
        "work of all jobs": sum(worked.values()),
        "processes around the work": sum(taken.values()) - sum(worked.values()),
        "waiting, and between jobs": whole - sum(taken.values()),
    }
    figures += [Figure(what, "core seconds", value, on) for what, value in parts.items()]
    lost = 100 * (1 - parts["work of all jobs"] / whole)
    return [*figures, Figure("orchestration", "% of the run", lost, on, note=f"of {whole:.0f} core seconds")]


def run(folder: Path, *arguments: str) -> None:
    """Runs Python in a folder; what it prints is not shown.

    Raises:
        CalledProcessError: it failed.
    """
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True, capture_output=True)


def seconds() -> float:
    """Processor time of all processes that were waited for."""
    spent = os.times()
    return spent.children_user + spent.children_system


def bare_snakemake(folder: Path, found: Sequence[Job]) -> None:
    """Lays out a workflow with the rules, jobs and files of another, all of them made, and nothing in any."""
    names = {
        output: f"{job.rule}/{place}.{number}"
        for place, job in enumerate(found)
        for number, output in enumerate(sorted(job.outputs))
    }
    layout: dict[str, dict[str, tuple[list[str], list[str]]]] = defaultdict(dict)
    for place, job in enumerate(found):
        needs = [names.setdefault(path, f"sources/{len(names)}") for path in job.inputs]
        layout[job.rule][str(place)] = ([names[path] for path in sorted(job.outputs)], needs)
    for name in names.values():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "jobs.json").write_text(json.dumps(layout))
    (folder / "Snakefile").write_text(SNAKEFILE)
    run(folder, "-m", "snakemake", "--cores", "1", "--touch", "--forceall")


def bare_dvc(folder: Path, found: Sequence[Job]) -> None:
    """Lays out as many stages, each with the files of one and the folder of the one before, all of them made."""
    stages: dict[str, list[Job]] = defaultdict(list)
    for job in found:
        stages[job.rule.split("_")[0]].append(job)
    lines, before = ["stages:"], ""
    for name, members in stages.items():
        made = folder / name
        made.mkdir(parents=True)
        for number, _ in enumerate(output for job in members for output in job.outputs):
            (made / str(number)).write_text(f"{name} {number}")
        lines += [
            f"  {name}:",
            "    cmd: 'true'",
            *([f"    deps: [{before}]"] if before else []),
            f"    outs: [{name}]",
        ]
        before = name
    (folder / "dvc.yaml").write_text("\n".join(lines) + "\n")
    run(folder, "-m", "dvc", "init", "--no-scm", "--quiet")
    run(folder, "-m", "dvc", "commit", "--force", "--quiet")


@dataclass(frozen=True)
class Command:
    """A run of Python.

    Attributes:
        name: what to call it.
        arguments: of Python.
        folder: where it runs.
    """

    name: str
    arguments: tuple[str, ...]
    folder: Path = Path()

    def run(self) -> None:
        """Runs it."""
        run(self.folder, *self.arguments)


def commands(bare: Path, found: Sequence[Job]) -> list[tuple[Command, Command]]:
    """What is measured, and its peers; those of Snakemake and DVC, of which a run must be there, are laid out in a folder."""
    peer = Command("python -c 'import torch'", ("-c", "import torch"))
    pairs = [(Command(name, arguments), peer) for name, arguments in STARTS.items()]
    if found:
        bare_snakemake(bare / "snakemake", found)
        peer = Command("the same of a bare workflow", SNAKEMAKE, bare / "snakemake")
        pairs.append((Command("snakemake --dryrun", SNAKEMAKE), peer))
    if found and Path(".dvc").is_dir():
        bare_dvc(bare / "dvc", found)
        for verb in ("status", "repro"):
            arguments = ("-m", "dvc", verb)
            pairs.append(
                (
                    Command(f"dvc {verb}", arguments),
                    Command("the same of bare stages", arguments, bare / "dvc"),
                )
            )
    return pairs


def compared(pairs: Sequence[tuple[Command, Command]], rounds: int) -> Iterator[Figure]:
    """Processor time of commands here, each beside that of its peer, in alternating rounds."""
    for ours, peer in pairs:
        took = alternating({"ours": ours.run, "peer": peer.run}, rounds, seconds)
        ratio = took["peer"] / took["ours"]
        yield Figure(
            ours.name, "s of processor time", took["ours"], machine(), peer.name, took["peer"], ratio
        )


def main() -> None:
    """Prints what commands with nothing to do take, and what the finished run took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="of each command, after one that is not counted"
    )
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="that the finished run had")
    parser.add_argument("--output", type=Path, help="CSV file for the figures")
    options = parser.parse_args()
    found = jobs()
    with tempfile.TemporaryDirectory() as folder:
        figures = [*compared(commands(Path(folder), found), options.rounds), *finished(found, options.cores)]
    report(figures, options.output)


if __name__ == "__main__":
    main()
