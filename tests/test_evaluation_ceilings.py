"""What colour and exposure cost: PSNR with the true colours, and tone curves of styles, in analytic cases."""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import results_tree
import torch
from skimage.color import rgb2yuv
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor

from ifrp import paths, stacks
from ifrp.compat import prepare_torchvision
from ifrp.errors import IfrpError
from ifrp.evaluation import ceilings, exposure, pixels, quality
from ifrp.provenance import read_card

SIDE = 32
SAME = 10 * np.log10(255**2 * 3 * SIDE * SIDE)
"""PSNR of equal pictures, see `pixels.psnr`"""


def faces(low: int, high: int, count: int = 4) -> Tensor:
    """Random levels, (N, 3, S, S) uint8."""
    draw = torch.Generator().manual_seed(low)
    return torch.randint(low, high, (count, 3, SIDE, SIDE), generator=draw, dtype=torch.uint8)


def test_a_constant_difference_of_colour_costs_nothing_once_the_mean_is_put_in() -> None:
    truth = faces(60, 190)
    shift = torch.tensor([-50, 7, 60]).view(1, 3, 1, 1)
    found = ceilings.with_colour((truth + shift).byte(), truth)
    assert pixels.psnr(found, truth).tolist() == pytest.approx([SAME] * 4)
    assert torch.equal(found, ceilings.with_contrast((truth + shift).byte(), truth))


def test_a_difference_of_contrast_costs_nothing_once_that_is_put_in_too() -> None:
    truth = faces(60, 190)
    gain = torch.tensor([0.5, 1.25, 0.75]).view(1, 3, 1, 1)
    flat = (
        (truth - 125.0) * gain + 110
    ).round()  # off by half a level, which half the contrast makes one level
    shifted, scaled = (put(flat, truth) for put in (ceilings.with_colour, ceilings.with_contrast))
    assert (scaled - truth).abs().max() <= 1
    assert (pixels.psnr(scaled, truth) > 48).all()
    wrong = ((gain - 1) ** 2 * truth.double().var((2, 3), correction=0, keepdim=True)).mean((1, 2, 3))
    expected = 10 * torch.log10(255**2 / wrong)
    np.testing.assert_allclose(pixels.psnr(shifted, truth), expected, atol=0.05)


def test_a_constant_face_becomes_the_true_mean() -> None:
    truth = faces(0, 256)
    for grey in (0, 77, 255):
        found = ceilings.with_contrast(torch.full_like(truth, grey), truth)
        expected = truth.double().mean((2, 3), keepdim=True).round().expand_as(found)
        assert torch.equal(found, expected)
        assert torch.equal(found, ceilings.with_colour(torch.full_like(truth, grey), truth))


def test_the_true_colour_only_helps_and_levels_stay_levels() -> None:
    truth, other = faces(0, 256), faces(1, 120)
    found = ceilings.with_colour(other, truth)
    assert ((found >= 0) & (found <= 255) & (found == found.round())).all()
    assert (pixels.psnr(found, truth) > pixels.psnr(other, truth)).all()
    alone = ceilings.with_colour(other[2:3], truth[2:3])
    assert torch.equal(alone, found[2:3])


def test_scores_of_a_face_have_the_ceilings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    results_tree.recover(config, "ifrp", places=[2, 7, 8])
    quality.write(config, "ifrp")
    row = pd.read_csv(paths.quality("ifrp")).query("style == 'waves' and index == 7").iloc[0]
    truth = np.array(stacks.read(paths.faces("test")).images[7], float)
    fake = np.array(stacks.read(paths.recovered("ifrp", "waves")).images[1], float)
    centred = fake - fake.mean((0, 1))
    gain = truth.std((0, 1)) / fake.std((0, 1))
    for column, by in (("psnr-colour", 1), ("psnr-contrast", gain)):
        put = (centred * by + truth.mean((0, 1))).round().clip(0, 255)
        assert row[column] == pytest.approx(peak_signal_noise_ratio(truth, put, data_range=255), abs=1e-4)


def test_luminance_is_that_of_scikit_image_and_of_fsim() -> None:
    prepare_torchvision()
    from piq.functional import rgb2yiq

    pictures = faces(0, 256, count=exposure.BATCH + 3)
    images = pictures.permute(0, 2, 3, 1).contiguous().numpy()
    found = exposure.luminance(images)
    np.testing.assert_allclose(found, 255 * rgb2yuv(images)[..., 0].mean((1, 2)), atol=1e-2)
    np.testing.assert_allclose(found, rgb2yiq(pictures.float())[:, 0].mean((1, 2)), atol=1e-3)


@pytest.mark.parametrize(("slope", "offset"), [(0.6, 30), (2, -50), (-0.5, 200)])
def test_an_affine_tone_curve_is_found(slope: float, offset: float) -> None:
    config, draw = results_tree.configuration(), np.random.default_rng(0)
    light, people = draw.uniform(50, 150, 60), np.repeat(np.arange(20).astype(str), 3)
    found = exposure.curve(config, light, slope * light + offset, people)
    assert [found[key] for key in ("correlation", "low", "high")] == pytest.approx([np.sign(slope)] * 3)
    assert (found["slope"], found["offset"], found["n"]) == pytest.approx((slope, offset, 60))


def test_correlation_is_numpys_and_its_interval_fishers() -> None:
    draw = np.random.default_rng(1)
    light = draw.normal(120, 20, 400)
    portraits = 0.7 * light + draw.normal(0, 20, 400)
    config = results_tree.configuration()
    found = exposure.curve(config, light, portraits, np.arange(400).astype(str))
    expected = np.corrcoef(light, portraits)[0, 1]
    slope, offset = np.polyfit(light, portraits, 1)
    assert (found["correlation"], found["slope"], found["offset"]) == pytest.approx((expected, slope, offset))
    fisher = np.tanh(np.arctanh(expected) + np.array([-1.96, 1.96]) / 397**0.5)
    assert (found["low"], found["high"]) == pytest.approx(tuple(fisher), abs=0.02)


def test_what_does_not_vary_has_no_tone_curve() -> None:
    config, people = results_tree.configuration(), np.array(list("aabbcc"))
    found = exposure.curve(config, np.arange(6.0), np.full(6, 0.1), people)
    assert np.isnan([found[key] for key in ("correlation", "low", "high", "slope", "offset")]).all()


def test_exposure_of_a_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (18, 32, 32, 3), dtype=np.uint8)
    results_tree.store(paths.portraits("test", "blocks"), noise)
    exposure.write(config)
    found = pd.read_csv(paths.EXPOSURE).set_index("style")
    assert found["split"].to_dict() == results_tree.STYLES
    # the other portraits are the negatives of the faces
    inverted = found.drop("blocks")
    np.testing.assert_allclose(inverted[["correlation", "slope", "offset"]], [[-1, -1, 255]] * 3, atol=1e-4)
    truth = np.array(stacks.read(paths.warped("test")).images) @ np.array(pixels.LUMA)
    of_noise = np.corrcoef(truth.mean((1, 2)), (noise @ np.array(pixels.LUMA)).mean((1, 2)))[0, 1]
    assert found.at["blocks", "correlation"] == pytest.approx(of_noise, abs=1e-4)
    assert found.at["blocks", "low"] < of_noise < found.at["blocks", "high"]
    assert str(paths.portraits("test", "blocks")) in read_card(paths.EXPOSURE)["inputs"]
    results_tree.store(paths.portraits("test", "blocks"), noise[:5])
    with pytest.raises(IfrpError, match=r"holds 5 portraits of 18 faces .* make the portraits again"):
        exposure.table(config)
