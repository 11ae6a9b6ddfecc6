"""Figures of a small made-up tree."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import shutil
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
import results_tree
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Bbox, TransformedBbox
from PIL import Image
from results_tree import SOME
from skimage.color import deltaE_ciede2000, rgb2lab

from ifrp import paths, stacks, tiles
from ifrp.config import Config
from ifrp.config.methods.srn import Network
from ifrp.errors import IfrpError
from ifrp.faces.find import Finder
from ifrp.paper import documents, figures
from ifrp.paper.figures import (
    ablation,
    consistency,
    cost,
    curves,
    distance,
    gallery,
    landmarks,
    look,
    mosaic,
    network,
    own,
    recovered,
    retrieval,
    samples,
    stages,
    teaser,
    worst,
)
from ifrp.provenance import read_card
from ifrp.recovery import recover
from ifrp.recovery.networks.dn import DN
from ifrp.recovery.networks.srn import SRN
from ifrp.styles.choice import RULES
from ifrp.tiles import Tile


def write(config: Config, name: str) -> None:
    figures.find(config, name).write(config)


def test_figures_show_faces_that_all_recovered(partly: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[list[Tile]]] = []
    monkeypatch.setattr(mosaic, "draw", lambda rows, *rest, **more: drawn.append(rows))
    recovered.draw(partly, "seen")
    truth, ends = results_tree.real_faces(), (SOME[0], SOME[-1])
    scores = pd.read_csv(paths.quality("ifrp")).set_index(["index", "style"])["psnr"]
    best: Any = scores[list(itertools.product(ends, ("dots", "waves")))].idxmax()
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
        assert max(picture.size) <= look.WIDEST
        assert np.asarray(picture.convert("L")).std() > 5  # not an empty page
    assert both[0].stat().st_size <= 1_000_000
    assert both[1].read_bytes().startswith(b"%PDF")
    assert bool(read_card(both[0])["inputs"]) == (name != "network")


def test_own_pictures_are_shown_as_recover_finds_them(
    results: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The face found in each, by the released weights: the same pixels as `ifrp recover` writes."""
    examples = Path(__file__).parent.parent / "src/ifrp/examples"
    shutil.copy(examples / "SK-A-4802.jpg", tmp_path / "one.jpg")
    Image.new("RGB", (300, 200), (40, 90, 120)).save(tmp_path / "two.png")  # with no face in it
    (tmp_path / "notes.txt").write_text("no picture")
    monkeypatch.setattr(own, "RELEASE", "small")
    config = dataclasses.replace(results, paper=dataclasses.replace(results.paper, own=str(tmp_path)))
    assert own.reads(config) == [
        *(tmp_path / name for name in ("notes.txt", "one.jpg", "two.png")),
        paths.shipped("small"),
    ]
    assert own.method(config) == ["ifrp.recovery.methods.ifrp_plus"]
    drawn: list[list[list[Tile]]] = []
    with monkeypatch.context() as patch:
        patch.setattr(mosaic, "draw", lambda rows, *rest, **more: drawn.append(rows))
        own.draw(config)
    (three,) = drawn[0]
    (written,) = recover.recover([tmp_path], "small", tmp_path.parent / "out", Path("none"))
    with Image.open(written) as face:
        assert np.array_equal(np.asarray(three[2]), np.asarray(face))
    assert np.asarray(three[0])[:, 0].min() == 255  # the painting is higher than wide
    assert Finder().largest(Image.fromarray(np.asarray(three[1]))) is not None
    write(config, "own")
    with Image.open(paths.figure("own")) as picture:
        assert np.asarray(picture.convert("L")).std() > 5
    (tmp_path / "one.jpg").unlink()
    with pytest.raises(IfrpError, match=r"no readable picture .* in which a face was found"):
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
    main, skips = stages.trace(srn, 128)
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
    discriminator, _ = stages.trace(DN(), 128)
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


