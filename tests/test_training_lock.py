"""Two processes never write one checkpoint, and one that was killed keeps nobody from it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_training import Falling, Poisoned
from training_project import told_to_stop

from ifrp import runtime
from ifrp.config import Runtime
from ifrp.errors import IfrpError
from ifrp.training import checkpoint, lock
from ifrp.training.loop import Loop

CHECKPOINT = Path("checkpoints/x.ckpt")
HOLDS = """
import sys, time
from pathlib import Path
from ifrp.training import lock
lock.BEAT, lock.PATIENCE = 0.1, 1.0
with lock.held(Path("checkpoints/x.ckpt"), "x"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setattr(lock, "BEAT", 0.1)
    monkeypatch.setattr(lock, "PATIENCE", 1.0)


@contextmanager
def another(**environment: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def left() -> list[Path]:
    return list(CHECKPOINT.parent.iterdir())


def loop(trainee: Falling) -> Loop:
    return Loop(trainee, runtime.fabric(Runtime(device="cpu")), CHECKPOINT, "this")


def test_a_second_training_is_refused_and_told_where_the_first_one_is() -> None:
    with another(SLURM_JOB_ID="4711") as first:
        told = (
            rf"training of falling is under way already \(Slurm job 4711, process {first.pid} on {socket.gethostname()}\), .*"
            r"\(checkpoints/x\.ckpt\): wait for its end, or stop it with `scancel 4711`, after which"
        )
        with pytest.raises(IfrpError, match=told):
            loop(Falling()).run()
        assert left() == [lock.place(CHECKPOINT)], "nothing was written"
        assert first.poll() is None
    assert left() == []
    loop(Falling()).run()
    assert left() == [CHECKPOINT]


def test_outside_slurm_the_process_is_what_to_stop() -> None:
    with another() as first, pytest.raises(IfrpError, match=rf"`kill {first.pid}`"):
        loop(Falling()).run()


def test_a_killed_training_of_this_machine_is_followed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 1000.0)
    with another() as first:
        first.kill()
    assert left() == [lock.place(CHECKPOINT)]
    loop(Falling()).run()
    assert left() == [CHECKPOINT]


def moved_elsewhere() -> Path:
    """What a process on another machine leaves that is killed: nobody here can ask for it."""
    with another() as first:
        first.kill()
    place = lock.place(CHECKPOINT)
    place.write_text(re.sub(r"host=.*", "host=node17", place.read_text()))
    return place


def test_a_silent_lock_of_another_machine_is_taken_over_after_a_while() -> None:
    moved_elsewhere()
    began = time.monotonic()
    loop(Falling()).run()
    assert time.monotonic() - began > lock.PATIENCE
    assert left() == [CHECKPOINT]


@pytest.mark.parametrize("skew", [-1e6, 1e6], ids=["clock behind", "clock ahead"])
def test_a_lock_that_beats_on_another_machine_is_respected_whatever_its_clock(skew: float) -> None:
    place = moved_elsewhere()
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(lock.BEAT):
            os.utime(place, (time.time() + skew, time.time() + skew))

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        with pytest.raises(IfrpError, match=r"process \d+ on node17\)"):
            loop(Falling()).run()
    finally:
        ended.set()
        thread.join()


def test_no_lock_is_left_after_an_error_or_an_interrupt() -> None:
    with pytest.raises(IfrpError, match="not finite"):
        loop(Poisoned()).run()
    assert lock.place(CHECKPOINT) not in left()
    with told_to_stop(7), pytest.raises(KeyboardInterrupt):
        loop(Falling()).run()
    assert lock.place(CHECKPOINT) not in left()


def test_who_lost_the_lock_writes_no_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a process was halted, and another went on in its place."""
    one_step = Loop._one_step

    def halted(self: Loop) -> None:
        one_step(self)
        if self.step == 5:
            place = lock.place(CHECKPOINT)
            place.unlink()
            place.write_text("another's")
            time.sleep(5 * lock.BEAT)

    monkeypatch.setattr(Loop, "_one_step", halted)
    with pytest.raises(IfrpError, match=r"Training of falling stopped: .*another took over its lock"):
        loop(Falling()).run()
    assert checkpoint.load(CHECKPOINT, loop(Falling()).identity) is None
    assert lock.place(CHECKPOINT).read_text() == "another's"
