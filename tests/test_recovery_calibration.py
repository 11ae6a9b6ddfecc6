"""Calibration on portraits of a style, against torch's own re-estimation of batch norm, and by what must not change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recovery_project
import torch
from PIL import Image
from torch import nn
from torch.optim.swa_utils import update_bn

from ifrp import artifacts, paths, provenance, stacks
from ifrp.config import Calibration, Config, experiments, merge
from ifrp.config import build as build_config
from ifrp.config import plain as as_plain
from ifrp.errors import IfrpError
from ifrp.recovery import apply, methods, model
from ifrp.recovery.calibration import calibrate, colours, restored
from ifrp.recovery.method import Method
from ifrp.recovery.recover import recover
from ifrp.recovery.training import experiment as training
from ifrp.stacks import to_range

CPU = torch.device("cpu")
OWN = {"ifrp": {"method": "ifrp", "styles": ["ink"]}, "input": {"method": "input"}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    return recovery_project.make(
        tmp_path,
        experiments={**OWN, "calibrated": {"model": "ifrp", "calibrate": {"portraits": 8, "prior": 4}}},
    )


def build(project: Config, name: str = "ifrp") -> Method[Any]:
    torch.manual_seed(0)
    method = methods.build(project, experiments.resolve(project, name))
    for network in method.networks.values():
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):  # of a training that has ended
                nn.init.uniform_(norm.weight, 0.5, 1.5)
                nn.init.normal_(norm.bias)
                assert norm.running_mean is not None
                assert norm.running_var is not None
                norm.running_mean.normal_()
                norm.running_var.uniform_(0.5, 2)
        network.eval()
    return method


def portraits(style: str = "wax") -> stacks.Images:
    return stacks.read(paths.portraits("test", style)).images


def state(method: Method[Any]) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in method.networks["generator"].state_dict().items()}


def test_without_a_prior_the_statistics_are_those_of_torch(project: Config) -> None:
    method, other = build(project), build(project).networks["generator"]
    before = state(method)
    calibrate(method, portraits(), Calibration(prior=0), CPU)
    update_bn([to_range(torch.from_numpy(portraits().copy()))], other)
    found = state(method)
    for name, wanted in other.state_dict().items():
        if "num_batches" not in name:
            torch.testing.assert_close(found[name], wanted, rtol=1e-4, atol=1e-5)
    assert all(
        torch.equal(found[name], before[name])
        for name in found
        if "running" not in name and "num" not in name
    )
    assert not method.networks["generator"].training


def test_the_prior_counts_as_so_many_portraits(project: Config) -> None:
    method = build(project)
    trained = state(method)
    with restored(method):
        calibrate(method, portraits(), Calibration(prior=0), CPU)
        fresh = state(method)
    with restored(method):
        calibrate(method, portraits(), Calibration(prior=12, trust=0.5), CPU)  # 12 portraits: half of a half
        for name, value in state(method).items():
            if "running" in name:
                torch.testing.assert_close(value, 0.75 * trained[name] + 0.25 * fresh[name])
    assert all(
        torch.equal(value, trained[name]) for name, value in state(method).items() if "num" not in name
    )


def test_how_strong_a_style_is_no_longer_matters(project: Config) -> None:
    """Halving all portraits halves what the first convolution gives, which its own statistics take out again."""
    torch.manual_seed(0)
    method = methods.build(project, experiments.resolve(project, "ifrp"))
    last = method.networks["generator"].eval().get_submodule("decoder.4")
    assert isinstance(last, nn.ConvTranspose2d)
    assert last.bias is not None
    nn.init.zeros_(last.bias)  # which no statistics come after
    strong = to_range(torch.from_numpy(portraits().copy()))
    found = []
    for factor in (1.0, 0.5):
        with torch.no_grad(), restored(method):
            images = ((factor * strong + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
            plain = method.recover(to_range(torch.from_numpy(images)))
            calibrate(method, images, Calibration(prior=0), CPU)
            found.append((plain, method.recover(to_range(torch.from_numpy(images)))))
    moved, left = ((one - other).norm() / one.norm() for one, other in zip(*found, strict=True))
    assert left < 0.05 < 0.3 < moved


def test_colours_are_brought_to_those_of_the_training_faces(project: Config) -> None:
    faces = stacks.read(paths.faces("train")).images
    mean, spread = colours(faces)
    pixels = np.asarray(faces).reshape(-1, 3) / 127.5 - 1
    np.testing.assert_allclose(mean, pixels.mean(0), atol=1e-5)
    np.testing.assert_allclose(spread, pixels.std(0), atol=1e-5)
    method = build(project)
    method.colours = torch.tensor([[0.1, 0.0, -0.1], [0.05, 0.04, 0.03]])  # so that nothing is clamped
    calibrate(method, portraits(), Calibration(statistics=False, colours=True), CPU)
    with torch.no_grad():
        found = torch.cat([method.recover(to_range(torch.from_numpy(portraits().copy())))])
    assert method.tone is not None
    deviation, level = torch.std_mean(method.tone(found), (0, 2, 3), correction=0)
    torch.testing.assert_close(torch.stack([level, deviation]), method.colours, atol=1e-4, rtol=1e-3)


def test_an_experiment_takes_anothers_model_and_looks_at_new_styles_only(project: Config) -> None:
    rows = experiments.every(project)
    assert [rows[name].trained for name in ("ifrp", "calibrated", "input")] == [True, False, False]
    assert rows["ifrp"].training_depends == replace(rows["ifrp"], portraits=2).training_depends
    training.train(project, "ifrp")
    before = artifacts.hexdigest(paths.recovery_model("ifrp"))
    apply.apply(project, "ifrp")
    apply.apply(project, "calibrated")
    images = {(name, style): stacks.read(paths.recovered(name, style)).images
              for name in ("ifrp", "calibrated") for style in ("ink", "wax")}  # fmt: skip
    assert np.array_equal(images["ifrp", "ink"], images["calibrated", "ink"])  # a training style
    assert not np.array_equal(images["ifrp", "wax"], images["calibrated", "wax"])
    cards = {style: provenance.read_card(paths.recovered("calibrated", style)) for style in ("ink", "wax")}
    assert "calibrated_on" not in cards["ink"]["facts"]
    assert cards["wax"]["facts"]["calibrated_on"] == 8
    assert str(paths.recovery_model("ifrp")) in cards["wax"]["inputs"]
    assert artifacts.hexdigest(paths.recovery_model("ifrp")) == before
    with pytest.raises(IfrpError, match="calibrated takes the model of ifrp: train that one"):
        training.train(project, "calibrated")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {"model": "nobody"},
            "model is 'nobody', which is no experiment with a model of its own; there are ifrp, input",
        ),
        ({"model": "calibrated"}, "no experiment with a model of its own"),
        (
            {"model": "ifrp", "training": {"steps": 3}},
            "takes the model of ifrp, so it cannot change training",
        ),
        ({"model": "ifrp", "calibrate": {"prior": -1}}, "calibrate.prior is -1; it must be at least 0"),
        ({"model": "ifrp", "calibrate": {"trust": 2}}, "calibrate.trust is 2; it must be at most 1"),
        (
            {"model": "ifrp", "calibrate": {"portraits": 0}},
            "calibrate.portraits is 0; it must be at least 1",
        ),
        ({"model": "ifrp", "calibrate": {"people": 3}}, "calibrate: unknown key people"),
        (
            {"model": "input", "calibrate": {}},
            "input has no trained networks, so there is nothing to calibrate",
        ),
    ],
)
def test_what_cannot_be_calibrated_is_said(project: Config, entry: dict[str, Any], sentence: str) -> None:
    given = merge(as_plain(project), {"recovery": {"experiments": {"other": entry}}})
    with pytest.raises(IfrpError, match=sentence):
        experiments.resolve(build_config(given, "here"), "other")


def test_a_calibrated_model_is_kept_for_others_of_the_kind(project: Config, tmp_path: Path) -> None:
    training.train(project, "ifrp")
    inbox, kept = tmp_path / "inbox", tmp_path / "wax.safetensors"
    inbox.mkdir()
    for number, image in enumerate(portraits()[:5]):
        Image.fromarray(image).save(inbox / f"{number}.png")
    plain = recover([inbox], "ifrp", tmp_path / "plain", paths.CONFIG, aligned=True)
    adapted = recover([inbox], "ifrp", tmp_path / "adapted", paths.CONFIG, aligned=True, calibrated=kept)
    again = recover([inbox / "3.png"], str(kept), tmp_path / "again", paths.CONFIG, aligned=True)
    pictures = {path.parent.name: np.asarray(Image.open(path)) for path in (plain[3], adapted[3], again[0])}
    assert not np.array_equal(pictures["plain"], pictures["adapted"])
    assert np.array_equal(pictures["adapted"], pictures["again"])
    assert model.header(kept)["calibrated_on"] == "5"
    with pytest.raises(IfrpError, match=r"name a file that ends in \.safetensors"):
        recover([inbox], "ifrp", tmp_path / "other", paths.CONFIG, aligned=True, calibrated=tmp_path)


def test_a_released_model_is_found_by_its_name(project: Config, tmp_path: Path) -> None:
    training.train(project, "ifrp")
    paths.RELEASED.mkdir(parents=True)
    paths.recovery_model("ifrp").rename(paths.released("mine"))
    Image.fromarray(portraits()[0]).save(tmp_path / "one.png")
    by_name = recover([tmp_path / "one.png"], "mine", tmp_path / "name", paths.CONFIG, aligned=True)
    by_file = recover([tmp_path / "one.png"], str(paths.released("mine")), tmp_path / "file", aligned=True)
    one, other = (np.asarray(Image.open(found[0])) for found in (by_name, by_file))
    assert np.array_equal(one, other)
