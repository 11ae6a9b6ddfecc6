"""pix2pix, CycleGAN and MGAN: layers and parameters of the published definitions, losses by hand, the pool, model files."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recovery_project
import torch
import yaml
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn
from training_project import ungated

from ifrp import paths
from ifrp.config import Config, Features, build, experiments, merge
from ifrp.config import plain as as_plain
from ifrp.config.methods.translation import Optimisation
from ifrp.errors import IfrpError
from ifrp.recovery import apply, methods, model
from ifrp.recovery.method import Batch, Clock, Method
from ifrp.recovery.methods.mgan import Decoder, Discriminator
from ifrp.recovery.networks.patchgan import PatchGAN
from ifrp.recovery.networks.resnet import ResNet
from ifrp.recovery.networks.unet import Dropout, UNet
from ifrp.recovery.recover import recover
from ifrp.recovery.training import experiment as training
from ifrp.recovery.training import losses, schedules
from ifrp.recovery.training.optimisation import adam, initialise, rate
from ifrp.recovery.training.pool import Pool


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    return recovery_project.make(tmp_path)


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def outputs(network: nn.Module, depth: int, size: int) -> list[tuple[int, ...]]:
    """Shape, without the batch, of every convolution's output in a forward pass."""
    found: list[tuple[int, ...]] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _m, _i, out: found.append(tuple(out.shape[1:])))
    network.eval()(torch.zeros(1, depth, size, size))
    return found


def support(network: nn.Module, depth: int, size: int) -> tuple[int, int]:
    """Height and width of the part of a picture that the score in the middle depends on."""
    images = torch.randn(1, depth, size, size, requires_grad=True)
    scores = network.eval()(images)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    assert images.grad is not None
    rows, columns = (images.grad[0] != 0).any(0).nonzero().T
    return int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1


def test_unet_is_unet_128() -> None:
    network = UNet()
    assert outputs(network, 3, 128) == [
        (64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (512, 4, 4), (512, 2, 2), (512, 1, 1),
        (512, 2, 2), (512, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32), (64, 64, 64), (3, 128, 128),
    ]  # fmt: skip
    down = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 3 * 512 * 512)
    up = 16 * (512 * 512 + 2 * 1024 * 512 + 1024 * 256 + 512 * 128 + 256 * 64 + 128 * 3) + 3
    norms = 2 * (128 + 256 + 3 * 512) + 2 * (3 * 512 + 256 + 128 + 64)
    assert parameters(network) == down + up + norms == 41_828_995
    dropped = [place for place, stage in enumerate(network.decoder) if isinstance(stage[-1], Dropout)]  # type: ignore[index]
    assert dropped == [1, 2]  # to 4×4 and to 8×8
    with pytest.raises(IfrpError, match="divisible by 2\\^depth \\(256\\)"):
        UNet(depth=8, size=128)


def test_unet_joins_each_side_with_its_own() -> None:
    network = UNet(width=0.07).eval()
    portraits = torch.rand(1, 3, 128, 128) * 2 - 1
    nn.init.zeros_(network.decoder[0][1].weight)  # type: ignore[index]
    before = network(portraits)
    assert before.abs().max() <= 1
    nn.init.zeros_(network.encoder[6][1].weight)  # type: ignore[index]
    assert torch.equal(
        network(portraits), before
    )  # the bottleneck has but one way out; the skips have the rest
    nn.init.zeros_(network.encoder[0][0].weight)  # type: ignore[index]
    assert not torch.equal(network(portraits), before)


def test_patchgan_table_parameters_and_patches() -> None:
    paired, single = PatchGAN(6, nn.BatchNorm2d), PatchGAN(3, nn.InstanceNorm2d)
    shapes = [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 15, 15), (1, 14, 14)]
    assert outputs(paired, 6, 128) == outputs(single, 3, 128) == shapes
    inner, last = 16 * (64 * 128 + 128 * 256 + 256 * 512), 16 * 512 + 1
    assert parameters(paired) == 16 * 6 * 64 + 64 + inner + 2 * (128 + 256 + 512) + last == 2_768_705
    assert parameters(single) == 16 * 3 * 64 + 64 + inner + (128 + 256 + 512) + last == 2_764_737
    assert support(PatchGAN(6, nn.BatchNorm2d, width=0.1), 6, 192) == (70, 70)


