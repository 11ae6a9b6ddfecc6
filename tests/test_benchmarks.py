"""The benchmarks at their smallest: that they run, and that a ratio is one of what was measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import stylisation
import torch

from ifrp.styles.network import StyleNetwork

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def figures(name: str, folder: Path, *given: str) -> pd.DataFrame:
    output = folder / "figures.csv"
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *given, "--output", str(output)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(output, keep_default_na=False)
    assert output.with_suffix(".md").read_text().count("\n| ") == len(found) + 1
    beside = found[found["peer"] != ""].astype({"ratio": float, "peer_value": float})
    np.testing.assert_allclose(beside["ratio"], beside["peer_value"] / beside["value"])
    assert (found["value"] > 0).all()
    return found


def test_training(tmp_path: Path) -> None:
    found = figures("training", tmp_path, "--steps", "1", "--rounds", "1", "--width", "0.05")
    kinds = ["IFRP, with identity loss", "IFRP, without identity loss", "pix2pix"]
    assert [what.split(", batch")[0] for what in found["what"]] == kinds * (len(found) // len(kinds))


def test_recovery(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    found = figures("recovery", tmp_path, "small", "--faces", "2", "--rounds", "1")
    plain = found[found["what"].str.endswith("as trained")]
    assert (plain["ratio"] == 1).all()
    assert plain["note"].str.startswith("inf dB, at most 0 levels").all()
    folded = found[found["what"].str.endswith("batch norm folded")]
    assert folded["note"].str.contains("at most [01] levels").all()


def test_evaluation(tmp_path: Path) -> None:
    found = figures("evaluation", tmp_path, "--faces", "1", "--styles", "1", "--size", "32", "--rounds", "1")
    assert found["unit"].tolist() == ["ms", "ms of a processor"]
    assert found["peer"].str.contains("piq").all()


def test_stylisation(tmp_path: Path) -> None:
    smallest = ["--batch", "1", "--portraits", "1", "--size", "32", "--width", "0.125", "--rounds", "1"]
    found = figures("stylisation", tmp_path, *smallest)
    assert found["what"].tolist() == ["training step of a style network", "portrait"]


def test_the_peer_of_stylisation_is_the_same_network() -> None:
    torch.manual_seed(0)
    ours, theirs, pictures = StyleNetwork(0.25), stylisation.transformer(0.25), torch.rand(2, 3, 32, 48)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.layers.state_dict().values(), strict=True)))
    torch.testing.assert_close(theirs(pictures), ours.layers(pictures), rtol=1e-4, atol=1e-4)


def test_faces(tmp_path: Path) -> None:
    smallest = ["--faces", "8", "20", "--pictures", "200", "--sample", "2", "--folder", str(tmp_path)]
    rows = figures("faces", tmp_path, *smallest)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures.csv", "figures.md"]
    found = rows.set_index(["what", "unit"])["value"]
    for faces, total in ((8, 10), (20, 22)):  # training faces, and one of validation and test each
        what = f"faces prepare, {faces} training faces"
        assert found[what, "faces per second"] * found[what, "s"] == pytest.approx(total, rel=1e-6)
    assert rows.loc[rows["peer"] != "", "peer"].tolist() == ["torchvision's CelebA"]


def test_scale(tmp_path: Path) -> None:
    found = figures("scale", tmp_path, "copies", "--faces", "400", "--pictures", "1300", "--target", "faces")
    disk = found.set_index("what")["value"]["data/faces, 400 training faces"]
    pictures = 2 * (400 + 3 + 7) * 128 * 128 * 3 / 1e6  # aligned and not
    assert pictures < disk < 1.05 * pictures
