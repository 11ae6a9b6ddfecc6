"""Figures of a small made-up tree."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import results_tree
from PIL import Image
from results_tree import SOME

from ifrp import paths, stacks, tiles
from ifrp.artifacts import read_card
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.faces.find import Finder
from ifrp.paper import documents, figures
from ifrp.paper.figures import (
    ablation,
    consistency,
    curves,
    gallery,
    landmarks,
    look,
    mosaic,
    network,
    own,
    recovered,
    retrieval,
    samples,
    teaser,
    worst,
)
from ifrp.recovery import recover
from ifrp.recovery.networks.dn import DN
from ifrp.recovery.networks.srn import SRN, Network
from ifrp.tiles import Tile


def write(config: Config, name: str) -> None:
    figures.find(config, name).write(config)


def test_figures_show_faces_that_all_recovered(partly: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[list[Tile]]] = []
    monkeypatch.setattr(mosaic, "draw", lambda rows, *rest, **more: drawn.append(rows))
    recovered.draw(partly, "seen")
    truth, ends = results_tree.real_faces(), (SOME[0], SOME[-1])
    scores = pd.read_csv(paths.quality("ifrp")).set_index(["index", "style"])["psnr"]
    best = max(itertools.product(ends, ("dots", "waves")), key=lambda turn: scores[turn])
    other = (sum(ends) - best[0], {"dots": "waves", "waves": "dots"}[best[1]])
    for row, (place, style) in zip(drawn[0], (best, other), strict=False):
        portrait, faced, ifrp, real = (np.asarray(tile) for tile in row)
        assert np.array_equal(real, truth[place])
        assert np.array_equal(portrait, 255 - truth[place])
        assert np.array_equal(ifrp, stacks.read(paths.recovered("ifrp", style)).images[place])
        assert np.array_equal(faced, stacks.read(paths.recovered("faced", style)).images[SOME.index(place)])
    partly.paper.ablations["losses"] = {"some": "faced", "all": "ifrp"}
    ablation.draw(partly, "losses")
    for row in drawn[1]:
        assert any(np.array_equal(np.asarray(row[3]), truth[place]) for place in ends)
    assert np.array_equal(np.asarray(drawn[1][0][3]), truth[best[0]])


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


def test_own_pictures_are_shown_as_recover_finds_them(
    results: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The face found in each, by the released weights: the same pixels as `ifrp recover --find` writes."""
    examples = Path(__file__).parent.parent / "examples"
    shutil.copy(examples / "SK-A-4802.jpg", tmp_path / "one.jpg")
    Image.new("RGB", (300, 200), (40, 90, 120)).save(tmp_path / "two.png")  # with no face in it
    (tmp_path / "notes.txt").write_text("no picture")
    small = examples.parent / paths.released("small")
    monkeypatch.setattr(paths, "MODEL", small)
    config = dataclasses.replace(results, paper=dataclasses.replace(results.paper, own=str(tmp_path)))
    assert own.reads(config) == [*(tmp_path / name for name in ("notes.txt", "one.jpg", "two.png")), small]
    assert own.method(config) == ["ifrp.recovery.methods.ifrp_plus"]
    drawn: list[list[list[Tile]]] = []
    with monkeypatch.context() as patch:
        patch.setattr(mosaic, "draw", lambda rows, *rest, **more: drawn.append(rows))
        own.draw(config)
    (three,) = drawn[0]
    (written,) = recover.recover([tmp_path], str(small), tmp_path.parent / "out", Path("none"), find=True)
    with Image.open(written) as face:
        assert np.array_equal(np.asarray(three[2]), np.asarray(face))
    assert np.asarray(three[0])[:, 0].min() == 255  # the painting is higher than wide
    assert Finder().landmarks(Image.fromarray(np.asarray(three[1]))) is not None
    write(config, "own")
    with Image.open(paths.figure("own")) as picture:
        assert np.asarray(picture.convert("L")).std() > 5
    (tmp_path / "one.jpg").unlink()
    with pytest.raises(IfrpError, match="in which a face was found"):
        write(config, "own")
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


def test_the_best_come_first_and_no_style_twice_before_all() -> None:
    rows = {10: (9.0, 1.0, 3.0), 20: (8.0, 6.0, 4.0), 30: (7.0, 2.0, 5.0)}
    each = {
        (place, style): score for place, row in rows.items() for style, score in zip("abc", row, strict=True)
    }
    scores = pd.Series(each)
    assert gallery.cast(scores, 4) == [(10, "a"), (20, "b"), (30, "c"), (20, "a")]
    assert len(gallery.cast(scores, 99)) == 9


