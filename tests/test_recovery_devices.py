"""Several devices, as two processes on one processor: they train one model, write once, and stop together. In Slurm, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import recovery_project

from ifrp import artifacts, paths, provenance
from ifrp.training import lock

SCRIPT = """
import os, signal, sys
from pathlib import Path
import lightning_fabric
from ifrp.config import load
from ifrp.errors import IfrpError
from ifrp.recovery.training import experiment as training
from ifrp.training.loop import Loop


class Fabric(lightning_fabric.Fabric):
    def __init__(self, accelerator, devices, **given):
        super().__init__(accelerator="cpu", devices=2, strategy="ddp", **given)


def step(self):
    one_step(self)
    if self.step == 2 and self.fabric.global_rank == 1 and "stop" in sys.argv:
        os.kill(os.getpid(), signal.SIGTERM)


lightning_fabric.Fabric = Fabric
one_step, Loop._one_step = Loop._one_step, step
try:
    training.train(load(Path("own.yaml")), "ifrp")
except KeyboardInterrupt:
    sys.stdout.write("stopped\\n")
except IfrpError as error:
    sys.stdout.write(f"{error}\\n")
"""
STEP = {"SLURM_JOB_ID": "4711", "SLURM_JOB_NAME": "ifrp", "SLURM_NTASKS": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0",
        "SLURM_NODEID": "0", "SLURM_NODELIST": "localhost", "SLURM_STEP_ID": "0"}  # fmt: skip
"""what `srun --ntasks=1` tells a job of its step, however many GPUs it has"""


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
    around = {**os.environ, **STEP, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(own)}

    monkeypatch.setattr(lock, "BEAT", 0.5)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), *words]
        return subprocess.run(command, env=around, capture_output=True, text=True, timeout=180, check=False)

    with lock.held(paths.checkpoint("ifrp"), "ifrp"):
        refused = run()
    assert refused.stdout.count("is under way already") == 2, refused.stderr
    stopped = run("stop")  # one process is told, both end
    assert stopped.stdout.count("stopped") == 2, stopped.stderr
    assert not paths.recovery_model("ifrp").exists()
    done = run()
    assert done.returncode == 0, done.stderr
    assert "ifrp: 2/6" in done.stderr
    made = provenance.read_card(paths.recovery_model("ifrp"))
    assert made["facts"]["steps"] == 6
    assert made["sha256"] == artifacts.hexdigest(paths.recovery_model("ifrp"))
    assert len(paths.training_curve("ifrp").read_text().splitlines()) == 1 + 4  # steps 2, 3, 4 and 6
