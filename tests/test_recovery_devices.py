"""Several devices, as two processes on one processor: they train one model, write once, and stop together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import recovery_project

from ifrp import artifacts, paths

SCRIPT = """
import os, signal, sys
from pathlib import Path
from lightning_fabric import Fabric
from ifrp import paths, runtime
from ifrp.config import load
from ifrp.recovery.training import experiment as training
from ifrp.training.loop import Loop


def fabric(given, devices=None):
    found = Fabric(accelerator="cpu", devices=2, strategy="ddp", precision=given.precision)
    found.launch()
    return found


def step(self):
    one_step(self)
    if self.step == 2 and self.fabric.global_rank == 1 and "stop" in sys.argv:
        os.kill(os.getpid(), signal.SIGTERM)


runtime.fabric = fabric
one_step, Loop._one_step = Loop._one_step, step
try:
    training.train(load(Path("own.yaml")), "ifrp")
except KeyboardInterrupt:
    sys.stdout.write("stopped\\n")
"""


@pytest.mark.slow
def test_two_devices_train_write_once_and_stop_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recovery_project.make(tmp_path)
    paths.CONFIG.rename("own.yaml")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    own = [str(Path(__file__).parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    around = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(own)}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), *words]
        return subprocess.run(command, env=around, capture_output=True, text=True, timeout=180, check=False)

    stopped = run("stop")  # one process is told, both end
    assert stopped.stdout.count("stopped") == 2, stopped.stderr
    assert not paths.recovery_model("ifrp").exists()
    done = run()
    assert done.returncode == 0, done.stderr
    assert "ifrp: 2/6" in done.stderr
    made = artifacts.read_card(paths.recovery_model("ifrp"))
    assert made["facts"]["steps"] == 6
    assert made["sha256"] == artifacts.hexdigest(paths.recovery_model("ifrp"))
    assert len(paths.training_curve("ifrp").read_text().splitlines()) == 1 + 4  # steps 2, 3, 4 and 6
