"""Kills a whole run at random moments, again and again, and compares what comes out with a run that nobody disturbed.

`python benchmarks/kills.py FOLDER` makes copies of the last commit in FOLDER: one that runs through, one that Snakemake runs
and one that DVC does. Those two are killed, with everything that they started, by SIGKILL, SIGTERM and SIGINT in turn, and
started again after `snakemake --unlock`, until they were killed often enough; then they run to their ends. After each kill
it is compared what was finished before: nothing of it may be missing or another. (`dvc repro` empties the folders of the stage
that was interrupted, so under DVC that goes for the other stages.) In the end all files that do not tell times must be
those of the undisturbed run, byte by byte, and no hidden part of a file may be left. FOLDER/kills.csv says of each kill what
happened; the exit code is 1 if something was lost.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ifrp.artifacts import PART

ROOT = Path(__file__).parents[1]
PLACES = ("data", "models", "results")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
PATIENCE = 300  # seconds in which a run has to end that was told to
TIMED = re.compile(r"\.json$|/(timing|cost)\.\w+$|/dvclive/|\.pdf$|\.html$")
"""files that tell how long something took, and documents that show them"""
COLUMNS = ("tool", "kill", "signal", "seconds", "under_way", "finished", "lost", "made_again", "parts")


class Copy:
    """A copy of the project.

    Args:
        root: its folder, made anew.
        config: what its config/config.yaml is to be; none: as committed.
        cores: that it may use.
    """

    def __init__(self, root: Path, config: Path | None, cores: int) -> None:
        self.root, self.cores = root, cores
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(root)], check=True)
        if config is not None:
            shutil.copy(config, root / "config/config.yaml")
            self._output(sys.executable, "-m", "ifrp.dvcfile")
        self.log = root.with_suffix(".log")
        self.log.write_text("")
        stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
        self.stages = {name: tuple(stage["outs"]) for name, stage in stages.items()}

    def start(self, tool: str) -> subprocess.Popen[str]:
        """A run of everything, in a session of its own."""
        command = {
            "snakemake": ["snakemake", "--cores", str(self.cores)],
            "dvc": ["dvc", "repro"],
        }[tool]
        self._output("snakemake", "--unlock")
        with self.log.open("a") as log:
            return subprocess.Popen(
                command, cwd=self.root, env=self._environment(), stdout=log, stderr=log, text=True,
                start_new_session=True,
            )  # fmt: skip

    def finish(self, tool: str) -> float:
        """A run to its end; returns its seconds.

        Raises:
            SystemExit: it failed.
        """
        began = time.monotonic()
        if code := self.start(tool).wait():
            sys.exit(f"{tool} ended with {code}: see {self.log}")
        return time.monotonic() - began

    def under_way(self) -> set[str]:
        """Files whose jobs Snakemake has begun and not ended."""
        marks = [path for path in (self.root / ".snakemake/incomplete").glob("*") if path.is_file()]
        return {urlsafe_b64decode(mark.name).decode() for mark in marks}

    def stage(self) -> str | None:
        """The stage that DVC ran last."""
        named = re.findall(r"Running stage '(\w+)'", self.log.read_text(errors="replace"))
        return named[-1] if named else None

    def parts(self) -> list[str]:
        """What an interrupted process may have left: hidden parts, and checkpoints of trainings."""
        found = (path for place in (*PLACES, "checkpoints") for path in (self.root / place).rglob("*"))
        return [str(path) for path in found if PART.match(path.name) or path.parent.name == "checkpoints"]

    def _environment(self) -> dict[str, str]:
        outer = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "IFRP_"))}
        beside = [str(Path(sys.executable).parent), outer["PATH"]]
        return {**outer, "PATH": os.pathsep.join(beside), "PYTHONPATH": str(self.root / "src")}

    def _output(self, *command: str) -> str:
        return subprocess.run(
            command, cwd=self.root, env=self._environment(), check=False, capture_output=True, text=True
        ).stdout


def artifacts(root: Path) -> dict[str, Path]:
    """All files that a run made, by name."""
    files = (path for place in PLACES for path in (root / place).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path for path in files}


def hashes(root: Path) -> dict[str, str]:
    """Of every file that does not tell times: the hash of what does not."""
    return {name: essence(path) for name, path in artifacts(root).items() if not TIMED.search(name)}


def essence(path: Path) -> str:
    """A hash of a file; of a table without its column of seconds."""
    content = path.read_bytes()
    if path.suffix == ".csv" and b"seconds" in content.partition(b"\n")[0]:
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        content = repr([{key: row[key] for key in row if key != "seconds"} for row in rows]).encode()
    return hashlib.sha256(content).hexdigest()


def kill(run: subprocess.Popen[str], number: int) -> None:
    """Sends a signal to a run and all that it started, and waits until none of them is there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, number)
    try:
        run.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    for _ in range(50):  # what it started may take a moment longer
        try:
            os.killpg(run.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)


