"""The training loop on a network whose course can be computed by hand, its checkpoints and its curve."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from training_project import told_to_stop

from ifrp import runtime
from ifrp.config import Runtime
from ifrp.errors import IfrpError
from ifrp.training import checkpoint
from ifrp.training.curve import Curve
from ifrp.training.loop import Loop
from ifrp.training.trainee import Gate, Row, Trainee, Update, Updates


class Falling(Trainee[Tensor]):
    """w² of one weight w, which starts at 1 and gains (1 − 2·rate) per step; every third step is gated."""

    def __init__(self, steps: int = 12) -> None:
        self.layer = nn.Linear(1, 1, bias=False)
        nn.init.ones_(self.layer.weight)
        super().__init__("falling", steps, {"layer": self.layer})
        self.averaged = {"layer": 0.5}

    def optimisers(self) -> dict[str, Optimizer]:
        return {"layer": SGD(self.networks["layer"].parameters(), lr=1.0)}

    def batch(self, step: int) -> Tensor:
        return torch.tensor([float(step % 3 != 2)])

    def rate(self, step: int) -> float:
        return 0.1

    def updates(self, batch: Tensor, step: int) -> Updates:
        loss = self.networks["layer"](torch.ones(1, 1)).square().sum()
        updated = yield Gate(("layer",), batch, lambda go: [go > 0], {"loss": loss.detach()})
        if updated["layer"]:
            yield Update("layer", loss)

    def logged(self, step: int) -> bool:
        return step % 4 == 0

    def measured(self, step: int, seconds: float) -> Row:
        assert not self.networks["layer"].training
        assert not torch.is_grad_enabled()
        return {"mean": float(self.networks["layer"](torch.ones(1, 1)))}


def loop(trainee: Trainee[Tensor], identity: str = "this") -> Loop:
    fabric = runtime.fabric(Runtime(device="cpu"))
    return Loop(trainee, fabric, Path("x.ckpt"), identity, Curve(Path("curve.csv")))


def by_hand(steps: int = 12) -> tuple[list[float], list[Row]]:
    """The weight after each step, and the rows of the curve."""
    weights, mean, rows = [1.0], 1.0, list[Row]()
    for step in range(steps):
        weights.append(weights[-1] * (0.8 if step % 3 != 2 else 1))
        mean = weights[-1] if step == 0 else (mean + weights[-1]) / 2
        if (step + 1) % 4 == 0:
            past = range(step - 3, step + 1)
            rows.append({"step": step + 1, "loss": sum(weights[i] ** 2 for i in past) / 4,
                         "layer_updated": sum(i % 3 != 2 for i in past) / 4, "mean": mean})  # fmt: skip
    return weights, rows


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_weights_running_mean_and_curve_are_those_by_hand() -> None:
    trainee = Falling()
    made = loop(trainee)
    made.run()
    weights, rows = by_hand()
    assert trainee.layer.weight.item() == pytest.approx(weights[-1])
    assert [row["step"] for row in made.history] == [4, 8, 12]
    for found, expected in zip(made.history, rows, strict=True):
        assert found == pytest.approx(expected)
    lines = Path("curve.csv").read_text().splitlines()
    assert lines[0] == "step,layer_updated,loss,mean"
    assert [float(value) for value in lines[3].split(",")] == pytest.approx(
        [rows[2][name] for name in ("step", "layer_updated", "loss", "mean")], rel=1e-5
    )


def test_stopped_and_resumed_is_the_same_between_two_rows_as_well() -> None:
    straight, resumed = Falling(), Falling()
    loop(straight).run()
    checkpoint.remove(Path("x.ckpt"))
    whole = Path("curve.csv").read_text()
    with told_to_stop(5), pytest.raises(KeyboardInterrupt):
        loop(Falling()).run()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    state = checkpoint.load(Path("x.ckpt"), loop(Falling()).identity)
    assert state is not None
    assert state["step"] == 6
    loop(resumed).run()
    assert torch.equal(straight.layer.weight, resumed.layer.weight)
    assert Path("curve.csv").read_text() == whole


def test_a_finished_training_has_nothing_left_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    loop(Falling()).run()
    again = Falling()
    done = loop(again)
    done.run()
    assert again.layer.weight.item() == pytest.approx(by_hand()[0][-1])
    assert len(done.history) == 3
    loop(Falling(), "that").run()
    assert "other settings, data or networks, so training starts afresh" in capsys.readouterr().err


class Poisoned(Falling):
    """Its loss is finite, but not its weight after step 5."""

    checkpoint_minutes = 0

    def updates(self, batch: Tensor, step: int) -> Updates:
        yield from super().updates(batch, step)
        if step == 5:
            self.layer.weight.data.fill_(float("nan"))


def test_a_weight_that_is_not_finite_is_not_kept() -> None:
    with pytest.raises(
        IfrpError, match=r"stopped at step 6: the network layer .*good checkpoint: x\.ckpt of step 5"
    ):
        loop(Poisoned()).run()
    state = checkpoint.load(Path("x.ckpt"), loop(Falling()).identity)
    assert state is not None
    assert state["step"] == 5


KILLED = """
import os, signal, sys, torch
from pathlib import Path
from ifrp.training import checkpoint

