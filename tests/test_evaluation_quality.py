"""Scores of single faces, against scikit-image and piq."""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import results_tree
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import downscale_local_mean, resize
from torch import Tensor

from ifrp import paths, stacks
from ifrp.compat import prepare_torchvision
from ifrp.errors import IfrpError
from ifrp.evaluation import folders, fsim, pixels, quality, yardsticks


def pictures(height: int, width: int, count: int = 5, noise: float = 40) -> tuple[Tensor, Tensor]:
    """Smooth pictures and noisy copies, (N, 3, H, W) uint8."""
    draw = torch.Generator().manual_seed(height)
    coarse = torch.rand(count, 3, 7, 9, generator=draw)
    x = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1) * 255
    strength = noise * torch.linspace(0.1, 1, count).view(-1, 1, 1, 1)
    y = x + strength * torch.randn(x.shape, generator=draw)
    return x.byte(), y.clamp(0, 255).byte()


@pytest.mark.parametrize("size", [(128, 128), (11, 40), (97, 64)])
def test_psnr_and_ssim_are_scikit_images(size: tuple[int, int]) -> None:
    x, y = pictures(*size)
    pairs = [(a.permute(1, 2, 0).numpy(), b.permute(1, 2, 0).numpy()) for a, b in zip(x, y, strict=True)]
    psnr = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in pairs]
    ssim = [
        structural_similarity(
            a,
            b,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=2,
        )
        for a, b in pairs
    ]
    np.testing.assert_allclose(pixels.psnr(x, y), psnr, atol=1e-6)
    np.testing.assert_allclose(pixels.ssim(x, y), ssim, atol=1e-6)


def test_ssim_keeps_its_digits_on_flat_bright_pictures() -> None:
    """Where a variance in float32 of values around 200 would be rounding alone."""
    x = torch.full((1, 3, 64, 64), 200, dtype=torch.uint8)
    draw = torch.Generator().manual_seed(0)
    y = x + torch.randint(0, 3, x.shape, dtype=torch.uint8, generator=draw)
    expected = structural_similarity(
        x[0].double().numpy(), y[0].double().numpy(), data_range=255, gaussian_weights=True,
        sigma=1.5, use_sample_covariance=False, channel_axis=0,
    )  # fmt: skip
    assert pixels.ssim(x, y).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [(128, 128), (97, 64), (400, 384)])
def test_fsim_is_piqs(size: tuple[int, int]) -> None:
    prepare_torchvision()
    import piq

    x, y = pictures(*size, count=3)
    plain, colour = fsim.compare(fsim.features(x), fsim.features(y))
    for found, chromatic in ((plain, False), (colour, True)):
        expected = piq.fsim(x.float(), y.float(), data_range=255, chromatic=chromatic, reduction="none")
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_identical_pictures_have_the_largest_finite_scores() -> None:
    x, _ = pictures(128, 128, count=2)
    y = x.clone()
    y[1, 0, 5, 5] ^= 1  # one level in one sample
    psnr = pixels.psnr(x, y)
    assert psnr[0] == psnr[1]
    assert psnr[0].item() == pytest.approx(10 * np.log10(255**2 * 3 * 128 * 128))
    assert pixels.ssim(x, x).tolist() == pytest.approx([1, 1])
    same = fsim.features(x)
    for score in fsim.compare(same, same):
        assert score.tolist() == pytest.approx([1, 1])


def test_psnr_of_a_known_difference() -> None:
    x = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    assert pixels.psnr(x, x + 10).item() == pytest.approx(20 * np.log10(255 / 10))


def test_scores_do_not_depend_on_neighbours_in_the_batch() -> None:
    x, y = pictures(32, 32, count=quality.BATCH + 3)
    real, fake = (t.permute(0, 2, 3, 1).numpy() for t in (x, y))
    order = np.random.default_rng(0).permutation(len(real))
    straight = quality.score(real, {"a": fake})["a"]
    shuffled = quality.score(real[order], {"a": fake[order]})["a"]
    np.testing.assert_allclose(shuffled, straight[order], atol=1e-5)
    assert (straight[:-1, 0] > straight[1:, 0]).all()  # PSNR falls as noise grows