def moments(kills: int, longest: float, draw: random.Random) -> Iterator[tuple[float, signal.Signals]]:
    """When each run is killed, in seconds after its start, and by what."""
    for number in range(kills):
        yield draw.uniform(0, longest), SIGNALS[number % len(SIGNALS)]


def disturbed(copy: Copy, tool: str, kills: int, longest: float, seed: int) -> Iterator[dict[str, Any]]:
    """Runs a copy under a tool and kills it; a row for each kill. Where a run ended before that, another begins from nothing."""
    done = dict[str, tuple[str, float]]()
    for number, (seconds, how) in enumerate(moments(kills, longest, random.Random(seed)), start=1):
        run, began = copy.start(tool), time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            if run.wait(timeout=seconds):
                sys.exit(f"{tool} ended by itself with an error: see {copy.log}")
        ended = run.poll() is not None
        kill(run, how)
        waiting, emptied = copy.under_way(), copy.stages.get(copy.stage() or "", ()) if tool == "dvc" else ()
        there = {
            name: (essence(path), path.stat().st_mtime)
            for name, path in artifacts(copy.root).items()
            if name not in waiting and not PART.match(path.name)
        }
        kept = {name: of for name, of in done.items() if not name.startswith(emptied or ("\0",))}
        lost = [name for name, (what, _) in kept.items() if there.get(name, ("", 0))[0] != what]
        again = [name for name, (_, when) in kept.items() if name in there and there[name][1] != when]
        lost = [name for name in lost if not TIMED.search(name) or name not in there]
        yield {
            "tool": tool, "kill": number, "signal": "ended before" if ended else how.name,
            "seconds": round(time.monotonic() - began, 1), "under_way": " ".join(sorted(waiting)[:3]),
            "finished": len(there), "lost": " ".join(lost), "made_again": len(again), "parts": len(copy.parts()),
        }  # fmt: skip
        done = there
        if ended:
            for place in (*PLACES, ".snakemake", ".dvc/cache", ".dvc/tmp"):
                shutil.rmtree(copy.root / place, ignore_errors=True)
            done = {}


def compared(copy: Copy, undisturbed: Path, tool: str) -> dict[str, Any]:
    """The last row: what differs in the end."""
    ours, theirs = hashes(copy.root), hashes(undisturbed)
    other = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    absent = artifacts(undisturbed).keys() - artifacts(copy.root).keys()
    return {
        "tool": tool, "kill": "end", "signal": "", "seconds": "", "under_way": "", "finished": len(ours),
        "lost": " ".join([*other, *sorted(absent - set(other))]), "made_again": "", "parts": len(copy.parts()),
    }  # fmt: skip


def main() -> None:
    """Runs all three copies and writes kills.csv."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the copies go; takes some GB")
    parser.add_argument("--tool", choices=("snakemake", "dvc"), action="append", help="[default: both]")
    parser.add_argument("--kills", type=int, default=20, help="of each tool's run [default: 20]")
    parser.add_argument(
        "--config", type=Path, help="instead of config/config.yaml: benchmarks/kills.yaml is small"
    )
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--against", type=Path, help="a finished run of this commit and configuration [default: one is made]"
    )
    parser.add_argument(
        "--longest", type=float, help="seconds before a kill, at most [default: by the undisturbed run]"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.against and not given.longest:
        parser.error("with --against, --longest must be given")
    # What a background shell ignores, its children do, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    given.folder.mkdir(parents=True, exist_ok=True)
    folder = given.folder.resolve()
    undisturbed, took = given.against or folder / "undisturbed", 0.0
    if given.against is None:
        took = Copy(undisturbed, given.config, given.cores).finish("snakemake")
    print(f"undisturbed: {took:.0f} seconds, {len(hashes(undisturbed))} files to compare", flush=True)
    failed = 0
    with (folder / "kills.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for tool in given.tool or ("snakemake", "dvc"):
            # Under Snakemake the kills are spread over one run. DVC begins an interrupted stage anew, so it gets longer.
            share = 2 / given.kills if tool == "snakemake" else 0.5
            copy = Copy(folder / tool, given.config, given.cores)
            for row in disturbed(copy, tool, given.kills, given.longest or share * took, given.seed):
                failed += bool(row["lost"])
                table.writerow(row)
                file.flush()
                print(*row.values(), sep="  ", flush=True)
            copy.finish(tool)
            row = compared(copy, undisturbed, tool)
            failed += bool(row["lost"] or row["parts"])
            table.writerow(row)
            print(*row.values(), sep="  ", flush=True)
    sys.exit(f"{failed} times something was lost" if failed else 0)


if __name__ == "__main__":
    main()
