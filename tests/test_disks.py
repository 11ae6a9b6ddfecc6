"""Disks as they are: full, read-only, slow to tell, with odd names, and with what killed processes left on them."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import recovery_project
import torch
from PIL import Image

from ifrp import artifacts, cli, paths, provenance, stacks
from ifrp.errors import IfrpError, sentence
from ifrp.training import checkpoint

MB = 2**20
LONG = "n" * 250


def write(path: Path, count: int = 3) -> None:
    with stacks.create(path, (count, 4, 5)) as (images, rows):
        images[:] = 7
        rows.extend({"file": f"{i}.png", "person": "a"} for i in range(count))


def save_picture(path: Path) -> None:
    with artifacts.atomic(path) as new:
        noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
        Image.fromarray(noise).save(new)


WRITERS: dict[str, Callable[[Path], None]] = {
    "a.npy": lambda path: write(path, 2000),
    "a.safetensors": lambda path: artifacts.save_weights(path, {"w": torch.rand(50_000)}),
    "a.ckpt": lambda path: checkpoint.save(path, {"w": torch.rand(50_000)}, "this"),
    "a.csv": lambda path: artifacts.save_table(
        path, pd.DataFrame(np.random.default_rng(0).random((9000, 3)))
    ),
    "a.png": save_picture,
}


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Meanwhile no file may be larger, which fails as a full disk does: late, and without the file's name."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def told(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[object, str]:
    """The command line's exit code, and what it says on standard error."""
    monkeypatch.setattr(sys, "argv", ["ifrp", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code, capsys.readouterr().err


@pytest.mark.parametrize("name", WRITERS)
def test_what_does_not_fit_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"as it was")
    before = sorted(found.name for found in tmp_path.iterdir())
    with files_up_to(4096), pytest.raises(OSError, match=str(path)) as fault:
        WRITERS[name](path)
    assert sentence(fault.value).startswith(f"{path}: File too large: raise the limit")
    assert path.read_bytes() == b"as it was"
    assert sorted(found.name for found in tmp_path.iterdir()) == before


def test_a_stack_that_the_disk_has_no_room_for_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 * MB))
    missing = r"a\.npy takes 12 MB, and its disk lacks 7 of them: make room"
    with pytest.raises(IfrpError, match=missing), stacks.create(tmp_path / "a.npy", (4, 1024, 1024)):
        pytest.fail("there is no room")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_space_is_taken_before_the_pictures_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A map of a file with holes would end in SIGBUS, which nobody can catch."""

    def refuse(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match=str(tmp_path / "a.npy")), stacks.create(tmp_path / "a.npy", (1, 4, 5)):
        pytest.fail("there is no room")
    assert not list(tmp_path.iterdir())


def test_a_stack_has_no_holes(tmp_path: Path) -> None:
    with stacks.create(tmp_path / "a.npy", (4, 512, 512)) as (_, rows):
        (part,) = (path for path in tmp_path.iterdir() if path.suffix == ".npy")
        assert part.stat().st_blocks * 512 >= 3 * MB
        rows.extend([{"file": ""}] * 4)


def test_a_file_system_that_reserves_nothing_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    write(tmp_path / "a.npy")
    monkeypatch.delattr(os, "posix_fallocate")
    write(tmp_path / "b.npy")
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


WRITING = """
import sys, time
from pathlib import Path
from ifrp import artifacts, stacks
with stacks.create(Path(sys.argv[1], "a.npy"), (1, 4, 5)), artifacts.scratch(Path(sys.argv[1], "folder")) as folder:
    (folder / "file").touch()
    print("writing", flush=True)
    time.sleep(60)