def test_table_and_card_of_an_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    quality.write(config, "ifrp")

    found = pd.read_csv(paths.quality("ifrp"))
    assert list(found) == ["split", "style", "index", "person", *quality.METRICS]
    assert found.groupby("style")["split"].first().to_dict() == results_tree.STYLES
    truth, fake = (stacks.read(p) for p in (paths.faces("test"), paths.recovered("ifrp", "waves")))
    row = found[(found["style"] == "waves") & (found["index"] == 7)].iloc[0]
    assert row["person"] == truth.table["person"][7]
    expected = peak_signal_noise_ratio(np.array(truth.images[7]), np.array(fake.images[7]), data_range=255)
    assert row["psnr"] == pytest.approx(expected, abs=1e-5)
    assert str(paths.recovered("ifrp", "waves")) in paths.quality("ifrp").with_suffix(".json").read_text()


def test_a_style_is_seen_only_by_those_trained_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    config.recovery.experiments["ifrp"]["styles"] = ["dots", "blocks"]
    assert quality.split_of_styles(config, "ifrp") == {
        "dots": "seen",
        "waves": "unseen",
        "blocks": "seen",
        "pencil": "sketch",
    }


def test_faces_recovered_from_another_test_set_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    for count, size, places in (2, 32, [0, 1]), (2, 32, [0, 18]), (18, 31, [*range(18)]), (18, 32, None):
        path = paths.recovered("ifrp", "waves")
        results_tree.store(path, np.zeros((count, size, size, 3), np.uint8), places=places)
        with pytest.raises(IfrpError, match=r"waves\.npy does not fit .* recover them again"):
            quality.table(config, "ifrp")


def test_faces_of_some_portraits_are_compared_with_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    whole = quality.table(config, "ifrp").set_index(["style", "index"])
    for style in results_tree.STYLES:
        images = np.array(stacks.read(paths.recovered("ifrp", style)).images)[[2, 7, 8]]
        results_tree.store(paths.recovered("ifrp", style), images, places=[2, 7, 8])
    found = quality.table(config, "ifrp")
    assert found["index"].tolist() == [2, 7, 8] * 4
    assert found["person"].tolist() == ["p0", "p2", "p2"] * 4
    alone = found.set_index(["style", "index"])[list(quality.METRICS)]
    np.testing.assert_allclose(alone, whole.loc[alone.index, list(quality.METRICS)], atol=1e-5)


def test_yardsticks_are_blurs_as_scikit_image_makes_them_and_the_mean() -> None:
    faces = pictures(64, 64)[0].permute(0, 2, 3, 1).numpy()
    made = yardsticks.stand_ins(faces, yardsticks.mean_face(faces[:3]))
    for factor in yardsticks.COARSER:
        small = downscale_local_mean(faces.astype(float), (1, factor, factor, 1))
        large = np.stack(
            [resize(face, (64, 64, 3), order=1, mode="edge", preserve_range=True) for face in small]
        )
        found = made[f"truth at 1/{factor} of its resolution"]
        assert np.abs(found - large).max() < 0.51
    assert np.abs(made[yardsticks.MEAN][4] - faces[:3].mean(0)).max() <= 0.5


def test_a_coarser_truth_scores_less_and_one_face_for_all_finds_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = yardsticks.table(results_tree.build(tmp_path), results_tree.Evaluator())
    for metric in ("psnr", "ssim", "fsim"):
        values = found[found["metric"] == metric].set_index("yardstick")["value"]
        assert values.drop(yardsticks.MEAN).is_monotonic_decreasing
    frr = found[found["metric"] == "frr"].set_index("yardstick")["value"]
    assert frr.iloc[0] == 100
    stricter = {
        metric: found[found["metric"] == metric].set_index("yardstick")["value"]
        for metric in ("rank1", "cosine")
    }
    assert (stricter["rank1"] <= frr).all()
    assert stricter["rank1"].iloc[0] == 100
    assert stricter["cosine"].iloc[:2].tolist() == pytest.approx([1, 1], abs=1e-2)
    assert stricter["cosine"].idxmin() == yardsticks.MEAN
    assert frr[yardsticks.MEAN] in (
        100 / 6,
        200 / 6,
    )  # of six people, those of the two (three each) among five faces
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()


def saved(folder: Path, faces: Tensor, names: str) -> Path:
    """Pictures, (N, 3, H, W) uint8, as PNG files."""
    folder.mkdir()
    for name, face in zip(names, faces, strict=True):
        Image.fromarray(face.permute(1, 2, 0).numpy()).save(folder / f"{name}.png")
    return folder


