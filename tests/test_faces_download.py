"""Downloads from a server that misbehaves: breaks off, ignores ranges, sends web pages or the wrong file."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from ifrp.config import CelebAFaces
from ifrp.errors import IfrpError
from ifrp.faces import celeba, download
from ifrp.faces.download import Failed, fetch

CONTENT = hashlib.sha256(b"seed").digest() * 100_000  # 3.2 MB
MD5 = hashlib.md5(CONTENT).hexdigest()
asked: list[tuple[str, str | None]] = []


class Server(BaseHTTPRequestHandler):
    """The first part of the path says how to behave."""

    def do_GET(self) -> None:
        how, wanted = self.path.split("/")[1], self.headers.get("Range")
        asked.append((how, wanted))
        if how == "page":
            return self.answer(200, b"<html>Quota exceeded</html>", "text/html; charset=utf-8")
        if how == "absent":
            return self.send_error(404)
        content = b"x" + CONTENT if how == "wrong" else CONTENT
        start = int(re.sub(r"\D", "", wanted)) if wanted and how != "deaf" else 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        most = 1_300_000 if how == "breaks" else 0 if how == "mute" else len(content)
        sent = content[start : start + 1_300_000] if how == "sips" and start else content[start:]
        return self.answer(
            206 if start else 200, sent, most=1_300_000 if how == "sips" else most, start=start
        )

    def answer(
        self, status: int, body: bytes, kind: str = "application/zip", most: int = 10**9, start: int = 0
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(CONTENT)}")
        self.end_headers()
        self.wfile.write(body[:most])  # what is missing was promised: the connection just closes

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(download, "PAUSE", 0)
    asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_broken_connection_is_taken_up_where_it_broke(server: str, tmp_path: Path) -> None:
    fetch(f"{server}/breaks/file", tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [wanted for _, wanted in asked] == [None, "bytes=1300000-", "bytes=2600000-"]
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_server_may_send_less_at_a_time_than_was_asked_for(server: str, tmp_path: Path) -> None:
    fetch(f"{server}/sips/file", tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [wanted for _, wanted in asked] == [None, "bytes=1300000-", "bytes=2600000-"]


def test_an_interrupted_run_goes_on(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:3_000_000])
    fetch(f"{server}/good/file", tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert asked == [("good", "bytes=3000000-")]


@pytest.mark.parametrize(
    ("how", "part", "requests"),
    [
        ("deaf", CONTENT[:3_000_000], 1),  # the server sends everything again
        ("good", CONTENT, 1),  # only the renaming was missing
        ("good", b"something else", 2),  # the part is of another file
        ("good", CONTENT + b"more", 2),  # the part is too long
    ],
)
def test_whatever_part_was_there_the_file_comes_out_right(
    server: str, tmp_path: Path, how: str, part: bytes, requests: int
) -> None:
    (tmp_path / "file.part").write_bytes(part)
    fetch(f"{server}/{how}/file", tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(asked) == requests


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("page", "a web page came"),
        ("wrong", "another MD5 sum"),
        ("absent", "404"),
        ("mute", "broke after 0 of 3200000"),
    ],
)
def test_what_is_not_the_file_leaves_nothing(server: str, tmp_path: Path, how: str, reason: str) -> None:
    with pytest.raises(Failed, match=reason):
        fetch(f"{server}/{how}/file", tmp_path / "file", MD5)
    assert not (tmp_path / "file").exists()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0


@pytest.fixture
def official(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The official files are the server's; Google Drive is over its quota."""
    monkeypatch.setattr(celeba, "OFFICIAL", {name: celeba.Official(MD5, name) for name in celeba.OFFICIAL})
    monkeypatch.setattr(celeba, "DRIVE", f"{server}/page/")
    return server


def test_a_local_copy_comes_first_then_the_mirrors_in_turn(official: str, tmp_path: Path) -> None:
    (tmp_path / celeba.PICTURES).write_bytes(CONTENT)
    (tmp_path / celeba.PEOPLE).write_bytes(b"damaged")
    settings = CelebAFaces(folder=str(tmp_path), mirrors=(f"{official}/wrong", f"{official}/good/"))
    found = celeba.download(settings)
    assert found == {celeba.PICTURES: "local copy", celeba.PEOPLE: f"{official}/good/{celeba.PEOPLE}"}
    assert [how for how, _ in asked] == ["wrong", "good"]
    assert (tmp_path / celeba.PEOPLE).read_bytes() == CONTENT
    asked.clear()
    assert set(celeba.download(settings).values()) == {"local copy"}
    assert not asked


def test_only_what_is_needed_is_asked_for() -> None:
    assert [path.name for path in celeba.needed(CelebAFaces())] == [
        "img_align_celeba.zip",
        "identity_CelebA.txt",
    ]
    everything = celeba.needed(CelebAFaces(crop=None, official_splits=True, exclude=("Eyeglasses",)))
    assert {path.name for path in everything} == set(celeba.OFFICIAL)


def test_when_nothing_works_the_error_says_what_to_put_where(official: str, tmp_path: Path) -> None:
    settings = CelebAFaces(folder=str(tmp_path), mirrors=(f"{official}/absent",))
    with pytest.raises(IfrpError) as caught:
        celeba.download(settings)
    for needed in (celeba.PICTURES, celeba.PEOPLE, MD5, str(tmp_path), "404", "a web page came"):
        assert needed in str(caught.value)


def test_the_verb_without_a_network_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump({"faces": {"source": "celeba", "celeba": {"folder": "here"}}})
    )
    run = (
        "import sys; from ifrp.faces import celeba, download; celeba.DRIVE = 'http://127.0.0.1:9/'; download.PAUSE = 0;"
        "from ifrp.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", run, "faces", "download", "--config", "config.yaml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "00d2c5bc6d35e252742224ab0c1e8fcb" in done.stderr
    assert "put them into here" in done.stderr
    assert "Traceback" not in done.stderr
