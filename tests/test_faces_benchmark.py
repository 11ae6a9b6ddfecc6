"""The benchmark of faces, at its smallest size."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "faces.py"


def test_the_benchmark_counts_what_it_says(tmp_path: Path) -> None:
    table = tmp_path / "faces.csv"
    smallest = ["--faces", "8", "20", "--pictures", "200", "--sample", "2", "--folder", str(tmp_path)]
    command = [sys.executable, str(BENCHMARK), *smallest, "--output", str(table)]
    subprocess.run(command, check=True, capture_output=True)
    assert sorted(tmp_path.iterdir()) == [table, table.with_suffix(".md")]
    with table.open() as file:
        rows = list(csv.DictReader(file))
    found = {(row["what"], row["unit"]): float(row["value"]) for row in rows}
    for faces, total in ((8, 10), (20, 22)):  # training faces, and one of validation and test each
        what = f"faces prepare, {faces} training faces"
        assert found[what, "faces per second"] * found[what, "s"] == pytest.approx(total, rel=1e-6)
    (compared,) = (row for row in rows if row["peer"])
    assert compared["peer"] == "torchvision's CelebA"
    ours, theirs, ratio = (float(compared[name]) for name in ("value", "peer_value", "ratio"))
    assert ratio == pytest.approx(theirs / ours)
