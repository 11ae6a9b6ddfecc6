"""A thousand bad inputs: good ones are changed at random, and the command line must take them or say in a sentence why not.

Half a minute in the suite, always the same ones. By hand for as long as one likes, each kind of input so many seconds:
`FUZZ_SECONDS=600 pytest -s tests/test_fuzz.py`, which begins with the seed `FUZZ_SEED` and says how many inputs there were.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fuzzing
import numpy as np
import pytest
import recovery_project
import torch
import yaml
from hypothesis import strategies as st
from PIL import Image

from ifrp import paths, provenance
from ifrp.config import experiments, read
from ifrp.errors import IfrpError
from ifrp.recovery import methods, model
from ifrp.workflow.run import Run

OUT = ("out", "data/recovered")
RECOVER = ("recover", "--aligned", "--output", "out/faces", "--table", "out/table.csv", "--model")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with portraits, a model that was not trained, and the methods that need no training."""
    folder = tmp_path_factory.mktemp("fuzz") / "deep/project"
    folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        config = recovery_project.make(folder, people=2, pictures=1)
        experiment = experiments.resolve(config, "faced")
        method = methods.build(config, experiment)
        header = model.describe(experiment, method.settings, {}, torch.ones(2, 3))
        model.save(Path("model.safetensors"), method, header)
        with provenance.card(Path("results/a.csv"), {"key": 1}, 5):
            Path("results").mkdir(exist_ok=True)
            Path("results/a.csv").write_text("a,b\n")
        with provenance.card(Path("results/b.csv"), {"key": 1}, 5, [Path("results/a.csv")]):
            Path("results/b.csv").write_text("a,b\n")
    return folder


