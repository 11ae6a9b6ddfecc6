"""A training whose steps are recorded and replayed is, to the last bit, the one whose steps are computed as they are written.

There is no CUDA on most machines that run these tests. What a recorder of CUDA graphs does is done here on a processor: all
operations are noted with the tensors that they read and write, taken back, and repeated in the same memory. What is no
operation of torch (a Python number, an `if`) is then as it was when it was recorded, as in a CUDA graph; reading a value is
refused, as CUDA refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
import recovery_project
import torch
from torch import Tensor
from torch.autograd.grad_mode import _unsafe_preserve_version_counter
from torch.optim import RMSprop
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ifrp import runtime
from ifrp.config import Config, Runtime, build, experiments, merge
from ifrp.config import plain as as_plain
from ifrp.recovery.training import adversarial
from ifrp.recovery.training.trainee import ExperimentTrainee
from ifrp.training import checkpoint
from ifrp.training.graphs import FIRST, Graphs
from ifrp.training.loop import Loop
from ifrp.training.trainee import Updates

T = TypeVar("T")
aten = torch.ops.aten
STEPS = 14


class Tape(TorchDispatchMode):
    """Notes operations, and what they overwrite."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, Any, Any, list[Tensor]]] = []
        self.before: list[tuple[Tensor, Tensor]] = []
        self.made: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is aten._local_scalar_dense.default:
            raise RuntimeError("operation not permitted when stream is capturing")
        kwargs = kwargs or {}
        written = [value for value, told in zip(args, func._schema.arguments, strict=False) if told.is_write]
        if func is aten.native_batch_norm.default:  # its schema does not tell
            written += [args[3], args[4]] if args[5] else []
        self.before += [(tensor, tensor.clone()) for tensor in _tensors(written)]
        found = func(*args, **kwargs)
        given = {tensor.untyped_storage().data_ptr() for tensor in _tensors((args, kwargs))}
        new = [tensor for tensor in _tensors(found) if tensor.untyped_storage().data_ptr() not in given]
        if new or written:
            self.calls.append((func, args, kwargs, new))
            self.made += new
        return found

    def undo(self) -> None:
        """As if nothing had been computed: what is new holds nothing that could be read."""
        changed = (*(tensor for tensor, _ in self.before), *self.made)
        with torch.no_grad(), _unsafe_preserve_version_counter(changed):
            for tensor, value in reversed(self.before):
                tensor.copy_(value)
            for tensor in self.made:
                tensor.fill_(float("nan") if tensor.is_floating_point() else 0)

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, kwargs, new in self.calls:
            found = _tensors(func(*args, **kwargs))
            for old, value in zip(new, found[len(found) - len(new) :], strict=True):
                old.copy_(value)


