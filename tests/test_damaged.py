"""Models, stacks and cards that are damaged, unfinished or of something else: one sentence each, by the command line."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recovery_project
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from ifrp import artifacts, cli, paths, provenance, stacks
from ifrp.config import experiments
from ifrp.errors import IfrpError
from ifrp.recovery import methods, model
from ifrp.styles import network

PORTRAITS = "data/portraits/test/ink.npy"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with portraits, and a model as it is before training."""
    monkeypatch.chdir(tmp_path)
    config = recovery_project.make(tmp_path, people=2, pictures=1)
    experiment = experiments.resolve(config, "faced")
    method = methods.build(config, experiment)
    model.save(
        Path("m.safetensors"), method, model.describe(experiment, method.settings, {}, torch.ones(2, 3))
    )
    return tmp_path


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must fail, and gives the one sentence that it says."""

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["ifrp", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        sentence = capsys.readouterr().err
        assert end.value.code == 2, sentence
        assert sentence.startswith("ifrp: ")
        assert sentence.count("\n") == 1
        return sentence

    return run


def recover(what: str = PORTRAITS, by: str = "input") -> list[str]:
    return ["recover", what, "--model", by, "--aligned", "--output", "out"]


def test_a_model_of_this_project_is_taken(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the letters of its suffix, and what a later version may add to its header."""
    header = {**artifacts.read_header(project / "m.safetensors"), "licence": "of a later version"}
    artifacts.save_weights(project / "M.SAFETENSORS", load_file(project / "m.safetensors"), header)
    monkeypatch.setattr(sys, "argv", ["ifrp", *recover(by="M.SAFETENSORS")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    assert len(list(Path("out").iterdir())) == 2


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"size": None}, "its header names no size"),
        ({"styles": None}, "its header names no styles"),
        ({"method": None}, "its header names no method"),
        ({"method": "mine"}, "mine"),
        ({"size": "128.5"}, "size is 128.5; it must be a whole number"),
        ({"size": "0"}, "size is 0; it must be at least 16"),
        ({"size": "many"}, "not JSON"),
        ({"settings": "{"}, "not JSON"),
        ({"settings": "[" * 100_000}, "not JSON"),
        ({"settings": "[]"}, "settings is []; it must be a mapping"),
        ({"settings": '{"later": 1}'}, "unknown key later"),
        ({"styles": '"ink"'}, "styles is 'ink'; it must be a list"),
        ({"colours": "[[1, 2, 3]]"}, "colours"),
        ({"landmarks": '[[0, 0], [1, 1], ["a", 2]]'}, "landmarks"),
        ({"landmarks": "[[0, 0]]"}, "landmarks"),
    ],
)
def test_headers_that_say_something_else(
    project: Path, said: Callable[..., str], entry: dict[str, str | None], words: str
) -> None:
    whole = {**artifacts.read_header(Path("m.safetensors")), **entry}
    kept = {name: value for name, value in whole.items() if value is not None}
    artifacts.save_weights(Path("mine.safetensors"), load_file("m.safetensors"), kept)
    sentence = said(*recover(by="mine.safetensors"))
    assert words in sentence
    assert "mine" in sentence
    assert not Path("out").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', '{"method": 1}', "null", "[" * 100_000])
def test_headers_that_are_none(project: Path, said: Callable[..., str], text: str) -> None:
    save_file({"w": torch.ones(1)}, "mine.safetensors", {artifacts.HEADER: text})
    assert "mine.safetensors" in said(*recover(by="mine.safetensors"))
    with pytest.raises(IfrpError, match=r"mine\.safetensors"):
        network.load(Path("mine.safetensors"))


def bits(content: bytes, kind: str) -> bytes:
    return {
        "nothing": b"", "cut": content[:-100], "cut in the header": content[:40], "text": b"weights",
        "a page": b"<!DOCTYPE html><html></html>", "endless": b"\xff" * 8 + content[8:],
        "no JSON": content[:8] + b"}" + content[9:],
    }[kind]  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["nothing", "cut", "cut in the header", "text", "a page", "endless", "no JSON"]
)
def test_model_files_that_are_damaged(project: Path, said: Callable[..., str], kind: str) -> None:
    Path("mine.safetensors").write_bytes(bits(Path("m.safetensors").read_bytes(), kind))
    assert "mine.safetensors cannot be read as" in said(*recover(by="mine.safetensors"))


def test_model_files_of_another_project(project: Path, said: Callable[..., str]) -> None:
    save_file({"w": torch.ones(1)}, "mine.safetensors")
    assert "is not a recovery model: its header names no method" in said(*recover(by="mine.safetensors"))
    header = artifacts.read_header(Path("m.safetensors"))
    tensors = {name: value.flatten()[:1] for name, value in load_file("m.safetensors").items()}
    artifacts.save_weights(Path("mine.safetensors"), tensors, header)
    assert "does not fit" in said(*recover(by="mine.safetensors"))
    tensors = {**load_file("m.safetensors"), "tone/gain": torch.ones(2), "tone/offset": torch.ones(3)}
    artifacts.save_weights(Path("mine.safetensors"), tensors, header)
    assert "no whole tone" in said(*recover(by="mine.safetensors"))
    Path("folder.safetensors").mkdir()
    assert "model.safetensors" in said(*recover(by="folder.safetensors"))


@pytest.mark.parametrize("width", ["wide", "nan", "inf", "[1]", ""])
def test_style_networks_of_no_width(tmp_path: Path, width: str) -> None:
    artifacts.save_weights(tmp_path / "ink.safetensors", {"w": torch.ones(1)}, {"width": width})
    with pytest.raises(IfrpError, match=r"ink\.safetensors is not a style network"):
        network.load(tmp_path / "ink.safetensors")