def test_resnet_table_and_parameters() -> None:
    network = ResNet()
    assert outputs(network, 3, 128) == [
        (64, 128, 128), (128, 64, 64), (256, 32, 32), *[(256, 32, 32)] * 12,
        (128, 64, 64), (64, 128, 128), (3, 128, 128),
    ]  # fmt: skip
    ends = 49 * 3 * 64 + 64 + 49 * 64 * 3 + 3
    down, up = 9 * 64 * 128 + 128 + 9 * 128 * 256 + 256, 9 * 256 * 128 + 128 + 9 * 128 * 64 + 64
    assert parameters(network) == ends + down + 12 * (9 * 256 * 256 + 256) + up == 7_837_699
    assert parameters(ResNet(blocks=9)) == 11_378_179  # published for resnet_9blocks
    padded = [m.padding_mode for m in network.modules() if isinstance(m, nn.Conv2d) and m.stride == (1, 1)]
    assert set(padded) == {"reflect"}


def test_mgan_tables_parameters_and_patches() -> None:
    decoder, discriminator = Decoder(), Discriminator()
    assert outputs(decoder, 512, 16) == [(512, 16, 16), (256, 32, 32), (128, 64, 64), (3, 128, 128)]
    assert outputs(discriminator, 256, 32) == [(256, 16, 16), (512, 8, 8), (1, 8, 8)]
    assert parameters(decoder) == (
        9 * 512 * 512 + 16 * (512 * 256 + 256 * 128 + 128 * 3) + 2 * (512 + 256 + 128)
    )
    assert parameters(discriminator) == 16 * (256 * 256 + 256 * 512) + 512 + 2 * (256 + 512)
    assert support(Discriminator(4, width=0.1), 4, 64) == (10, 10)  # 4 of the second layer, in steps of 2


def test_first_weights() -> None:
    torch.manual_seed(0)
    network = PatchGAN(3, nn.BatchNorm2d)
    for module in network:
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.25)
            assert module.weight.mean().item() == pytest.approx(
                float(isinstance(module, nn.BatchNorm2d)), abs=3e-3
            )
            assert module.bias is None or not module.bias.any()
    norm = nn.InstanceNorm2d(3)
    initialise(norm)  # has nothing to draw


def test_adam_is_the_published_formula_with_the_originals_constants() -> None:
    weight = nn.Linear(1, 1, bias=False)
    optimiser = adam(Optimisation(), weight)
    expected, mean, square = weight.weight.item(), 0.0, 0.0
    for step, gradient in enumerate((0.5, -2.0, 0.25), start=1):
        weight.weight.grad = torch.tensor([[gradient]])
        optimiser.step()
        mean, square = 0.5 * mean + 0.5 * gradient, 0.999 * square + 0.001 * gradient**2
        expected -= 2e-4 * (mean / (1 - 0.5**step)) / (math.sqrt(square / (1 - 0.999**step)) + 1e-8)
    assert weight.weight.item() == pytest.approx(expected, rel=1e-6)


def test_rate_is_constant_then_falls_to_nothing() -> None:
    assert [schedules.linear(2e-4, step, 8) for step in (0, 4, 6, 8)] == [2e-4, 2e-4, 1e-4, 0]
    assert schedules.linear(1.0, 9, 10, constant=0) == pytest.approx(0.1)
    assert schedules.linear(0.02, 9, 10, constant=1) == 0.02
    mgan = methods.find("mgan").settings_class().optimisation
    assert (rate(mgan, Clock(99, 0, 100)), mgan.momentum) == (0.02, 0.5)


def test_losses_by_hand() -> None:
    ones, halves = torch.ones(2, 3, 4, 4), torch.full((2, 3, 4, 4), -0.5)
    assert losses.absolute(ones, halves).item() == 1.5
    scores = torch.tensor([[0.5, -2.0]])
    assert losses.least_squares(scores, True).item() == (0.25 + 9) / 2
    assert losses.least_squares(scores, False).item() == (0.25 + 4) / 2
    assert losses.hinge(scores, True).item() == (0.5 + 3) / 2
    assert losses.hinge(scores, False).item() == (1.5 + 0) / 2
    for loss in (losses.least_squares, losses.hinge):
        assert loss(scores.bfloat16(), True).dtype == torch.float32


class Scaled(nn.Module):
    """Stands for a network whose output is `form` of a multiple of its input."""

    def __init__(self, factor: float, form: Callable[[Tensor], Tensor] = lambda images: images) -> None:
        super().__init__()
        self.factor, self.form = nn.Parameter(torch.tensor(factor)), form

    def forward(self, images: Tensor) -> Tensor:
        return self.form(self.factor * images)


