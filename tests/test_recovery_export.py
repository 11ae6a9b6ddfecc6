"""Other runtimes: the ONNX graph against PyTorch on portraits, and a folder as on the Hugging Face hub."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

import ifrp
from ifrp.cli import app
from ifrp.errors import IfrpError

ROOT = Path(__file__).parents[1]
PAINTINGS = sorted((ROOT / "src/ifrp/examples").glob("*.jpg"))
PAGE = (ROOT / "docs/recover.md").read_text()


def export(*words: str) -> None:
    result = CliRunner().invoke(app, ["export", *words])
    assert result.exit_code == 0, result.exception


@pytest.mark.parametrize("name", ["small", "ifrp-plus"])
def test_the_graph_is_the_network(name: str, tmp_path: Path) -> None:
    """On real portraits, one and several at a time: to the last bit of a byte."""
    import onnxruntime

    export(name, "--output", str(tmp_path / "m.onnx"))
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"], "weights and all"
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    results = ifrp.load(name, "cpu", exact=True).recover(list(PAINTINGS))
    portraits = np.stack([result.portrait.image for result in results])
    expected = np.stack([np.asarray(result.face) for result in results]).astype(int)
    for count in (1, len(PAINTINGS)):
        (faces,) = session.run(None, {"portraits": portraits[:count]})
        assert faces.dtype == np.uint8
        assert np.abs(faces - expected[:count]).max() <= 1


def test_the_example_of_the_page_needs_no_torch(tmp_path: Path) -> None:
    export("small", "--output", str(tmp_path / "small.onnx"))
    portrait = ifrp.load("small", "cpu").recover(PAINTINGS[0]).portrait
    Image.fromarray(portrait.image).save(tmp_path / "portrait.png")
    (code,) = [
        block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "onnxruntime" in block
    ]
    code += "\nimport sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    with Image.open(tmp_path / "face.png") as face:
        assert face.size == (128, 128)


def test_a_folder_as_on_the_hub_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    export("small", "--format", "huggingface", "--output", "mine")
    assert sorted(path.name for path in Path("mine").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    config = json.loads(Path("mine/config.json").read_text())
    assert config["method"] == "ifrp_plus"
    assert config["size"] == 128
    front = yaml.safe_load(Path("mine/README.md").read_text().split("---")[1])
    assert front["pipeline_tag"] == "image-to-image"
    one, other = (np.asarray(ifrp.load(name, "cpu").recover(PAINTINGS[0]).face) for name in ("mine", "small"))
    assert np.array_equal(one, other)


@pytest.mark.parametrize(("name", "run"), [("ifrp-plus", "gpu"), ("small", "photos")])
def test_the_model_index_is_what_was_measured(name: str, run: str, tmp_path: Path) -> None:
    """As the hub reads it, against the numbers that were kept of the run that trained this very model."""
    from huggingface_hub import ModelCard

    kept = json.loads((ROOT / f"docs/results/{run}/card-ifrp-plus.json").read_text())
    released = json.loads((ROOT / f"src/ifrp/weights/{name}.json").read_text())
    assert released["inputs"][kept["artifact"]] == kept["sha256"]
    numbers = json.loads((ROOT / f"docs/results/{run}/numbers.json").read_text())
    export(name, "--format", "huggingface", "--output", str(tmp_path / "mine"))
    data = ModelCard.load(tmp_path / "mine/README.md").data
    assert (data.model_name, data.license, data.library_name) == ("mine", "other", "ifrp")
    found = {f"{one.dataset_config}.{one.metric_type}": one for one in data.eval_results or ()}
    assert {"seen.frr", "unseen.psnr", "sketch.ssim", "all.fsim"} <= set(found)
    for key, result in found.items():
        assert result.metric_value == pytest.approx(numbers[f"ifrp-plus.{key}"], rel=1e-5), key
        assert (result.task_type, result.dataset_split) == ("image-to-image", "test")
    measured = {
        key
        for key in numbers
        if re.fullmatch(r"ifrp-plus\.\w+\.(psnr|ssim|fsim|fsimc|frr|rank1|cosine)", key)
    }
    assert measured <= {f"ifrp-plus.{key}" for key in found}


def test_a_model_that_was_not_scored_has_no_index(tmp_path: Path) -> None:
    shutil.copy(ROOT / "src/ifrp/weights/small.safetensors", tmp_path / "model.safetensors")
    export(str(tmp_path), "--format", "huggingface", "--output", str(tmp_path / "mine"))
    assert "model-index" not in (tmp_path / "mine/README.md").read_text()


def test_what_is_nowhere_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(IfrpError, match=r"There is no folder owner/name; .*pip install huggingface_hub"):
        ifrp.load("owner/name")
    result = CliRunner().invoke(app, ["export", "small", "--format", "tflite", "--output", "m"])
    assert str(result.exception) == "--format tflite is none of onnx, huggingface."


class Hub(BaseHTTPRequestHandler):
    """The one address of the Hugging Face hub that a model's file is fetched from."""

    file = b""

    def do_HEAD(self) -> None:
        there = self.path == "/somebody/faces/resolve/main/model.safetensors"
        self.send_response(200 if there else 404)
        self.send_header("ETag", f'"{hashlib.sha256(self.file).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(self.file) if there else 0))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(self.file)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_model_is_fetched_from_the_hub(tmp_path: Path) -> None:
    export("small", "--format", "huggingface", "--output", str(tmp_path / "mine"))
    Hub.file = (tmp_path / "mine/model.safetensors").read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": str(tmp_path / "cache")}
        code = "import ifrp; print(ifrp.load('somebody/faces').size)"
        done = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | where, capture_output=True, text=True, check=False
        )
        server.shutdown()
    assert done.stdout == "128\n", done.stderr