def npy(array: Any, **how: Any) -> bytes:
    into = io.BytesIO()
    np.save(into, array, **how)
    return into.getvalue()


FACES = np.arange(2 * 6 * 4 * 3, dtype=np.uint8).reshape(2, 6, 4, 3)
STACKS = {
    "nothing": b"",
    "unfinished": npy(FACES)[:-30],
    "header only": npy(FACES)[:128],
    "half a header": npy(FACES)[:50],
    "an archive": None,
    "pickled": npy(np.array([{"a": 1}], dtype=object), allow_pickle=True),
    "floats": npy(FACES / 255),
    "one picture": npy(FACES[0]),
    "grey": npy(FACES[..., 0]),
    "with alpha": npy(np.concatenate([FACES, FACES[..., :1]], 3)),
    "channels first": npy(FACES.transpose(0, 3, 1, 2)),
    "no height": npy(FACES[:, :0]),
    "no width": npy(FACES[:, :, :0]),
    "no pictures": npy(FACES[:0]),
    "a later version": b"\x93NUMPY\x09\x00" + npy(FACES)[8:],
    "negative": npy(FACES).replace(b"(2, 6", b"(-2,6"),
    "larger than all disks": npy(FACES).replace(
        b"(2, 6, 4, 3), }   ", b"(2, 6, 4000000000000000003), }"[:18]
    ),
    "not Python": npy(FACES).replace(b"{'descr'", b"{{{descr'"),
}


@pytest.mark.parametrize("kind", STACKS)
def test_stacks_that_are_none(project: Path, said: Callable[..., str], kind: str) -> None:
    content = STACKS[kind]
    if content is None:
        into = io.BytesIO()
        np.savez(into, FACES)
        content = into.getvalue()
    Path("mine.npy").write_bytes(content)
    assert "mine.npy" in said(*recover("mine.npy"))
    assert not Path("out").exists()


@pytest.mark.parametrize("kind", ["capitals", "Fortran", "version 2", "version 3"])
def test_stacks_that_are_good(project: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Their pictures come out as they are, whatever the layout."""
    path, faces = Path("mine.NPY" if kind == "capitals" else "mine.npy"), np.repeat(FACES, 4, 2)[:, :, :6]
    with path.open("wb") as file:
        version = (int(kind[-1]), 0) if kind.startswith("version") else None
        np.lib.format.write_array(file, np.asfortranarray(faces) if kind == "Fortran" else faces, version)
    np.testing.assert_array_equal(stacks.pictures(path), faces)
    monkeypatch.setattr(sys, "argv", ["ifrp", *recover(str(path))])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    assert sorted(os.listdir("out")) == ["mine-0.png", "mine-1.png"]


def test_a_folder_may_be_called_as_a_stack(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("x.npy").mkdir()
    Image.new("RGB", (9, 9)).save("x.npy/a.png")
    monkeypatch.setattr(sys, "argv", ["ifrp", *recover("x.npy")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    assert os.listdir("out") == ["a.png"]


def test_verbs_refuse_such_stacks_too(project: Path, said: Callable[..., str]) -> None:
    paths.CONFIG.rename("own.yaml")  # for one step: it is not that of a paper
    whole = paths.portraits("test", "ink").read_bytes()
    table = paths.portraits("test", "ink").with_suffix(".csv")
    paths.portraits("test", "ink").write_bytes(whole[:500])
    assert "ink.npy is not an image stack" in said(
        "recovery", "apply", "input", "ink", "--config", "own.yaml"
    )
    paths.portraits("test", "ink").write_bytes(whole)
    table.write_text(table.read_text() + table.read_text().splitlines()[-1] + "\n")
    assert "ink.csv has 3 rows for 2 pictures" in said(
        "recovery", "apply", "input", "ink", "--config", "own.yaml"
    )
    assert not paths.RECOVERED.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no provenance card"), ("{", "no provenance card"), ("[1, 2]", "no provenance card"), ("null", "no provenance card"),
        ("[" * 100_000, "no provenance card"), (b"\xff\xfe", "no provenance card"), ("{}", "does not say"),
        ({"inputs": None}, "by its entry inputs"), ({"inputs": ["a"]}, "by its entry inputs"),
        ({"machine": "mine"}, "entry machine"),
        ({"seconds": {}}, "entry seconds"), ({"command": ["a"]}, "entry command"), ({"artifact": 7}, "entry artifact"),
        ({"machine": {}}, "does not say processor"), ({"inputs": {"": "0"}}, "is a folder"),
    ],
)  # fmt: skip
def test_cards_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Callable[..., str], text: Any, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with provenance.card(Path("a.csv"), {}, 1):
        Path("a.csv").touch()
    if isinstance(text, dict):
        text = json.dumps({**provenance.read_card(Path("a.csv")), **text})
    Path("a.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    sentence = said("why", "a.csv")
    assert words in sentence
    assert "a.json" in sentence or "folder" in words


@pytest.mark.parametrize("path", [".", "/", ""])
def test_a_folder_was_not_made(said: Callable[..., str], path: str) -> None:
    assert "is a folder: name a file" in said("why", path)


def test_a_card_of_a_later_version_is_read(tmp_path: Path) -> None:
    with provenance.card(tmp_path / "a.csv", {}, 1):
        (tmp_path / "a.csv").touch()
    later = {**provenance.read_card(tmp_path / "a.csv"), "weather": {"sun": True}}
    (tmp_path / "a.json").write_text(json.dumps(later))
    assert provenance.read_card(tmp_path / "a.csv") == later
    with pytest.raises(IfrpError, match="does not say steps"):
        provenance.read_card(tmp_path / "a.csv")["facts"]["steps"]
