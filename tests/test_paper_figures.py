"""Figures of a small made-up tree."""

from __future__ import annotations

import dataclasses
import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import results_tree
from PIL import Image
from results_tree import SOME
from skimage.color import rgb2lab

from ifrp import paths, stacks
from ifrp.artifacts import read_card
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.paper import figures
from ifrp.paper.figures import ablation, curves, gallery, look, mosaic, network, recovered, retrieval, worst
from ifrp.recovery.networks.dn import DN
from ifrp.recovery.networks.srn import SRN, Network


def write(config: Config, name: str) -> None:
    figures.find(config, name).write(config)


def test_figures_show_faces_that_all_recovered(partly: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[list[mosaic.Tile]]] = []
    monkeypatch.setattr(mosaic, "draw", lambda rows, *rest: drawn.append(rows))
    recovered.draw(partly, "seen")
    truth = results_tree.real_faces()
    for row, place, style in zip(drawn[0], (SOME[0], SOME[-1]), ("dots", "waves"), strict=True):
        portrait, faced, ifrp, real = (np.asarray(tile) for tile in row)
        assert np.array_equal(real, truth[place])
        assert np.array_equal(portrait, 255 - truth[place])
        assert np.array_equal(ifrp, stacks.read(paths.recovered("ifrp", style)).images[place])
        assert np.array_equal(faced, stacks.read(paths.recovered("faced", style)).images[SOME.index(place)])
    partly.paper.ablations["losses"] = {"some": "faced", "all": "ifrp"}
    ablation.draw(partly, "losses")
    for row, place in zip(drawn.pop(), (SOME[0], SOME[-1]), strict=True):
        assert np.array_equal(np.asarray(row[3]), truth[place])
    worst.draw(partly)
    scores = pd.read_csv(paths.quality("faced")).sort_values("ssim").drop_duplicates("index")
    fakes, true_faces = drawn[1][1:3]
    assert len(fakes) == partly.paper.worst
    for tile, true, (_, case) in zip(fakes, true_faces, scores.iterrows(), strict=False):
        stack = stacks.read(paths.recovered("faced", case["style"]))
        assert np.array_equal(np.asarray(tile), stack.images[SOME.index(case["index"])])
        assert np.array_equal(np.asarray(true), truth[case["index"]])


@pytest.mark.parametrize("name", [*(name for name in figures.every() if name != "own"), "losses"])
def test_figures_are_drawn_and_the_same_again(results: Config, name: str) -> None:
    both = [paths.figure(name, suffix) for suffix in ("png", "pdf")]
    digests = []
    for _ in range(2):
        write(results, name)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in both])
    assert digests[0] == digests[1]
    with Image.open(both[0]) as picture:
        assert picture.width <= look.WIDEST
        assert np.asarray(picture.convert("L")).std() > 5  # not an empty page
    assert both[1].read_bytes().startswith(b"%PDF")
    assert bool(read_card(both[0])["inputs"]) == (name != "network")