def test_the_losses_and_their_networks_are_drawn(results: Config) -> None:
    """What has no weight is left out; the transformer of IFRP+ and features of another network are shown."""

    def texts(**entry: Any) -> str:
        experiment = {"method": "ifrp", "network": {"width": 0.25}, **entry}
        recovery = dataclasses.replace(results.recovery, experiments={"ifrp": experiment})
        drawn = network.draw(dataclasses.replace(results, recovery=recovery))
        return "\n".join(text.get_text() for text in drawn.axes[0].texts)

    paper = texts(losses={"adversarial": 0.25, "identity": 0.5})
    assert "adversarial loss\nweight 0.25" in paper
    assert "identity loss\nweight 0.5" in paper
    assert "FaceNet up to conv2d_4a" in paper
    assert paper.count("STN") == 4
    plus = texts(method="ifrp_plus", losses={"adversarial": 0})
    assert "loss of places" in plus
    assert "adversarial" not in plus
    assert plus.count("STN") == 1
    assert "VGG-19" in texts(losses={"identity_network": "vgg19", "identity_layer": "relu3_2"})
    assert "identity" not in texts(losses={"identity": 0})
    with pytest.raises(IfrpError, match="identity_layer is 'conv9', which facenet has not"):
        texts(losses={"identity_layer": "conv9"})


def test_features_have_the_published_shapes(results: Config) -> None:
    """FaceNet's stem (Szegedy et al. 2017, Fig. 14, here for 160 pixels) and VGG-19's third block."""
    recogniser = dataclasses.replace(results.recovery.recognisers["facenet"], size=(299, 299))
    recovery = dataclasses.replace(results.recovery, recognisers={"facenet": recogniser})
    title, found = stages.frozen(dataclasses.replace(results, recovery=recovery), "facenet", "conv2d_4b", 128)
    assert title == "FaceNet"
    assert [(stage.side, stage.channels) for stage in found] == [
        (299, 3),
        (149, 32),
        (147, 64),
        (73, 80),
        (71, 192),
        (35, 256),
    ]
    _, found = stages.frozen(results, "vgg19", "relu3_2", 128)
    assert [(stage.side, stage.channels) for stage in found] == [(128, 3), (128, 64), (64, 128), (32, 256)]


@pytest.mark.parametrize("name", ["network", "distance", "curves", "retrieval", "cost", "angles"])
def test_plots_can_be_read_in_print(results: Config, name: str) -> None:
    """No text of a plot that is printed 16 cm wide is smaller than 6 points or leaves the page; nothing is made of pixels."""
    with matplotlib.rc_context(look.LOOK):
        figure = figures.find(results, name).draw(results)
        figure.draw_without_rendering()
        texts: Any = [text for text in figure.findobj(Text) if text.get_text()]
        assert len(texts) > 10
        for text in texts:
            assert text.get_fontsize() * 16 / 2.54 / figure.get_figwidth() > 5.99, text.get_text()
        page = figure.bbox.padded(1)
        written = [text.get_window_extent() for axes in figure.axes for text in axes.texts]
        drawn = TransformedBbox(figure.get_tightbbox(), figure.dpi_scale_trans)
        for box in (drawn, *written):
            assert Bbox.union([page, box]).bounds == page.bounds
        figure.savefig(into := BytesIO(), format="pdf")
    assert b"/Subtype /Image" not in into.getvalue()


def test_colour_blind_readers_can_tell_experiments_apart() -> None:
    """As Machado et al. (TVCG 2009) simulate the complete loss of one kind of cones; distances are CIEDE2000."""
    protanopia = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
    deuteranopia = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
    some = np.asarray([to_rgb(colour) for colour in look.LINES])
    linear = np.where(some <= 0.04045, some / 12.92, ((some + 0.055) / 1.055) ** 2.4)
    for seen_by in (np.eye(3), protanopia, deuteranopia):
        seen = np.clip(linear @ np.asarray(seen_by).T, 0, 1)
        seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
        lab = rgb2lab(seen)
        apart = deltaE_ciede2000(lab[:, None], lab[None])
        assert apart[np.triu_indices(len(lab), 1)].min() > 15
    assert len(set(look.MARKERS)) == len(look.MARKERS) > len(look.LINES)


