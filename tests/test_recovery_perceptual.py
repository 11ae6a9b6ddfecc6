"""Style transfer towards a real face: Gatys by optimisation, Johnson by a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recovery_project
import torch
from torch import Tensor
from torch.optim import LBFGS

from ifrp import paths, stacks
from ifrp.config import Config, experiments, merge, plain
from ifrp.config import build as build_config
from ifrp.config.methods import METHODS
from ifrp.config.methods.gatys import Settings as GatysSettings
from ifrp.config.methods.johnson import Settings as JohnsonSettings
from ifrp.errors import IfrpError
from ifrp.recovery import methods
from ifrp.recovery.method import Batch, Clock
from ifrp.recovery.methods import gatys, johnson
from ifrp.stacks import to_range
from ifrp.styles.features import gram

CPU = torch.device("cpu")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    return recovery_project.make(tmp_path)


def build(project: Config, name: str, **changes: Any) -> Any:
    """A method ready to train or to recover, with some settings changed."""
    values = {"recovery": {"experiments": {name: {"method": name, **changes}}}}
    found = build_config(merge(plain(project), values), "here")
    torch.manual_seed(0)
    method = methods.build(found, experiments.resolve(found, name))
    method.prepare(found, CPU, training=True)
    return method


def portraits(count: int = 3) -> Tensor:
    return to_range(torch.from_numpy(np.array(stacks.read(paths.portraits("test", "ink")).images[:count])))


def test_defaults_are_the_originals() -> None:
    optimised, network = GatysSettings(), JohnsonSettings()
    weights = [(s.content_weight, s.style_weight, s.variation_weight) for s in (optimised, network)]
    assert weights == [(5, 100, 1e-3), (1, 5, 1e-6)]
    assert (optimised.content_layer, network.content_layer) == ("relu4_2", "relu2_2")
    assert optimised.style_layers == tuple(f"relu{block}_1" for block in range(1, 6))
    assert network.style_layers == ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    assert (optimised.iterations, optimised.history, optimised.start) == (1000, 100, "noise")
    assert network.learning_rate == 1e-3
    training = METHODS["johnson"].training
    assert (training.steps, training.batch) == (40_000, 4)


@pytest.mark.parametrize("name", ["gatys", "johnson"])
def test_the_style_is_one_training_face(project: Config, name: str) -> None:
    losses = build(project, name, face=7).losses
    face = to_range(torch.from_numpy(np.array(stacks.read(paths.faces("train")).images[7:8])))
    expected = losses.features(face, ("relu2_1",))["relu2_1"]
    torch.testing.assert_close(losses.targets["relu2_1"], gram(expected))
    for wrong, told in ((12, "but data/faces/train.npy has 12"), (-1, "it must be at least 0")):
        with pytest.raises(IfrpError, match=f"face is {wrong}[;,] {told}"):
            build(project, name, face=wrong)


def test_johnsons_network_is_the_papers() -> None:
    """A convolution of k×k from a to b channels has k·k·a·b + b parameters, an instance norm 2·b; the last layer has none."""
    steps = ((3, 32, 9), (32, 64, 3), (64, 128, 3), *[(128, 128, 3)] * 10, (128, 64, 3), (64, 32, 3))
    by_hand = sum(k * k * a * b + b + 2 * b for a, b, k in steps) + 9 * 9 * 32 * 3 + 3
    method = johnson.Method(JohnsonSettings(), 128, ("ink",))
    found = sum(parameter.numel() for parameter in method.networks["generator"].parameters())
    assert found == by_hand == 1_679_235


def test_johnsons_update_is_the_weighted_sum_and_ignores_the_true_faces(project: Config) -> None:
    method = build(project, "johnson")
    both = [
        list(method.updates(Batch(portraits(), faces, torch.zeros(3), torch.zeros(3, 2, 3)), Clock(9, 0, 10)))
        for faces in (torch.zeros(3, 3, 128, 128), torch.ones(3, 3, 128, 128))
    ]
    (update,), (other,) = both
    logs = {name: float(value) for name, value in update.logs.items()}
    expected = logs["content"] + 5 * logs["style"] + 1e-6 * logs["variation"]
    assert update.loss.item() == pytest.approx(expected, rel=1e-5)
    assert update.loss.item() == other.loss.item()
    assert (update.optimiser, method.rate(Clock(9, 0, 10))) == ("generator", 1e-3)


def test_johnsons_loss_falls(project: Config) -> None:
    method = build(project, "johnson", keep=1)
    optimiser = method.optimisers()["generator"]
    batch = Batch(portraits(), portraits(), torch.zeros(3), torch.zeros(3, 2, 3))
    losses = []
    for step in range(12):
        (update,) = method.updates(batch, Clock(step, 0, 12))
        optimiser.zero_grad()
        update.loss.backward()
        optimiser.step()
        losses.append(update.loss.item())
    assert losses[-1] < 0.7 * losses[0]


def bowls(scale: Tensor, centres: Tensor) -> Any:
    """Losses whose least is 0, at the centres; (N, …) pictures to (N,)."""
    return lambda pictures: 0.5 * (scale * (pictures - centres).square()).flatten(1).sum(1)


def test_minimise_reaches_the_analytic_optimum() -> None:
    torch.manual_seed(0)
    centres, scale = torch.randn(3, 3, 4, 4), 10 ** torch.linspace(-1, 1, 48).view(3, 4, 4)
    found = gatys.minimise(bowls(scale, centres), torch.zeros(3, 3, 4, 4), 60, 100)
    torch.testing.assert_close(found, centres, atol=1e-4, rtol=0)


def test_minimise_is_torchs_lbfgs_for_each_picture_alone() -> None:
    torch.manual_seed(0)
    centres, scale = 3 * torch.randn(3, 3, 4, 4), 10 ** torch.linspace(-1, 1, 48).view(3, 4, 4)
    together = gatys.minimise(bowls(scale, centres), torch.zeros(3, 3, 4, 4), 12, 5)
    for picture, centre in zip(together, centres, strict=True):
        alone = torch.zeros(1, 3, 4, 4, requires_grad=True)
        loss = bowls(scale, centre[None])
        optimiser = LBFGS([alone], max_iter=12, history_size=5, tolerance_grad=-1, tolerance_change=-1)

        def closure(optimiser: LBFGS = optimiser, loss: Any = loss, alone: Tensor = alone) -> Tensor:
            optimiser.zero_grad()
            found: Tensor = loss(alone).sum()
            found.backward()
            return found

        optimiser.step(closure)
        torch.testing.assert_close(picture, alone.detach()[0])
        assert (picture - centre).abs().max() > 1e-3  # still on its way, so that steps are compared, not ends


def test_gatys_lowers_the_loss_and_leaves_no_gradient(project: Config) -> None:
    method = build(project, "gatys", iterations=10)
    given = portraits().requires_grad_()
    kept = given.detach().clone()

    def total(pictures: Tensor) -> Tensor:
        found: Tensor = method.losses(method.losses.content(given), pictures, apart=True)["total"]
        return found

    with torch.no_grad():
        found = method.recover(given)
        assert not torch.is_grad_enabled()
        assert (total(found) < 0.3 * total(given)).all()
    assert not found.requires_grad
    assert given.grad is None
    assert all(parameter.grad is None for parameter in method.losses.features.parameters())
    assert torch.equal(given, kept)
    assert ((found - kept).abs().flatten(1).mean(1) > 0.02).all()
    assert found.abs().max() <= 1


def test_gatys_starts_where_it_is_told(project: Config) -> None:
    given = portraits(2)
    for start, expected in (("portrait", given), ("noise", torch.zeros_like(given))):
        found = build(project, "gatys", start=start, iterations=0).recover(given)
        torch.testing.assert_close(found, expected, atol=6e-3, rtol=0)
    method = build(project, "gatys", start="noise", iterations=0)
    found = method.recover(given)
    assert torch.equal(found[0], found[1])
    assert 0.9e-3 < found.std() < 1.1e-3
    assert torch.equal(found, build(project, "gatys", start="noise", iterations=0).recover(given))


def test_gatys_says_if_it_diverged(project: Config) -> None:
    method = build(project, "gatys", style_weight=1e39)  # infinite in 32 bits
    with torch.no_grad(), pytest.raises(IfrpError, match="diverged"):
        method.recover(portraits(1))
