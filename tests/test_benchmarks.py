"""The benchmarks of training and recovery, at their smallest: that they run, and that a ratio is one of what was measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def figures(name: str, folder: Path, *given: str) -> pd.DataFrame:
    output = folder / "figures.csv"
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *given, "--output", str(output)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(output, keep_default_na=False)
    assert output.with_suffix(".md").read_text().count("\n| ") == len(found) + 1
    np.testing.assert_allclose(found["ratio"], found["peer_value"] / found["value"])
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
