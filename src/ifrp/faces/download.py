"""Downloads that go on where they stopped, and count only if the checksum is right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ifrp import runtime
from ifrp.artifacts import hexdigest
from ifrp.errors import FULL, IfrpError, sentence

BLOCK = 2**20  # bytes
TIMEOUT = 60  # seconds without a byte
ATTEMPTS = 3  # in a row that bring nothing new
PAUSE = 1.0  # seconds before the next of them


class Failed(Exception):  # noqa: N818 - read as a sentence: fetching failed
    """This address did not give the file; the message says why."""


def matches(path: Path, md5: str) -> bool:
    """Whether a file has the MD5 sum."""
    return hexdigest(path, "md5") == md5


def fetch(address: str, target: Path, md5: str) -> None:
    """Downloads one file, by way of `<target>.part`, which a later call continues.

    Raises:
        Failed: the server does not answer, sends a web page, or sends something else than the file.
        IfrpError: the disk is full; what came so far stays.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise Failed(f"{address}: an address begins with https://")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    resumed, idle = part.exists(), 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _transfer(address, part, before)
            break
        except (OSError, HTTPException) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise IfrpError(sentence(error, part)) from error
            after = part.stat().st_size if part.exists() else 0
            idle = 0 if after > before else idle + 1
            if idle == ATTEMPTS or (isinstance(error, HTTPError) and error.code < 500):
                raise Failed(f"{_host(address)}: {error}") from error
            time.sleep(PAUSE if idle else 0)
    if not matches(part, md5):
        part.unlink()
        if resumed:  # perhaps the part of an earlier run was at fault
            return fetch(address, target, md5)
        raise Failed(f"{_host(address)}: what came has another MD5 sum")
    part.replace(target)


def _host(address: str) -> str:
    return urlsplit(address).netloc


def _transfer(address: str, part: Path, start: int) -> None:
    request = Request(address, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response: HTTPResponse = urlopen(request, timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416 and start:
            if error.headers.get("Content-Range") == f"bytes */{start}":
                return  # it was complete
            part.unlink()
            raise ConnectionError("the part that was there did not fit; starting anew") from error
        raise
    with response:
        if response.headers.get_content_type() == "text/html":
            raise Failed(
                f"{_host(address)}: a web page came instead of the file (its daily quota may be used up)"
            )
        resumed = response.status == 206
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            raise Failed(f"{_host(address)}: it sent another range than was asked for")
        length = response.headers.get("Content-Length")
        expected = int(length) if length else None
        whole = response.headers.get("Content-Range", "").rpartition("/")[2]
        if resumed and whole.isdigit():
            expected = int(whole) - start  # of which a server may send less at a time
        name = part.name.removesuffix(".part")
        received = 0
        with part.open("ab" if resumed else "wb") as file:
            blocks = -(-expected // BLOCK) if expected else None
            for block in runtime.progress(_blocks(response), f"{name} (MB)", total=blocks):
                file.write(block)
                received += len(block)
    if expected is not None and received < expected:
        raise ConnectionError(f"the connection broke after {received} of {expected} bytes")


def _blocks(response: HTTPResponse) -> Iterator[bytes]:
    while block := response.read(BLOCK):
        yield block