@pytest.fixture
def root(project: Path) -> Iterator[Path]:
    """The same, which afterwards is as it was."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    yield project
    for path in [path for path in project.rglob("*") if path.is_file() and path not in before]:
        path.unlink()
    for path, content in before.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def picture(side: int = 24, kind: str = "PNG", **how: Any) -> bytes:
    """A picture file of colours that differ."""
    into, colours = io.BytesIO(), np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(colours).save(into, kind, **how)
    return into.getvalue()


def attempt(root: Path, *words: str) -> int:
    """A command, after which its outputs are removed."""
    try:
        return fuzzing.command(root, OUT, *words)
    finally:
        for output in OUT:
            shutil.rmtree(root / output, ignore_errors=True)


def said(count: int) -> None:
    print(f"{count} inputs")


def test_pictures(root: Path) -> None:
    """A folder of damaged pictures and a good one: that one is recovered, whatever the others are."""
    orientation = Image.Exif()
    orientation[0x0112] = 6
    good = [
        picture(), picture(kind="JPEG", exif=orientation), picture(kind="GIF"), picture(kind="TIFF"), picture(kind="WEBP"),
        picture(kind="BMP"),
    ]  # fmt: skip

    def check(contents: list[bytes]) -> None:
        box = root / "box"
        shutil.rmtree(box, ignore_errors=True)
        box.mkdir()
        (box / "good.png").write_bytes(good[0])
        for number, content in enumerate(contents):
            (box / f"bad-{number}.jpg").write_bytes(content)
        assert attempt(root, *RECOVER, "input", "box") == 0

    said(
        fuzzing.run(check, st.lists(st.sampled_from(good).flatmap(fuzzing.bytes_of), min_size=4, max_size=12))
    )


def test_archives(root: Path) -> None:
    def check(content: bytes) -> None:
        (root / "box.zip").write_bytes(content)
        attempt(root, *RECOVER, "input", "box.zip")

    said(fuzzing.run(check, fuzzing.archive_of(picture())))


def test_tables_of_stacks(root: Path) -> None:
    table = root / paths.portraits("test", "ink").with_suffix(".csv")
    good = table.read_text()

    def check(content: bytes) -> None:
        table.write_bytes(content)
        attempt(root, "recovery", "apply", "input", "ink")

    said(fuzzing.run(check, fuzzing.lines_of(good) | fuzzing.bytes_of(good.encode())))


def test_tables_of_people(root: Path) -> None:
    """Photos and who is on which."""
    photos = root / "photos"
    photos.mkdir(exist_ok=True)
    for number in range(6):
        (photos / f"{number}.png").write_bytes(picture(200))
    rows = "".join(f"{number}.png,p{number},60,80,140,80,100,150\n" for number in range(6))
    good = "file,person,lx,ly,rx,ry,mx,my\n" + rows
    values = yaml.safe_load((root / paths.CONFIG).read_text())
    values["faces"] = {
        "source": "photos", "size": 32, "split": {"train": 2, "val": 1, "test": 1},
        "photos": {"path": "photos", "identities": "who.csv", "landmarks": ["lx", "ly", "rx", "ry", "mx", "my"]},
    }  # fmt: skip
    (root / "photos.yaml").write_text(yaml.safe_dump(values))

    def check(content: bytes) -> None:
        (root / "who.csv").write_bytes(content)
        try:
            fuzzing.command(root, ["data/faces"], "faces", "prepare", "--config", "photos.yaml")
        finally:
            shutil.rmtree(root / "data/faces", ignore_errors=True)

    said(fuzzing.run(check, fuzzing.lines_of(good) | fuzzing.bytes_of(good.encode())))


def test_tables_of_styles(root: Path) -> None:
    table = root / "config/styles.csv"
    good = table.read_text()

    def check(content: bytes) -> None:
        table.write_bytes(content)
        attempt(root, "recovery", "apply", "input")

    said(fuzzing.run(check, fuzzing.lines_of(good) | fuzzing.bytes_of(good.encode())))


def test_configurations(root: Path) -> None:
    """By the command line, and as the workflow reads them."""
    good = yaml.safe_load((root / paths.CONFIG).read_text())
    mine = root / "mine.yaml"

    def check(content: bytes) -> None:
        mine.write_bytes(content)
        attempt(root, "recovery", "apply", "input", "ink", "--config", "mine.yaml")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(root)
            try:
                Run(read(mine), alone=True)
            except IfrpError:
                return

    texts = fuzzing.mapping_of(good).map(lambda values: yaml.safe_dump(values, sort_keys=False).encode())
    said(fuzzing.run(check, texts | fuzzing.bytes_of(yaml.safe_dump(good, sort_keys=False).encode())))


def test_models(root: Path) -> None:
    path, portraits = root / "mine.safetensors", str(paths.portraits("test", "ink"))
    good, header = (root / "model.safetensors").read_bytes(), model.header(root / "model.safetensors")

    def check(content: bytes) -> None:
        path.write_bytes(content)
        attempt(root, *RECOVER, path.name, portraits)

    said(fuzzing.run(check, fuzzing.model_of(good, header) | fuzzing.bytes_of(good)))


def test_stacks(root: Path) -> None:
    images = np.arange(2 * 16 * 16 * 3, dtype=np.uint8).reshape(2, 16, 16, 3)
    into = io.BytesIO()
    np.save(into, images)

    def check(content: bytes) -> None:
        (root / "mine.npy").write_bytes(content)
        attempt(root, *RECOVER, "input", "mine.npy")

    said(fuzzing.run(check, fuzzing.array_of(images) | fuzzing.bytes_of(into.getvalue())))


def test_cards(root: Path) -> None:
    card = root / "results/b.json"
    good = card.read_text()

    def check(content: bytes) -> None:
        card.write_bytes(content)
        attempt(root, "why", "results/b.csv")
        attempt(root, "why", "--check", "results/b.csv")

    texts = fuzzing.mapping_of(json.loads(good)).map(lambda values: json.dumps(values).encode())
    said(fuzzing.run(check, texts | fuzzing.bytes_of(good.encode())))
