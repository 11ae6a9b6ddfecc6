"""Perceptual losses, on a VGG-19 whose first layer hands on the colours, so that all can be computed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ifrp.artifacts import save_weights
from ifrp.config import Features, PerceptualLosses
from ifrp.styles.features import DEVIATION, MEAN
from ifrp.styles.losses import Losses, variation

OPTIONS = PerceptualLosses("conv1_1", ("conv1_1",), content_weight=2, style_weight=3)


@pytest.fixture
def colours(tmp_path: Path) -> Features:
    """Channels 0 to 2 of conv1_1 are red, green and blue, 0–1; channel 3 is 1, the others are 0."""
    weight, bias = torch.zeros(64, 3, 3, 3), torch.zeros(64)
    for channel, (mean, deviation) in enumerate(zip(MEAN, DEVIATION, strict=True)):
        weight[channel, channel, 1, 1], bias[channel] = deviation, mean  # undoes the normalisation
    bias[3] = 1
    save_weights(tmp_path / "vgg.safetensors", {"features.0.weight": weight, "features.0.bias": bias})
    return Features(str(tmp_path / "vgg.safetensors"))


def plain(*colour: float) -> Tensor:
    """A picture of one colour, 0–1, as networks take it."""
    return (2 * torch.tensor(colour, dtype=torch.float32) - 1).view(1, 3, 1, 1).expand(1, 3, 4, 4)


def test_losses_by_hand(colours: Features) -> None:
    losses = Losses(plain(1, 0, 0), OPTIONS, colours, seed=1)
    # Features of one place: style (1, 0, 0, 1), picture (0, 1, 0, 1), content (0, 1, 1, 1).
    # Of the Gram matrices' entries six differ by as much as each of the style's four is; of content one in three.
    found = losses(losses.content(plain(0, 1, 1)), plain(0, 1, 0))
    assert {name: float(term) for name, term in found.items()} == pytest.approx(
        {"content": 1 / 3, "style": 6 / 4, "variation": 0, "total": 2 / 3 + 3 * 6 / 4}, abs=1e-6
    )


def test_losses_of_a_batch_and_of_each_of_its_pictures(colours: Features) -> None:
    losses = Losses(plain(1, 0, 0), OPTIONS, colours, seed=1)
    content = losses.content(torch.cat([plain(0, 1, 1), plain(1, 0, 0)]))
    pictures = torch.cat([plain(0, 1, 0), plain(1, 0, 0)])
    apart = losses(content, pictures, apart=True)
    assert apart["content"].tolist() == pytest.approx([1 / 3, 0], abs=1e-6)
    assert apart["style"].tolist() == pytest.approx([6 / 4, 0], abs=1e-6)
    assert apart["total"].tolist() == pytest.approx([2 / 3 + 18 / 4, 0], abs=1e-6)
    together = losses(content, pictures)
    assert float(together["content"]) == pytest.approx(1 / 5)  # one entry of (0, 1, 1, 1) and (1, 0, 0, 1)
    assert float(together["style"]) == pytest.approx(6 / 4 / 4)  # the mean Gram matrix is half as far away


def test_no_gradient_goes_into_content_or_features(colours: Features) -> None:
    losses = Losses(plain(1, 0, 0), OPTIONS, colours, seed=1)
    shown, picture = (plain(0, 1, 1).clone().requires_grad_() for _ in range(2))
    (2 * losses(losses.content(shown), picture)["total"]).backward()
    assert shown.grad is None
    assert picture.grad is not None
    assert picture.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in losses.features.parameters())


def test_variation_of_a_ramp() -> None:
    ramp = torch.arange(5.0).expand(1, 3, 4, 5)  # step 1 to the right, 0 downwards
    assert variation(ramp) == 1
    assert variation(2 * ramp.transpose(2, 3)) == 4
    assert variation(torch.cat([ramp, 2 * ramp]), apart=True).tolist() == [1, 4]