def test_distances_are_where_the_tables_have_them(results: Config) -> None:
    axes: Any = distance.draw(results).axes
    dots, matrix = axes
    far = pd.read_csv(paths.STYLE_DISTANCE).set_index("style")["distance"]
    styles = [label.get_text() for label in dots.get_yticklabels()]
    assert styles == list(far.sort_values(ascending=False).index)
    seen = next(line for line in dots.get_lines() if line.get_label() == "seen")
    assert {styles[int(y)]: x for x, y in seen.get_xydata()} == {
        style: far[style] for style in ("dots", "waves")
    }
    assert dots.get_xlim()[0] > 0
    assert set(distance.WANTED) == set(RULES)
    shown = np.ma.filled(matrix.collections[0].get_array(), np.nan)
    for _, a, b, value in pd.read_csv(paths.STYLE_PAIRS).itertuples(index=False):
        if a != "faces":
            assert shown[styles.index(a), styles.index(b)] == shown[styles.index(b), styles.index(a)] == value
    framed = {(int(frame.get_x()), int(frame.get_y())) for frame in matrix.patches}
    assert framed == {(styles.index(a), styles.index(b)) for a, b in (("dots", "waves"), ("waves", "dots"))}


def test_curves_are_those_of_training(partly: Config) -> None:
    """The discriminator's loss is the mean of its two errors; what CycleGAN calls identity is no loss of features."""
    curve = "step,epoch,seconds,adversarial,discriminator_fake,discriminator_real,identity,pixel,validation_psnr\n"
    curve += "10,0,1,1,0.25,0.75,0.5,0.125,\n20,0,2,2,0.5,0.25,0.25,0.0625,17\n"
    for name in ("faced", "ifrp"):
        paths.training_curve(name).parent.mkdir(parents=True)
        paths.training_curve(name).write_text(curve)
    panels = {axes.get_title(): axes for axes in curves.draw(partly).axes}
    assert list(panels) == list(curves.PANELS)
    adversarial = [line for line in panels[list(panels)[2]].get_lines() if line.get_label() == "ifrp"]
    assert [np.asarray(line.get_ydata()).tolist() for line in adversarial] == [[1, 2], [0.5, 0.375]]
    assert [line.get_label() for line in panels[curves.IDENTITY].get_lines()] == ["ifrp"]
    assert np.asarray(panels[curves.PSNR].get_lines()[0].get_xdata()).tolist() == [20]


def test_costs_are_named_without_covering_one_another(results: Config) -> None:
    with matplotlib.rc_context(look.LOOK):
        figure = cost.draw(results)
        figure.draw_without_rendering()
        both = [[(text.get_text(), text.get_window_extent()) for text in axes.texts] for axes in figure.axes]
    assert [[name for name, _ in names] for names in both] == [["input", "faced", "ifrp"], ["faced", "ifrp"]]
    for names in both:
        assert not any(one.overlaps(other) for (_, one), (_, other) in combinations(names, 2))


def test_retrieval_curve_passes_through_frr(results: Config) -> None:
    figure = retrieval.draw(results)
    summary = pd.read_csv(paths.summary("ifrp"), keep_default_na=False)
    means = summary[(summary["style"] == "") & (summary["metric"] == "frr")].set_index("split")["value"]
    assert len(figure.axes) == 6
    for axes in figure.axes[:3]:
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        curve = np.asarray(lines["ifrp"])
        marked = next(line for line in axes.get_lines() if line.get_label() == "ifrp").get_markevery()
        assert marked == [results.evaluation.top - 1]
        assert any(text.get_text() == f"FRR (k = {results.evaluation.top})" for text in axes.texts)
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
    scores = pd.DataFrame({"a": [9.0, 8, 7], "b": [1.0, 6, 2], "c": [3.0, 4, 5]}, index=[10, 20, 30])
    wide: Any = scores.rename_axis("index").rename_axis("style", axis=1).stack()
    assert gallery.cast(wide, 4) == [(10, "a"), (20, "b"), (30, "c"), (20, "a")]
    assert len(gallery.cast(wide, 99)) == 9


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