def mean(images: Tensor) -> Tensor:
    """One score for each picture."""
    return images.mean((1, 2, 3))


def plain(name: str, **networks: nn.Module) -> Method[Any]:
    method = methods.find(name)(methods.find(name).settings_class(), 128, ("ink",))
    method.networks.update(networks)
    return method


def batch() -> Batch:
    """Portraits of 0.5 and faces of 1."""
    return Batch(
        torch.full((2, 3, 8, 8), 0.5),
        torch.full((2, 3, 8, 8), 1.0),
        torch.zeros(2, dtype=torch.long),
        torch.zeros(2, 2, 3),
    )


def updated(method: Method[Any]) -> dict[str, tuple[float, float]]:
    """Loss and rate of each update on that batch, at the middle of the falling half."""
    found = {}
    clock = Clock(75, 0, 100)
    for update in ungated(method.updates(batch(), clock)):
        found[update.optimiser] = (update.loss.item(), method.rate(clock))
    return found


def test_pix2pix_losses_by_hand() -> None:
    method = plain("pix2pix", generator=Scaled(1.0), discriminator=Scaled(2.0, mean))
    found = updated(method)
    real, fake = 2 * (0.5 + 1) / 2, 2 * 0.5  # logits of portrait and face, of portrait and recovery

    def softplus(x: float) -> float:
        return math.log(1 + math.exp(x))

    assert found["discriminator"] == pytest.approx(((softplus(-real) + softplus(fake)) / 2, 1e-4))
    assert found["generator"] == pytest.approx((softplus(-fake) + 100 * 0.5, 1e-4))


def test_cyclegan_losses_by_hand() -> None:
    discriminators = {f"discriminator_{kind}": Scaled(1.0, mean) for kind in ("faces", "portraits")}
    method = plain("cyclegan", generator=Scaled(1.0), inverse=Scaled(0.5), **discriminators)
    found = updated(method)
    adversarial = (0.5 - 1) ** 2 + (0.5 - 1) ** 2  # recovered is 0.5, stylised 0.5
    cycle = abs(0.25 - 0.5) + abs(0.5 - 1)
    identity = abs(1 - 1) + abs(0.25 - 0.5)
    assert found["generator"] == pytest.approx((adversarial + 10 * (cycle + 0.5 * identity), 1e-4))
    real, fake = (1 - 1) ** 2 + (0.5 - 1) ** 2, 0.5**2 + 0.5**2
    assert found["discriminator"] == pytest.approx(((real + fake) / 2, 1e-4))


def test_mgan_losses_by_hand() -> None:
    def framed(images: Tensor) -> Tensor:  # 2×2 patches, and a border whose scores would outweigh them
        inner = mean(images).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)
        return nn.functional.pad(inner, (1, 1, 1, 1), value=1000.0)

    method = plain("mgan", generator=Scaled(1.0), discriminator=Scaled(0.5, framed))
    method.features = lambda images, layers: {layers[0]: images}  # type: ignore[attr-defined]
    found = updated(method)
    assert found["discriminator"] == pytest.approx(((1 - 0.5) + (1 + 0.25), 0.02))
    assert found["generator"] == pytest.approx(((0.25 + 0.01 * (1 - 0.25)) / 1.01, 0.02))


def test_dropout_stays_on_with_one_mask_for_all() -> None:
    ones = torch.ones(3, 8, 16, 16)
    trained, found = Dropout(1), Dropout(1).eval()(ones)
    assert torch.equal(found, Dropout(1).eval()(ones))
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found, Dropout(2).eval()(ones))
    torch.manual_seed(0)
    drawn = trained(ones)
    for maps in (found, drawn):
        assert set(maps.unique().tolist()) == {0.0, 2.0}
        assert maps.mean().item() == pytest.approx(1, abs=0.1)
    assert not torch.equal(drawn[0], drawn[2])


def test_pool_returns_what_went_by_and_keeps_no_more_than_it_may() -> None:
    torch.manual_seed(0)
    pool, seen, past = Pool(10), set[float](), 0
    for first in range(0, 400, 4):
        numbers = torch.arange(first, first + 4.0, requires_grad=True)
        given = numbers.view(4, 1, 1, 1).expand(4, 3, 2, 2)
        found = pool(given)
        assert found.shape == given.shape
        assert not found.requires_grad
        new, shown = set(numbers.tolist()), found[:, 0, 0, 0].tolist()
        assert set(shown) <= seen | new
        assert len(set(shown)) == 4  # what was shown once and given away does not come twice at a time
        if first < 8:
            assert shown == numbers.tolist()
        past += len(set(shown) - new)
        seen |= new
        kept = {image.unique().item() for image in pool.images}
        assert len(kept) == len(pool.images) == min(10, len(seen))
        assert kept <= seen
    assert 0.4 < past / 390 < 0.6  # every other one
    assert pool.images[0].untyped_storage().nbytes() == 3 * 2 * 2 * 4  # pictures, not views of batches


