"""Networks as they recover fastest: what folding and bfloat16 change, and what they leave alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

import ifrp
from ifrp import paths
from ifrp.config import Calibration
from ifrp.recovery import apply, inference
from ifrp.recovery.folding import folded
from ifrp.recovery.inference import optimised
from ifrp.stacks import Images

CPU = torch.device("cpu")
Faces = NDArray[np.float64]


@pytest.fixture(scope="module")
def portraits() -> Images:
    model = ifrp.load("small", "cpu")
    return np.stack([model.recover(path).portrait.image for path in sorted(paths.EXAMPLES.iterdir())])


def recovered(method: object, images: Images) -> Faces:
    return np.concatenate(list(apply.recover(method, images, CPU))).astype(np.float64)  # type: ignore[arg-type]


def decibels(one: Faces, other: Faces) -> float:
    return float(10 * np.log10(255**2 / np.square(one - other).mean()))


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_a_folded_norm_is_the_affine_map_of_its_statistics(kind: type[nn.Conv2d]) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(kind(3, 5, 4, 2, bias=False), nn.BatchNorm2d(5), nn.ReLU(), nn.BatchNorm2d(5))
    for norm in (network[1], network[3]):
        norm.running_mean.uniform_(-1, 1)  # type: ignore[operator]
        norm.running_var.uniform_(0.5, 2)  # type: ignore[operator]
        nn.init.uniform_(norm.weight, 0.5, 2)  # type: ignore[arg-type]
    before = copy.deepcopy(network.state_dict())
    fast, images = folded(network), torch.rand(2, 3, 16, 16)
    assert [type(layer) for layer in fast.children()] == [kind, nn.Identity, nn.ReLU, nn.BatchNorm2d]
    torch.testing.assert_close(fast(images), network.eval()(images))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("name", ["ifrp-plus", "small"])
def test_folding_changes_a_face_by_a_level_at_most(name: str, portraits: Images) -> None:
    method = ifrp.load(name, "cpu").method
    norms = sum(isinstance(layer, nn.BatchNorm2d) for layer in method.networks["generator"].modules())
    fast = optimised(method, CPU, bfloat16=False)
    left = sum(isinstance(layer, nn.BatchNorm2d) for layer in fast.networks["generator"].modules())
    assert norms > 0 == left
    assert np.abs(recovered(fast, portraits) - recovered(method, portraits)).max() <= 1


def test_bfloat16_costs_no_more_than_is_said(portraits: Images) -> None:
    method = ifrp.load("ifrp-plus", "cpu").method
    found = recovered(optimised(method, CPU, bfloat16=True), portraits)
    assert 50 < decibels(found, recovered(method, portraits)) < 70  # it was used, and is harmless


def test_small_networks_stay_in_float32(portraits: Images) -> None:
    method = ifrp.load("small", "cpu").method
    found = recovered(optimised(method, CPU, bfloat16=True), portraits)
    assert np.array_equal(found, recovered(optimised(method, CPU, bfloat16=False), portraits))


def test_exact_does_not_depend_on_the_processor(portraits: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "supports_bfloat16", lambda device: True)
    faces = {}
    for exact in (True, False):
        model = ifrp.load("ifrp-plus", "cpu", exact=exact)
        faces[exact] = np.stack(
            [np.asarray(found.face) for found in model.recover(list(portraits), aligned=True)]
        )
    plain = recovered(optimised(ifrp.load("ifrp-plus", "cpu").method, CPU, bfloat16=False), portraits)
    assert np.array_equal(faces[True], plain)
    assert not np.array_equal(faces[False], plain)


def test_what_was_calibrated_is_what_recovers(portraits: Images) -> None:
    model = ifrp.load("small", "cpu")
    before = np.asarray(model.recover(portraits[0], aligned=True).face)
    model.calibrate(portraits, Calibration(trust=0.5))
    after = np.asarray(model.recover(portraits[0], aligned=True).face)
    assert not np.array_equal(before, after)
    assert np.abs(after - recovered(model.method, portraits[:1])[0]).max() <= 1


def test_a_processor_says_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, object] = {}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: said)
    assert not inference.supports_bfloat16(CPU)
    said["avx512_bf16"] = True
    assert inference.supports_bfloat16(CPU)
    assert not inference.supports_bfloat16(torch.device("cuda"))
    said |= {"avx512_bf16": False, "amx_bf16": True}
    assert inference.supports_bfloat16(CPU)