def test_the_teaser_shows_the_clearest_style_of_each_split(results: Config) -> None:
    scores = pd.read_csv(paths.quality("ifrp")).groupby("style")["psnr"].mean()
    clearest = max(("dots", "waves"), key=scores.__getitem__)
    assert teaser.shown(results) == [clearest, "blocks", "pencil"]
    assert paths.recovered("ifrp", clearest) in teaser.picked(results)


def test_consistency_shows_the_best_methods(results: Config) -> None:
    """Noise is less in faced than in the portraits themselves, and least in ifrp: see `results_tree.NOISE`."""
    assert consistency.best(results) == ["input", "faced", "ifrp"]


def test_the_data_set_fills_every_place(results: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[list[Tile]]] = []
    monkeypatch.setattr(mosaic, "draw", lambda rows, *rest, **more: drawn.append(rows))
    samples.draw(results)
    assert len({len(row) for row in drawn[0]}) == 1
    assert all(tile is not None for row in drawn[0] for tile in row)


def test_landmarks_that_were_moved_are_that_far_away() -> None:
    face = np.array([[30.0, 40], [70, 40], [50, 60], [40, 80], [60, 80]])  # eyes 40 pixels apart
    assert landmarks.distance([face], [face]) == 0
    assert landmarks.distance([face + np.array([6, 8])], [face]) == pytest.approx(25)  # 10 pixels
    one = face.copy()
    one[2] += (0, 20)
    assert landmarks.distance([one, None, face], [face, face, None]) == pytest.approx(10)  # of five, by half
    assert landmarks.distance([None], [face]) is landmarks.distance([face], [None]) is None


def test_mosaic_puts_pictures_where_they_belong() -> None:
    one, two = (np.full((8, 8, 3), level, np.uint8) for level in (12, 20))
    sheet = tiles.paste([[one, None], [None, two]], 8)
    step = 8 + tiles.GAP
    assert (sheet[:8, :8] == 12).all()
    assert (sheet[step : step + 8, step : step + 8] == 20).all()
    assert (sheet == 255).sum() == sheet.size - 2 * 8 * 8 * 3
    apart = tiles.paste([[one, one, two]], 8, group=2)
    assert (apart[:, tiles.lefts(3, 8, 2)[2] :] == 20).all()
    assert apart.shape == (8, 3 * 8 + tiles.GAP + tiles.APART, 3)


def test_faces_are_shown_at_twice_their_size_as_far_as_page_and_file_have_room() -> None:
    face = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    for across, down in ((1, 1), (3, 2), (9, 3), (12, 8)):
        rows: list[list[Tile]] = [[face] * across] * down
        side = tiles.side(rows, look.WIDEST, look.WIDEST)
        sheet = tiles.paste(rows, side)
        assert max(sheet.shape) <= look.WIDEST
        assert tiles.size(sheet) <= tiles.BYTES
        larger = tiles.paste(rows, side + max(2, side // 20))
        assert side == 256 or max(larger.shape) > look.WIDEST or tiles.size(larger) > tiles.BYTES
    assert tiles.side([[face]], look.WIDEST, look.WIDEST) == 256


def test_the_sheet_in_a_figure_has_all_pixels_of_a_face_but_the_two_lowest_bits() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    figure = mosaic.draw([[picture]], ["face"], [""])
    figure.savefig(into := BytesIO(), dpi=look.DPI, format="png")
    page = np.asarray(Image.open(into))[..., :3]
    shown = page[-256:]
    wanted = tiles.resized(picture, 256).astype(int)
    assert shown.shape == wanted.shape
    assert (abs(shown - wanted) <= 3).mean() > 0.99


def test_worst_faces_are_those_of_lowest_score(results: Config) -> None:
    """Of `paper.experiment` alone, each in its worst style."""
    scores = pd.read_csv(paths.quality("ifrp"))
    lowest = scores.loc[scores.groupby("index")["ssim"].idxmin()].nsmallest(results.paper.worst, "ssim")
    figure, used = worst.draw(results), worst.picked(results)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [text for text in texts if text.startswith("SSIM")] == [
        f"SSIM {value:.2f}" for value in lowest["ssim"]
    ]
    assert {paths.recovered("ifrp", style) for style in lowest["style"]} <= set(used)
    assert not [path for path in used if "faced" in path.parts]


def test_main_ablations_are_figures_of_the_main_document(results: Config) -> None:
    shown = dataclasses.replace(results.paper, main_ablations=("losses",))
    config = dataclasses.replace(results, paper=shown)
    names = documents.find("paper").figures(config)
    assert names[names.index("distance") : names.index("seen") + 1] == ["distance", "losses", "seen"]
    assert "losses" not in documents.find("paper").tables(config)
    assert "losses" not in documents.find("paper").figures(results)
    assert documents.find("ablations").figures(config) == ["losses"]