def test_own_portraits_are_shown_beside_what_is_recovered(results: Config, tmp_path: Path) -> None:
    for name, level in (("one.png", 40), ("two.png", 200)):
        Image.new("RGB", (300, 200), (level, 90, 120)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    shown = dataclasses.replace(results.paper, own=str(tmp_path), experiment="input")
    write(dataclasses.replace(results, paper=shown), "own")
    with Image.open(paths.figure("own")) as picture:
        assert np.asarray(picture.convert("L")).std() > 5
    (tmp_path / "one.png").unlink()
    (tmp_path / "two.png").unlink()
    with pytest.raises(IfrpError, match="no readable picture"):
        write(dataclasses.replace(results, paper=shown), "own")
    with pytest.raises(IfrpError, match="name a folder"):
        write(results, "own")


def test_a_method_without_the_network_is_told(results: Config) -> None:
    """An experiment that is trained on nothing has no networks at all."""
    of = dataclasses.replace(results, paper=dataclasses.replace(results.paper, experiment="input"))
    with pytest.raises(IfrpError, match="no network that this figure can draw"):
        write(of, "network")


def test_the_network_is_drawn_as_it_is(results: Config) -> None:
    """Stages of the paper's network: five convolutions, three transformers, five deconvolutions, one transformer."""
    srn = SRN(Network(width=0.25))
    main, skips = network.trace(srn, 128)
    kinds = [
        "conv",
        "stn",
        "conv",
        "stn",
        "conv",
        "stn",
        "conv",
        "conv",
        "deconv",
        "deconv",
        "deconv",
        "stn",
        "deconv",
        "deconv",
    ]
    assert [block.kind for block in main] == ["face", *kinds]
    assert [block.side for block in main if block.kind != "stn"] == [
        128,
        64,
        32,
        16,
        8,
        4,
        8,
        16,
        32,
        64,
        128,
    ]
    assert {(block.side, block.channels) for block in skips} == {(8, 64), (16, 32)}
    assert main[-1].channels == 3
    discriminator, _ = network.trace(DN(), 128)
    shapes = [(block.side, block.channels) for block in discriminator]
    assert shapes == [
        (128, 3),
        (64, 32),
        (32, 64),
        (16, 128),
        (8, 96),
        (1, 1024),
        (1, 1),
    ]  # Appendix of the paper's code
    assert srn.training
    with pytest.raises(IfrpError, match="no network that this figure can draw"):
        network.draw(
            dataclasses.replace(results, paper=dataclasses.replace(results.paper, experiment="faced"))
        )


def test_retrieval_curve_passes_through_frr(results: Config) -> None:
    figure = retrieval.draw(results)
    summary = pd.read_csv(paths.summary("ifrp"), keep_default_na=False)
    means = summary[(summary["style"] == "") & (summary["metric"] == "frr")].set_index("split")["value"]
    assert len(figure.axes) == 6
    for axes in figure.axes[:3]:
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        curve = np.asarray(lines["ifrp"])
        assert curve[results.evaluation.top - 1] == pytest.approx(means[axes.get_title()])
        assert (np.diff(curve) >= 0).all()
        chance = summary[(summary["metric"] == "frr-chance") & (summary["split"] == axes.get_title())]
        assert np.asarray(lines["chance"])[results.evaluation.top - 1] == pytest.approx(
            chance["value"].iloc[0]
        )
    among = summary[(summary["style"] == "") & (summary["metric"] == "rank1-distractors")]
    first = among.set_index("split")["value"]
    for below, above in zip(figure.axes[3:], figure.axes[:3], strict=True):
        plain, strict = (
            {line.get_label(): np.asarray(line.get_ydata()) for line in axes.get_lines()}
            for axes in (above, below)
        )
        assert strict["ifrp"][0] == pytest.approx(first[above.get_title()])
        for name in (*results.recovery.experiments, "chance"):
            assert (strict[name] <= plain[name] + 1e-9).all()


# Machado, Oliveira and Fernandes (IEEE TVCG 2009), severity 1, on linear RGB.
BLIND = {
    "nobody": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}  # fmt: skip


@pytest.mark.parametrize("eyes", BLIND)
def test_colours_can_be_told_apart(eyes: str) -> None:
    """In CIELAB, in which a difference of 2.3 is just noticeable; lines that may lie far apart need more."""
    codes = [[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in look.LINES]
    given = np.array(codes)
    linear = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.array(BLIND[eyes]).T).clip(0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)[None])[0]
    apart = np.linalg.norm(lab[:, None] - lab, axis=-1)
    assert apart[~np.eye(len(lab), dtype=bool)].min() > 15


def test_every_experiment_has_one_colour(results: Config) -> None:
    wanted = look.colours(results)
    assert len(set(wanted.values())) == len(wanted)
    for draw in (retrieval.draw, curves.draw):
        for axes in draw(results).axes:
            for line in axes.get_lines():
                if (name := str(line.get_label())) in wanted:
                    assert line.get_color() == wanted[name]


def test_faces_are_spread_over_people() -> None:
    people = pd.Series(["a", "a", "b", "b", "b", "c", "d"])
    assert gallery.spread(people, 2) == [0, 6]
    assert gallery.spread(people, 9) == [0, 2, 5, 6]


def test_mosaic_puts_pictures_where_they_belong() -> None:
    one, two = (np.full((8, 8, 3), level, np.uint8) for level in (10, 20))
    sheet = mosaic.paste([[one, None], [None, two]])
    step = 8 + mosaic.GAP
    assert (sheet[:8, :8] == 10).all()
    assert (sheet[step : step + 8, step : step + 8] == 20).all()
    assert (sheet == 255).sum() == sheet.size - 2 * 8 * 8 * 3


def test_a_full_page_of_faces_is_shown_pixel_for_pixel() -> None:
    draw = np.random.default_rng(0)
    picture = draw.integers(0, 256, (128, 128, 3)).astype(np.uint8)
    figure = mosaic.draw([[picture]], ["face"], ["row"])
    figure.savefig(into := BytesIO(), dpi=look.DPI, format="png")
    page = np.asarray(Image.open(into))[..., :3]
    top = 2 * mosaic.GAP + mosaic.LINE
    shown = page[top : top + 128, mosaic.MARGIN : mosaic.MARGIN + 128]
    assert (shown == picture).mean() > 0.99


def test_worst_faces_are_those_of_lowest_score(results: Config) -> None:
    scores = pd.read_csv(paths.quality("ifrp"))
    lowest = scores.loc[scores.groupby("index")["ssim"].idxmin()].nsmallest(results.paper.worst, "ssim")
    figure, used = worst.draw(results), worst.picked(results)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [text for text in texts if text.startswith("SSIM")][-results.paper.worst :] == [
        f"SSIM {value:.2f}" for value in lowest["ssim"]
    ]
    assert {paths.recovered("ifrp", style) for style in lowest["style"]} <= set(used)