def test_folders_are_compared_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    size = config.faces.size
    true, noisy = pictures(size, size, 4, noise=10)
    photos, recovered = (
        saved(tmp_path / "photos", true, "abcd"),
        saved(tmp_path / "made", noisy.flip(0), "dcbz"),
    )
    told = folders.write(config, results_tree.Evaluator(), recovered, photos, tmp_path / "scores.csv")
    rows = pd.read_csv("scores.csv").set_index("name")
    assert told.startswith("3 faces: psnr")
    assert told.endswith("nearest 100.0%, among the 5 nearest 100.0%")
    assert list(rows.index) == ["b", "c", "d"]
    assert (rows["rank"] == 1).all()
    for place, name in enumerate("bcd", 1):
        one, other = (images[place].permute(1, 2, 0).numpy() for images in (true, noisy))
        assert rows.loc[name, "psnr"] == pytest.approx(peak_signal_noise_ratio(one, other), abs=1e-4)
    assert rows["similarity"].between(0.9, 1).all()
    errors = capsys.readouterr().err
    assert f"left out, only in {recovered}: z\n" in errors
    assert f"left out, only in {photos}: a\n" in errors


def test_two_stacks_are_compared_place_by_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    size = config.faces.size
    true, noisy = pictures(size, size, 12, noise=10)
    for name, images in (("true", true), ("recovered", noisy[:11])):
        np.save(f"{name}.npy", images.permute(0, 2, 3, 1).numpy())
    folders.write(
        config, results_tree.Evaluator(), Path("recovered.npy"), Path("true.npy"), tmp_path / "scores.csv"
    )
    rows = pd.read_csv("scores.csv").set_index("name")
    assert list(rows.index) == list(range(11))
    assert (rows["rank"] == 1).all()


def test_folders_that_share_no_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config, evaluator = results_tree.build(tmp_path), results_tree.Evaluator()
    one, other = (
        saved(tmp_path / "one", pictures(16, 16, 1)[0], "a"),
        saved(tmp_path / "two", pictures(16, 16, 1)[0], "b"),
    )
    for true, sentence in ((other, "no picture of the same name"), (tmp_path / "none", "There is no")):
        with pytest.raises(IfrpError, match=sentence):
            folders.write(config, evaluator, one, true, tmp_path / "scores.csv")
    (one / "sub").mkdir()
    shutil.copy(one / "a.png", one / "sub" / "a.png")
    with pytest.raises(IfrpError, match="two pictures called a"):
        folders.write(config, evaluator, one, other, tmp_path / "scores.csv")
    with pytest.raises(IfrpError, match=r"--output .*: name a file that ends in \.csv"):
        folders.write(config, evaluator, one, one, tmp_path)
    picture = one / "a.png"
    before = picture.read_bytes()
    with pytest.raises(IfrpError, match=r"--output .*a\.png: name a file that ends in \.csv"):
        folders.write(config, evaluator, one, one, picture)
    assert picture.read_bytes() == before
    assert not (tmp_path / "scores.csv").exists()


def test_faces_in_folders_are_compared_with_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ann's first picture is not Bob's; and where one side has no folders, names alone count."""
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    faces = pictures(config.faces.size, config.faces.size, 2)[0]
    for side in ("made", "true"):
        (tmp_path / side).mkdir()
        for name, face in zip(("Ann", "Bob"), faces, strict=True):
            saved(tmp_path / side / name, face[None], "1")
    saved(tmp_path / "flat", faces, "12")
    for made, names in (("made", ["Ann/1", "Bob/1"]), ("flat", None)):
        if names is None:
            with pytest.raises(IfrpError, match="true has two pictures called 1"):
                folders.compare(config, results_tree.Evaluator(), Path(made), Path("true"))
            (tmp_path / "true/Bob/1.png").rename(tmp_path / "true/Bob/2.png")
        rows = folders.compare(config, results_tree.Evaluator(), Path(made), Path("true")).set_index("name")
        assert list(rows.index) == (names or ["1", "2"])
        assert (rows["ssim"] > 0.999).all()


def test_yardsticks_do_not_depend_on_how_many_faces_are_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    whole = yardsticks.table(config, results_tree.Evaluator())
    monkeypatch.setattr(yardsticks, "PART", 3)
    parts = yardsticks.table(config, results_tree.Evaluator())
    pd.testing.assert_frame_equal(whole, parts, rtol=1e-5)