def test_pool_of_none_passes_pictures_on_and_a_restored_one_goes_on() -> None:
    images = torch.rand(4, 3, 2, 2)
    assert torch.equal(Pool(0)(images), images)
    first, second = Pool(3), Pool(3)
    first(images)
    second.images = list(first.images)
    for pool in (first, second):
        torch.manual_seed(0)
        for turn in range(5):
            pool(images + turn)
    assert all(torch.equal(a, b) for a, b in zip(first.images, second.images, strict=True))


def test_checkpoint_holds_the_pools_and_the_model_file_one_generator(
    project: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ifrp.training.loop import Loop

    saved: list[dict[str, Any]] = []
    monkeypatch.setattr(
        Loop, "save", lambda self: saved.append(self.state())
    )  # as at the end of the training
    training.train(project, "cyclegan")
    pools = saved[-1]["extra"]
    assert {kind: len(images) for kind, images in pools.items()} == {"faces": 5, "portraits": 5}
    with safe_open(paths.recovery_model("cyclegan"), framework="pt") as file:
        assert {key.split("/")[0] for key in file.keys()} == {"generator"}  # noqa: SIM118


def encoder(method: Method[Any]) -> list[Tensor]:
    return [weight.clone() for weight in method.features.parameters()]  # type: ignore[attr-defined]


def test_mgan_takes_its_features_from_the_configuration_and_leaves_them_alone(project: Config) -> None:
    values = merge(
        as_plain(project),
        {"seed": 7, "styles": {"features": {"weights": "random", "width": 0.03}}},
    )
    values["recovery"]["methods"]["mgan"]["features"] = None
    given = build(values, "here")
    experiment = experiments.resolve(given, "mgan")
    settings = methods.settings(given, experiment)
    assert (settings.features.width, settings.features_seed) == (0.03, 7)
    settings = methods.settings(project, experiments.resolve(project, "mgan"))
    assert settings.features.width == 0.05  # the method's own come first
    method = methods.build(given, experiment)
    assert method.networks["generator"][0].in_channels == round(512 * 0.03)  # type: ignore[index]
    assert method.networks["discriminator"][1].in_channels == round(256 * 0.03)  # type: ignore[index]
    method.prepare(project, torch.device("cpu"), training=True)  # of another width and seed
    before = encoder(method)
    portraits = torch.rand(2, 3, 128, 128)
    same = Batch(portraits, portraits, torch.zeros(2), torch.zeros(2, 2, 3))
    for update in ungated(method.updates(same, Clock(0, 0, 1))):
        update.loss.backward()
    assert all(weight.grad is None for weight in method.features.parameters())  # type: ignore[attr-defined]
    again = methods.build(given, experiment)
    again.prepare(Config(), torch.device("cpu"), training=False)
    assert len(encoder(again)) == len(before)
    assert all(torch.equal(a, b) for a, b in zip(encoder(again), before, strict=True))


def test_mgan_recovers_from_its_file_alone(
    project: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.train(project, "mgan")
    apply.apply(project, "mgan", ["ink"])
    expected = np.load(paths.recovered("mgan", "ink"))
    path = paths.recovery_model("mgan")
    with safe_open(path, framework="pt") as file:
        assert {key.split("/")[0] for key in file.keys()} == {"generator"}  # noqa: SIM118
    assert '"width": 0.05' in model.header(path)["settings"]
    portraits = tmp_path / paths.portraits("test", "ink")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.rename(path, elsewhere / "mgan.safetensors")
    monkeypatch.chdir(elsewhere)  # where there is no configuration, or, the second time, quite another
    other = replace(project, seed=5, styles=replace(project.styles, features=Features()))
    for config_file, output in ((Path("none.yaml"), Path("a")), (tmp_path / "other.yaml", Path("b"))):
        found = recover([portraits], "mgan.safetensors", output, config_file)
        assert np.array_equal([np.asarray(Image.open(file)) for file in found], expected)
        (tmp_path / "other.yaml").write_text(yaml.safe_dump(as_plain(other)))