class Recorder:
    """A recorder for a processor."""

    def __call__(self, work: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        tape, random = Tape(), torch.get_rng_state()
        try:
            with tape:
                found = work()
        finally:
            tape.undo()
            torch.set_rng_state(random)
        return found, tape.replay


def _tensors(values: Any) -> list[Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, Tensor)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Trainings of a few epochs with the paper's gate, and RMSprop at a rate that changes with the epochs at most.

    On a processor other optimisers and other rates are Python numbers, which a recorder cannot know.
    """
    monkeypatch.chdir(tmp_path)
    gate = {"warm_up": 0, "margin": 0.34}
    methods: dict[str, Any] = {
        name: {"training": {"steps": STEPS}} for name in recovery_project.TINY if name != "gatys"
    }
    methods |= {
        name: {"training": {"steps": STEPS}, "optimisation": gate} for name in ("ifrp", "ifrp_plus", "faced")
    }
    return build(merge(as_plain(recovery_project.make(tmp_path)), {"recovery": {"methods": methods}}), "here")


def trained(project: Config, name: str, recorded: bool, spoil: bool = False) -> tuple[Loop, Graphs | None]:
    class Plain(ExperimentTrainee):
        def optimisers(self) -> dict[str, Any]:
            own = super().optimisers()
            return {
                key: RMSprop([p for group in optimiser.param_groups for p in group["params"]], lr=1e-3)
                for key, optimiser in own.items()
            }

        def rate(self, step: int) -> float:
            epoch = self.phase(step)
            return 1e-3 / (1 + epoch) if isinstance(epoch, int) else 1e-3

        def updates(self, batch: Any, step: int) -> Updates:
            for_all = super().updates(batch, step)
            if spoil:
                float(batch.portraits.mean())
            yield from for_all

    path = Path(f"{name}.ckpt")
    checkpoint.remove(path)
    fabric = runtime.fabric(Runtime(device="cpu"))
    trainee = Plain(project, experiments.resolve(project, name), fabric)
    loop = Loop(trainee, fabric, path, name)
    if recorded:
        loop.graphs = Graphs(trainee, loop.optimisers, loop._advance, loop._account, Recorder)
    with patch("ifrp.training.loop.stream", nullcontext):
        loop.run()
    return loop, loop.graphs


def same(one: Loop, other: Loop) -> bool:
    mine, theirs = (_tensors([loop.state()["networks"], loop.state()["means"]]) for loop in (one, other))
    rows = (
        [{k: v for k, v in row.items() if k != "seconds"} for row in loop.history] for loop in (one, other)
    )
    return all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True)) and next(rows) == next(rows)


@pytest.mark.parametrize("name", ["ifrp", "ifrp_plus", "faced", "johnson", "pix2pix", "mgan"])
def test_replayed_steps_are_the_steps(
    project: Config, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, replay, counts = Graphs._record, Graphs._replay, {"recorded": 0, "replayed": 0}

    def counted(key: str, step: Callable[..., None]) -> Callable[..., None]:
        def run(*args: Any) -> None:
            counts[key] += 1
            step(*args)

        return run

    monkeypatch.setattr(Graphs, "_record", counted("recorded", record))
    monkeypatch.setattr(Graphs, "_replay", counted("replayed", replay))
    loop, graphs = trained(project, name, recorded=True)
    assert graphs is not None
    assert graphs.refused is False
    assert counts["replayed"] == STEPS - FIRST
    epochs = -(-STEPS // loop.trainee.pairs.per_epoch)  # type: ignore[attr-defined]
    assert epochs > 1
    assert counts["recorded"] == (epochs if name in ("ifrp", "ifrp_plus", "faced") else 1)
    assert same(loop, trained(project, name, recorded=False)[0])
    assert "without CUDA graphs" not in capsys.readouterr().err


def test_gates_close_in_what_is_compared(project: Config) -> None:
    loop, _ = trained(project, "ifrp", recorded=True)
    assert any(row["discriminator_updated"] < 1 for row in loop.history)
    assert any(row["generator_updated"] < 1 for row in loop.history)


def test_an_optimiser_keeps_its_state_however_late_its_gate_opens(
    project: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = []
    for recorded in (True, False):
        answers = iter([(False, True)] * (FIRST + 3) + [(True, True)] * STEPS)
        monkeypatch.setattr(adversarial, "balance", lambda *of, margin, answers=answers: next(answers))
        loops.append(trained(project, "ifrp", recorded)[0])
    assert same(*loops)


def test_what_cannot_be_replayed_is_trained_as_it_is_written(
    project: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    loop, graphs = trained(project, "cyclegan", recorded=True)
    assert graphs is not None
    assert graphs.refused
    said = capsys.readouterr().err
    assert said.count("cyclegan is trained without CUDA graphs: no two of its steps do the same.") == 1
    assert same(loop, trained(project, "cyclegan", recorded=False)[0])


def test_a_step_that_reads_the_device_is_trained_as_it_is_written(
    project: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    loop, graphs = trained(project, "ifrp", recorded=True, spoil=True)
    assert graphs is not None
    assert graphs.refused
    assert capsys.readouterr().err.count("it cannot be recorded (operation not permitted") == 1
    assert same(loop, trained(project, "ifrp", recorded=False)[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["ifrp", "ifrp_plus", "pix2pix"])
def test_graphs_on_a_gpu_train_the_same_to_float_error(project: Config, name: str) -> None:
    weights = []
    for graphs in (True, False):
        checkpoint.remove(Path(f"{name}.ckpt"))
        fabric = runtime.fabric(Runtime(device="cuda"))
        trainee = ExperimentTrainee(project, experiments.resolve(project, name), fabric)
        loop = Loop(trainee, fabric, Path(f"{name}.ckpt"), name, graphs=graphs)
        loop.run()
        weights.append(
            torch.cat([p.detach().flatten().cpu() for p in trainee.networks["generator"].parameters()])
        )
    torch.testing.assert_close(*weights, rtol=1e-2, atol=1e-3)
