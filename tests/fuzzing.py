"""Changing good input at random, and what must hold whatever comes of it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from numpy.lib import format as npy
from PIL import Image
from safetensors.torch import load, save

from ifrp import artifacts, cli

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
"""for how long each kind of input is changed; 0: a few times, the same ones each time"""
FIRST = int(os.environ.get("FUZZ_SEED", "0"))
EXAMPLES = 40
QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
"""warnings that Python does not show by itself"""
WORDS = (
    "", " ", "0", "-1", "1e999", "nan", "null", "true", "[]", "{}", '"', "'", ",", ";", "\t", "\n", "\x00", "é", "\U0001f642",
    "../../x", "/", "~", "*", "a" * 300, "9" * 400, "%s", "{x}", "$(touch x)", ".", "NA", "#", "- ", ": ", "&a", "*a",
)  # fmt: skip
odd_words = st.sampled_from(WORDS) | st.text(max_size=6)
odd_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([0, -1, 1, 2, 10**9, 10**400])
    | st.floats()
    | odd_words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_words, inner, max_size=2),
    max_leaves=4,
)


def run(check: Callable[[Any], None], inputs: st.SearchStrategy[Any]) -> int:
    """Checks a number of inputs, or for a while other ones, seed after seed; says how many there were."""
    count, number, end = 0, FIRST, time.monotonic() + SECONDS

    def counted(value: Any) -> None:
        nonlocal count
        count += 1
        check(value)

    while not count or time.monotonic() < end:
        sys.stderr.write(f"seed {number}\n")
        limits = settings(
            max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink], print_blob=False,
        )  # fmt: skip
        seed(number)(limits(given(inputs)(counted)))()
        number += 1
    return count


@st.composite
def bytes_of(draw: st.DrawFn, content: bytes) -> bytes:
    """Some bits are flipped, pieces are lost, doubled, blanked or put in, or the end is missing."""
    found = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        near = st.integers(0, min(len(found), 400))
        where = draw(near | st.integers(0, len(found)))
        length = draw(st.integers(1, 64))
        match draw(st.sampled_from(("flip", "cut", "lose", "double", "blank", "insert"))):
            case "flip" if where < len(found):
                found[where] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del found[where:]
            case "lose":
                del found[where : where + length]
            case "double":
                found[where:where] = found[where : where + length]
            case "blank":
                found[where : where + length] = bytes(len(found[where : where + length]))
            case _:
                found[where:where] = draw(st.binary(max_size=16))
    return bytes(found)


@st.composite
def lines_of(draw: st.DrawFn, text: str) -> bytes:
    """Cells and lines of a table are changed, lost, doubled or moved; and then perhaps its encoding."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, max(len(rows) - 1, 0)))
        cell = draw(st.integers(0, max(len(rows[row]) - 1, 0))) if rows else 0
        match draw(st.sampled_from(("cell", "lose", "double", "drop", "add", "column"))) if rows else "":
            case "cell":
                rows[row][cell : cell + 1] = [draw(odd_words)]
            case "lose":
                del rows[row]
            case "double":
                rows.insert(row, list(rows[row]))
            case "drop":
                del rows[row][cell:]
            case "add":
                rows[row].append(draw(odd_words))
            case "column":
                rows = [line[:cell] + line[cell + 1 :] for line in rows]
    ending, mark = draw(st.sampled_from(("\n", "\r\n", "\r"))), draw(st.sampled_from((",", ",", ";", "\t")))
    code = draw(st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252")))
    return ending.join(mark.join(row) for row in rows).encode(code, "replace")


@st.composite
def mapping_of(draw: st.DrawFn, values: Any) -> Any:
    """Some values of nested mappings and lists are others, missing or under another name."""
    found = json.loads(json.dumps(values))
    for _ in range(draw(st.integers(1, 3))):
        at = found
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at))) if isinstance(at, list) else []
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], dict | list) and at[key] and draw(st.integers(0, 3)):
                at = at[key]
                continue
            match draw(st.sampled_from(("other", "other", "lose", "rename"))):
                case "lose":
                    del at[key]
                case "rename" if isinstance(at, dict):
                    at[draw(odd_words)] = at.pop(key)
                case _:
                    at[key] = draw(odd_values)
            break
    return found if draw(st.integers(0, 15)) else draw(odd_values)


@st.composite
def model_of(draw: st.DrawFn, content: bytes, header: dict[str, str]) -> bytes:
    """A model file of another header, or with other tensors."""
    tensors = load(content)
    said = {key: json.loads(value) if key != "method" else value for key, value in header.items()}
    if draw(st.booleans()):
        said = draw(mapping_of(said))
    names = sorted(tensors)
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(names))
        match draw(st.sampled_from(("lose", "shape", "kind", "rename", "value"))) if name in tensors else "":
            case "lose":
                del tensors[name]
            case "shape":
                tensors[name] = tensors[name].flatten()[:1]
            case "kind":
                tensors[name] = tensors[name].bool()
            case "rename":
                tensors[draw(odd_words)] = tensors.pop(name)
            case "value":
                tensors[name] = tensors[name] * float("nan")
    plain = isinstance(said, dict) and draw(st.integers(0, 7))
    texts = (
        {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}
        if plain
        else said
    )
    return save(tensors, {artifacts.HEADER: json.dumps(texts)} if draw(st.integers(0, 9)) else None)


