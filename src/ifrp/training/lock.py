"""One training writes one checkpoint: a lock beside it, with a heartbeat, which a training that was killed cannot keep."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import LeaseSettingsMismatch, SoftFileLease, Timeout

from ifrp.errors import IfrpError

BEAT, PATIENCE = 10.0, 120.0
"""seconds between two signs of life, and without one after which a training on another machine is given up for dead"""


def place(path: Path) -> Path:
    """The lock of a checkpoint."""
    return path.with_name(f"{path.name}.lock")


@contextmanager
def held(path: Path, name: str) -> Iterator[Callable[[], None]]:
    """Holds the lock of a checkpoint while the block runs, whatever ends it.

    The lock of a process of this machine that is dead is taken over at once, and any other once it has shown no sign of life
    for a while. A sign of life is a change of the file's time, so clocks of machines need not agree.

    Args:
        path: of the checkpoint.
        name: of the training, for messages.

    Yields:
        A function that raises an IfrpError if another process has taken the lock over since: this one was halted for long.

    Raises:
        IfrpError: another process trains; the sentence says where.
        OSError: the lock cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lease = SoftFileLease(place(path), lease_duration=PATIENCE, heartbeat_interval=BEAT)
    try:
        lease.acquire(timeout=2 * PATIENCE, poll_interval=BEAT / 10, cancel_check=_pulse(place(path)))
    except (Timeout, LeaseSettingsMismatch):
        raise IfrpError(_refusal(path, name, lease)) from None

    def require() -> None:
        if lease.compromise:
            raise IfrpError(
                f"Training of {name} stopped: this process showed no sign of life for {PATIENCE:.0f} seconds, so another took "
                f"over its lock ({place(path)}) and goes on from the last checkpoint."
            )

    try:
        if job := os.environ.get("SLURM_JOB_ID"):
            with place(path).open("a") as file:
                file.write(f"job={job}\n")  # readers of the lock pass over keys that they do not know
        yield require
    finally:
        lease.release()


def _pulse(file: Path) -> Callable[[], bool]:
    """A function that says whether the lock has shown a sign of life since it was first called."""
    times: list[int] = []

    def beats() -> bool:
        try:
            with file.open("rb") as opened:  # a network drive looks for news when a file is opened
                seen = os.fstat(opened.fileno()).st_mtime_ns
        except OSError:
            return False  # it was just released
        if not times:
            sys.stderr.write(
                f"ifrp: Waiting {PATIENCE:.0f} seconds at most for a sign of life of who holds {file}.\n"
            )
        times.append(seen)
        return times[-1] != times[0]

    return beats


def _refusal(path: Path, name: str, lease: SoftFileLease) -> str:
    try:
        found = re.search(r"^job=(\S+)$", place(path).read_text(), re.MULTILINE)
    except OSError:
        found = None
    owner = lease.owner
    process = f"process {owner.pid} on {owner.hostname.partition('?')[0]}" if owner else "another process"
    who = f"Slurm job {found[1]}, {process}" if found else process
    stop = f"scancel {found[1]}" if found else f"kill {owner.pid}" if owner else f"rm {place(path)}"
    return (
        f"The training of {name} is under way already ({who}), and two would write one checkpoint ({path}): wait for its end, or "
        f"stop it with `{stop}`, after which the same command goes on from where it was."
    )