def dies(data, path):
    path.write_bytes(b"half of it")
    os.kill(os.getpid(), signal.SIGKILL)

def save(number): checkpoint.save(Path("x.ckpt"), {"step": number, "weight": torch.ones(9)}, "this")
save(1)
if sys.argv[1] == "writing":
    torch.save = dies
else:  # between the two renamings
    Path.replace = (lambda replace: lambda self, to: (replace(self, to), os.kill(os.getpid(), signal.SIGKILL)))(Path.replace)
save(2)
"""


@pytest.mark.parametrize("when", ["writing", "renaming"])
def test_killed_while_a_checkpoint_is_written_the_one_before_it_stays(when: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, when], stderr=subprocess.PIPE, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    state = checkpoint.load(Path("x.ckpt"), "this")
    assert state is not None
    assert state["step"] == 1
    assert torch.equal(state["weight"], torch.ones(9))


def test_a_step_has_all_its_digits() -> None:
    curve = Curve(Path("curve.csv"))
    curve.open([{"step": 1_234_567, "loss": 0.123456789}])
    assert Path("curve.csv").read_text() == "step,loss\n1234567,0.123457\n"


def test_a_changed_bit_is_damage(capsys: pytest.CaptureFixture[str]) -> None:
    """Torch itself would go on with another weight."""
    path = Path("x.ckpt")
    checkpoint.save(path, {"weight": torch.ones(9)}, "a")
    content = bytearray(path.read_bytes())
    place = content.index(torch.ones(9).numpy().tobytes())
    content[place + 1] ^= 1
    path.write_bytes(content)
    assert not torch.equal(torch.load(path)["state"]["weight"], torch.ones(9))
    assert checkpoint.load(path, "a") is None
    assert "x.ckpt is damaged" in capsys.readouterr().err


def test_damaged_and_foreign_checkpoints_are_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.ckpt"
    assert checkpoint.load(path, "a") is None
    checkpoint.save(path, {"step": 1}, "a")
    checkpoint.save(path, {"step": 2}, "a")
    assert checkpoint.load(path, "a") == {"step": 2}
    path.write_bytes(path.read_bytes()[:200])
    assert checkpoint.load(path, "a") == {"step": 1}
    assert "x.ckpt is damaged" in capsys.readouterr().err
    path.unlink()
    assert checkpoint.load(path, "b") is None
    assert "other settings, data or networks, so training starts afresh" in capsys.readouterr().err
    checkpoint.remove(path)
    assert list(tmp_path.iterdir()) == []