"""


def test_what_dead_processes_left_is_cleared_and_what_living_ones_write_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITING, str(tmp_path)]
    dead, living = (subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2))
    try:
        for process in (dead, living):
            assert process.stdout is not None
            assert process.stdout.readline() == "writing\n"
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        foreign = tmp_path / f".ifrp-{dead.pid}-0@elsewhere@b.csv"
        given_up = tmp_path / f".ifrp-{dead.pid}-1@elsewhere@b.csv"
        for path in (foreign, given_up, tmp_path / ".hidden", tmp_path / ".ifrp-notes"):
            path.touch()
        os.utime(given_up, (time.time() - 2 * artifacts.OLD,) * 2)
        write(tmp_path / "c.npy")
        left = {path.name for path in tmp_path.iterdir()}
        assert not any(f"-{dead.pid}-" in name for name in left - {foreign.name})
        assert sum(f"-{living.pid}-" in name for name in left) == 2
        assert {foreign.name, ".hidden", ".ifrp-notes", "c.npy", "c.csv"} <= left
        assert given_up.name not in left
    finally:
        for process in (dead, living):
            process.kill()
            process.communicate()


def test_an_earlier_process_of_the_same_number_is_dead(tmp_path: Path) -> None:
    """In containers every process has the number of the one before it."""
    old = tmp_path / f".ifrp-{os.getpid()}-0@{socket.gethostname()}@a.npy"
    old.touch()
    write(tmp_path / "a.npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.npy"]


def test_a_long_name_is_as_good_as_a_short_one(tmp_path: Path) -> None:
    write(tmp_path / f"{LONG}.npy")
    assert len(stacks.read(tmp_path / f"{LONG}.npy")) == 3


def places(root: Path) -> dict[str, tuple[Path, str]]:
    """Outputs that cannot be, and what is said of them."""
    (root / "file").write_text("a file")
    (root / "folder").mkdir()
    (root / "loop").symlink_to(root / "loop")
    return {
        "below a file": (root / "file/a.csv", "a folder is needed"),
        "deep below a file": (root / "file/b/c/a.csv", "Not a directory"),
        "a folder": (root / "folder", "folder lies where a file is needed"),
        "too long": (root / f"{LONG}{LONG}.csv", "File name too long: use shorter names"),
        "in too long a folder": (root / f"{LONG}{LONG}/a.csv", "File name too long: use shorter names"),
        "in a loop of links": (root / "loop/a.csv", "loop"),
        "no disk": (Path("/proc/none/a.csv"), "No such file or directory: check the path"),
    }


PLACES = (
    "below a file",
    "deep below a file",
    "a folder",
    "too long",
    "in too long a folder",
    "in a loop of links",
    "no disk",
)


@pytest.mark.parametrize("place", PLACES)
def test_an_output_is_tried_before_the_work(tmp_path: Path, place: str) -> None:
    path, words = places(tmp_path)[place]
    with pytest.raises(OSError) as fault:  # noqa: PT011 - what it says is looked at
        artifacts.require_writable(path)
    assert words in sentence(fault.value)
    with pytest.raises(OSError), provenance.card(path, {}, 1):  # noqa: PT011
        pytest.fail("the work has begun")


def test_trying_leaves_nothing(tmp_path: Path) -> None:
    artifacts.require_writable(tmp_path / "deep/deeper/a.csv")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    recovery_project.make(tmp_path)
    return tmp_path


RECOVER = ["recover", "--model", "input", "--aligned"]


@pytest.mark.parametrize("option", ["--output", "--table", "--calibrate"])
@pytest.mark.parametrize("place", [place for place in PLACES if place != "a folder"])
def test_every_output_of_recover_is_tried(
    project: Path,
    option: str,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(places(project)[place][0])
    path = path.replace(".csv", ".safetensors" if option == "--calibrate" else ".csv")
    code, said = told([*RECOVER, option, path, "data/portraits/test/ink.npy"], monkeypatch, capsys)
    assert code == 2
    assert said.startswith("ifrp: ")
    assert said.count("\n") == 1
    assert not (project / "recovered").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["recovery", "apply", "input", "ink"],
        ["evaluation", "exposure"],
        ["styles", "artwork", "ink"],
        ["export", "small", "--format", "huggingface", "--output", "file/out"],
        ["export", "small", "--output", "file/out.onnx"],
    ],
)
def test_verbs_say_that_they_cannot_write(
    project: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file lies where their folder is to be."""
    (project / "file").touch()
    for folder in (paths.RECOVERED, paths.EVALUATION, paths.ARTWORKS):
        folder.parent.mkdir(exist_ok=True)
        folder.touch()
    (project / "config/styles.csv").write_text(
        "name,split,address,sha256,licence\nink,seen,drawn:whirl,,CC0\noil,unseen,drawn:facets,,CC0\n"
    )
    code, said = told(words, monkeypatch, capsys)
    assert code == 2
    assert said.startswith("ifrp: ")
    assert "folder is needed" in said
    assert said.count("\n") == 1


def test_odd_names_make_faces(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is too long for the comparison is cut; a name that is not UTF-8 is none the worse for it."""
    box = project / "box"
    box.mkdir()
    odd = os.fsdecode(b"\xff\xfe")
    for name in ("a", LONG, odd):
        Image.new("RGB", (40, 40), "red").save(box / f"{name}.png")
    monkeypatch.setattr(sys, "argv", ["ifrp", *RECOVER, "--compare", "--table", "t.csv", "box"])
    _ends_well()
    assert sorted(os.listdir("recovered")) == sorted(
        [f"{name}{kind}.png" for name in ("a", LONG[:180], odd) for kind in ("", "-compared")]
    )
    said = capsys.readouterr().err
    assert f"box/{LONG}.png: its face is recovered/{LONG[:180]}.png" in said
    assert "3 recovered, 0 skipped" in said
    assert odd in (project / "t.csv").read_text(errors="surrogateescape")


def _ends_well() -> None:
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code


def test_files_of_any_name_make_faces(tmp_path: Path) -> None:
    """A table keeps names byte by byte."""
    names = [os.fsdecode(b"\xff.png"), "ü.png"]
    with stacks.create(tmp_path / "a.npy", (2, 2, 2)) as (_, rows):
        rows.extend({"file": name, "person": name} for name in names)
    assert stacks.read(tmp_path / "a.npy").table["file"].tolist() == names


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ESTALE, errno.EACCES, errno.EROFS, errno.EIO])
def test_whatever_a_disk_says_is_one_sentence(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number), "data/a.npy")

    monkeypatch.setattr(provenance, "card_path", refuse)
    code, said = told(["why", "data/a.npy"], monkeypatch, capsys)
    assert code == 2
    assert said.startswith(f"ifrp: data/a.npy: {os.strerror(number)}: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("shell", "code", "words"),
    [
        ("{why} | true", 0, ""),
        ("{why} | head -n 1 > first", 0, ""),
        ("{why} > /dev/full", 2, "ifrp: standard output: No space left on device"),
        ("{why} >&-", 0, ""),
        ("{why} >&- 2>&-", 0, ""),
    ],
)
def test_standard_output_may_go_away(tmp_path: Path, shell: str, code: int, words: str) -> None:
    with provenance.card(tmp_path / "a.csv", {"long": "x" * 100_000}, 1):
        (tmp_path / "a.csv").touch()
    why = f"{sys.executable} -c 'from ifrp import cli; cli.main()' why a.csv"
    if not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    done = subprocess.run(
        ["sh", "-c", shell.format(why=why)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stderr.startswith(words) if words else not done.stderr
    assert done.stderr.count("\n") == bool(words)