@st.composite
def array_of(draw: st.DrawFn, images: np.ndarray[Any, Any]) -> bytes:
    """An array file of another kind, shape or version, or with a header that says so."""
    into = io.BytesIO()
    match draw(st.sampled_from(("kind", "shape", "said", "text", "pickle"))):
        case "kind":
            kind = draw(st.sampled_from(("<f4", "|i1", "|b1", ">u2", "<c8", "|S3", "<U2", "<M8[s]")))
            np.save(
                into,
                images.astype(np.float32).astype(kind)
                if kind != "<M8[s]"
                else images.astype("<i8").view(kind),
            )
        case "shape":
            order = draw(st.permutations(range(4)))
            np.save(into, images[: draw(st.integers(0, 2)), : draw(st.integers(0, 9))].transpose(order))
        case "said":
            shape = draw(st.lists(st.integers(-1, 2**62) | st.sampled_from([0, 3, 4, 16]), max_size=5))
            descr = draw(st.sampled_from(("|u1", "<f8", "|O", [["a", "|u1"]], "", "|V0")))
            said = {
                "descr": descr,
                "fortran_order": draw(st.sampled_from((True, False, 1, None))),
                "shape": tuple(shape),
            }
            _header(into, repr(said), draw(st.sampled_from((1, 2, 3, 4))))
            into.write(images.tobytes())
        case "text":
            _header(into, draw(odd_words | st.just("(" * 500) | st.just("{'descr': 1")), 1)
        case _:
            np.save(into, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return into.getvalue()


def _header(into: io.BytesIO, text: str, version: int) -> None:
    coded = (text + "\n").encode("utf-8", "replace")
    into.write(npy.magic(1, 0)[:6] + bytes((version, 0)))
    into.write(len(coded).to_bytes(2 if version == 1 else 4, "little") + coded)


@st.composite
def archive_of(draw: st.DrawFn, picture: bytes) -> bytes:
    """An archive with odd names, kinds of compression and flags."""
    into = io.BytesIO()
    names = draw(
        st.lists(
            odd_words | st.sampled_from(["a.png", "a\\b.png", "../up.png", "/top.png", "A.PNG"]), max_size=4
        )
    )
    with zipfile.ZipFile(into, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice
        for name in ["good.png", *names]:
            with contextlib.suppress(ValueError):
                kind = draw(
                    st.sampled_from(
                        (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
                    )
                )
                archive.writestr(zipfile.ZipInfo(name), picture, kind)
    content = into.getvalue()
    return draw(bytes_of(content)) if draw(st.booleans()) else content


class Fault(AssertionError):  # noqa: N818 - read as a sentence
    """What must not come of an input."""


def command(root: Path, outputs: Sequence[str], *words: str) -> int:
    """Runs the command line in `root`, which must end well or by one sentence, and leave everything but its outputs as it was.

    Args:
        root: the folder, in which there may be further ones of outputs.
        outputs: what it may write, files or folders relative to `root`.
        words: of the command.

    Returns:
        0 or 2.

    Raises:
        Fault: it did otherwise.
    """
    before, out, err = _files(root, outputs), io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(root), patch.object(sys, "argv", ["ifrp", *words]), contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err), warnings.catch_warnings(record=True) as noise,
    ):  # fmt: skip
        warnings.simplefilter("always")
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
    loud = [str(one.message) for one in noise if not issubclass(one.category, QUIET)]
    lines = [line for line in err.getvalue().splitlines() if line.startswith("ifrp: ")]
    if code not in (0, 2) or (code == 2 and len(lines) != 1):
        raise Fault(f"exit code {code}: {err.getvalue()}")
    if loud:
        raise Fault(f"noise: {loud}")
    if _files(root, outputs) != before:
        raise Fault(f"other files are there than before: {set(_files(root, outputs)) ^ set(before)}")
    for path in root.rglob("*"):
        if artifacts.PART.match(path.name):
            raise Fault(f"{path} was left")
    for path in (path for output in outputs for path in _below(root / output)):
        _whole(path)
    return int(str(code))


def _files(root: Path, outputs: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Sizes and times of all files but outputs."""
    ours = tuple(str(root / output) for output in outputs)
    found = ((path, path.lstat()) for path in root.rglob("*") if not str(path).startswith(ours))
    return {str(path): (status.st_size, status.st_mtime_ns) for path, status in found if not path.is_dir()}


def _below(path: Path) -> Iterator[Path]:
    yield from (path for path in (path, *path.rglob("*")) if path.is_file())


def _whole(path: Path) -> None:
    match path.suffix:
        case ".png":
            with Image.open(path) as picture:
                picture.load()
        case ".npy":
            np.load(path)
        case ".json":
            json.loads(path.read_text())
