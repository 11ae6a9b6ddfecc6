"""Tables and figures of a small made-up tree."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import results_tree
import yaml
from PIL import Image

from ifrp import config as settings
from ifrp import paths, stacks
from ifrp.artifacts import card, read_card
from ifrp.errors import IfrpError
from ifrp.evaluation import identity, quality, summary
from ifrp.evaluation.summary import overall
from ifrp.paper import (
    FIGURES,
    TABLES,
    charts,
    figures,
    gallery,
    grid,
    look,
    mosaic,
    network,
    numbers,
    printing,
    scores,
    tables,
)
from ifrp.recovery.dn import DN
from ifrp.recovery.srn import SRN, Network

SOME = [0, 4, 8, 13, 17]
"""places of five test faces, one of each of five people"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Config]:
    """The tree with all its results, and the working directory in it."""
    root = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        config = results_tree.build(root)
        results_tree.train(config)
        results_tree.score(config)
        yield config


def test_names_are_known_without_heavy_imports() -> None:
    check = "import sys, ifrp.paper, ifrp.paper.commands; sys.exit(bool({'torch', 'matplotlib', 'pandas'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("name", ["quality", "identity"])
def test_comparison_is_published_ours_and_their_difference(made: settings.Config, name: str) -> None:
    tables.write(made, name)
    with paths.table(name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    with paths.PUBLISHED.open(newline="") as file:
        told = {
            (r["method"], r["split"], r["metric"]): r["value"]
            for r in csv.DictReader(file)
            if r["table"] == name
        }
    files = [paths.summary(experiment) for experiment in made.recovery.experiments]
    summary = pd.concat([pd.read_csv(path, keep_default_na=False) for path in files])
    means = summary[summary["style"] == ""].set_index(["experiment", "split", "metric"])["value"]
    markdown = paths.table(name, "md").read_text()
    experiments = list(dict.fromkeys(row["row"] for row in rows))
    assert experiments == [*made.recovery.experiments, *(["chance"] if name == "identity" else [])]
    compared = 0
    for row in rows:
        cell = (row["row"], row["split"], row["metric"])
        assert row["published"] == told.get(cell, "")
        if cell in told:
            compared += 1
            assert told[cell] in markdown  # digit for digit
            difference = means[cell] - float(told[cell])
            assert float(row["difference"]) == pytest.approx(difference, abs=1e-4)
            digits = len(told[cell].split(".")[1])
            assert ("worse" in row["note"]) == (round(means[cell], digits) < float(told[cell]))
    assert compared == (2 * 3 * 3 if name == "quality" else 2 * 4)


def test_identity_has_the_portraits_and_chance(made: settings.Config) -> None:
    found = tables.compare(made, "identity").set_index(["row", "split", "metric"])
    level = 100 * (1 - 3003 / 8568)  # 3 faces of the person among 18, 5 drawn
    assert found.loc[("chance", "seen", "frr"), "ours"] == pytest.approx(level, rel=1e-5)
    assert found.loc[("chance", "all", "fcr"), "ours"] == pytest.approx(level, rel=1e-5)
    assert found.loc[("input", "seen", "frr"), "ours"] == 0  # inverted colours look like nobody
    # portraits of all styles are the same here, so nothing can be more consistent than no recovery
    assert "no better than no recovery" in str(found.loc[("ifrp", "all", "fcr"), "note"])
    assert "no better" not in str(found.loc[("ifrp", "seen", "frr"), "note"])


@pytest.fixture
def partly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> settings.Config:
    """A tree in which one experiment recovered the portraits of five test faces only."""
    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    config.recovery.experiments["faced"]["portraits"] = 5
    results_tree.recover(config, "faced", places=SOME)
    results_tree.score(config)
    return config


def test_tables_say_what_was_measured_on_some_portraits(partly: settings.Config) -> None:
    found = tables.compare(partly, "identity").set_index(["row", "split", "metric"])
    whole = 100 * (1 - 3003 / 8568)  # 3 faces of the person among 18, 5 drawn
    assert found.loc[("chance", "seen", "frr"), "ours"] == pytest.approx(whole, rel=1e-5)
    assert found.loc[("chance", "all", "fcr"), "ours"] == pytest.approx(whole, rel=1e-5)
    assert found.loc[("chance for faced", "seen", "frr"), "ours"] == pytest.approx(whole, rel=1e-5)
    assert (
        found.loc[("chance for faced", "all", "fcr"), "ours"] == 100
    )  # a gallery of five, of which five are drawn
    assert found.loc[("faced", "all", "fcr"), "n"] == 12 * len(SOME)
    assert "no better" not in str(
        found.loc[("faced", "all", "fcr"), "note"]
    )  # another gallery than the portraits'
    for name in ("quality", "identity"):
        tables.write(partly, name)
        assert "Measured on fewer than 72 recovered faces: faced (20)." in paths.table(name, "md").read_text()
    tables.write(partly, "timing")
    assert pd.read_csv(paths.table("timing"))["ms_per_face"].tolist() == pytest.approx([2.5] * 3)


def test_figures_show_faces_that_all_recovered(
    partly: settings.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[list[list[mosaic.Tile]]] = []
    monkeypatch.setattr(mosaic, "draw", lambda rows, *rest: drawn.append(rows))
    gallery.recovered(partly, "seen")
    truth = results_tree.real_faces()
    for row, place, style in zip(drawn[0], (SOME[0], SOME[-1]), ("dots", "waves"), strict=True):
        portrait, faced, ifrp, real = (np.asarray(tile) for tile in row)
        assert np.array_equal(real, truth[place])
        assert np.array_equal(portrait, 255 - truth[place])
        assert np.array_equal(ifrp, stacks.read(paths.recovered("ifrp", style)).images[place])
        assert np.array_equal(faced, stacks.read(paths.recovered("faced", style)).images[SOME.index(place)])
    partly.paper.ablations["losses"] = {"some": "faced", "all": "ifrp"}
    gallery.ablation(partly, "losses")
    for row, place in zip(drawn.pop(), (SOME[0], SOME[-1]), strict=True):
        assert np.array_equal(np.asarray(row[3]), truth[place])
    gallery.worst(partly)
    scores = pd.read_csv(paths.quality("faced")).sort_values("ssim").drop_duplicates("index")
    recovered, true_faces = drawn[1][1:3]
    assert len(recovered) == partly.paper.worst
    for tile, true, (_, case) in zip(recovered, true_faces, scores.iterrows(), strict=False):
        stack = stacks.read(paths.recovered("faced", case["style"]))
        assert np.array_equal(np.asarray(tile), stack.images[SOME.index(case["index"])])
        assert np.array_equal(np.asarray(true), truth[case["index"]])


def test_a_missing_value_says_so(made: settings.Config) -> None:
    path = paths.summary("faced")
    summary = path.read_text()
    try:
        kept = [line for line in summary.splitlines() if not line.startswith("faced,faced,sketch,,ssim")]
        path.write_text("\n".join(kept) + "\n")
        values = tables.compare(made, "quality")
    finally:
        path.write_text(summary)
    row = values[
        (values["experiment"] == "faced") & (values["split"] == "sketch") & (values["metric"] == "ssim")
    ]
    assert row.iloc[0]["note"] == "not run"
    assert grid.NOT_RUN in tables.lay_out("quality", values).markdown()


def test_what_was_never_measured_is_not_run_and_what_has_no_chance_is_blank(made: settings.Config) -> None:
    path = paths.summary("faced")
    whole = path.read_text()
    try:
        kept = [line for line in whole.splitlines() if ",rank1-distractors" not in line]
        path.write_text("\n".join(kept) + "\n")
        values = tables.compare(made, "likeness")
    finally:
        path.write_text(whole)
    found = values.set_index(["row", "split", "metric"])
    assert found.loc[("faced", "seen", "rank1-distractors"), "note"] == "not published; not run"
    assert found.loc[("chance", "seen", "rank1"), "ours"] == pytest.approx(100 * 3 / 18, rel=1e-4)
    assert found.loc[("chance", "seen", "rank1-distractors"), "ours"] == pytest.approx(100 * 3 / 36, rel=1e-4)
    lines = tables.lay_out("likeness", values).rows
    assert all(len(line) == 5 for line in lines)
    assert [line[3] for line in lines if line[0] == "faced"] == [grid.NOT_RUN] * 3
    assert {line[4] for line in lines if line[0] == "chance"} == {""}


def test_tables_of_ablations_have_the_rows_of_the_configuration(made: settings.Config) -> None:
    rows = {"pixel": "faced", "pixel+adversarial+identity": "ifrp", "VGG": None}
    config = dataclasses.replace(made, paper=dataclasses.replace(made.paper, ablations={"losses": rows}))
    tables.write(config, "losses")
    found = pd.read_csv(paths.table("losses"), keep_default_na=False)
    assert list(found["row"].unique()) == list(rows)
    cells = found.set_index(["row", "split", "metric"])
    assert cells.loc[("pixel", "seen", "ssim"), "published"] == "0.60"
    assert cells.loc[("VGG", "seen", "ssim"), "note"] == "not published; not run"
    notes = [str(cells.loc[(row, "seen", "ssim"), "note"]) for row in list(rows)[:2]]
    assert sum("best" in note for note in notes) == 1
    assert grid.NOT_RUN in paths.table("losses", "md").read_text()
    with pytest.raises(IfrpError, match="table lossses"):
        tables.rows(
            dataclasses.replace(made, paper=dataclasses.replace(made.paper, ablations={"lossses": rows})),
            "lossses",
        )


def test_an_epochs_time_stands_beside_the_printed_one(made: settings.Config) -> None:
    table: dict[str, dict[str, str | None]] = {"training-styles": {"3-styles": "ifrp"}}
    config = dataclasses.replace(made, paper=dataclasses.replace(made.paper, ablations=table))
    tables.write(config, "training-styles")
    found = pd.read_csv(paths.table("training-styles")).set_index("metric").loc["time-per-epoch"].to_dict()
    assert (found["published"], found["ours"]) == ("5:20", pytest.approx(61.5 / 3))


def test_recognisers_are_ranked_side_by_side(made: settings.Config) -> None:
    for experiment in made.recovery.experiments:
        table = pd.read_csv(paths.identity(experiment, "judge"))
        paths.identity(experiment, "blind").parent.mkdir()
        table.assign(hit=1 - table["hit"]).to_csv(paths.identity(experiment, "blind"), index=False)
    config = dataclasses.replace(made, evaluation=dataclasses.replace(made.evaluation, others=("blind",)))
    tables.write(config, "recognisers")
    found = pd.read_csv(paths.table("recognisers")).set_index(["experiment", "recogniser", "split"])
    frr, rank = found["frr"].to_dict(), found["rank"].to_dict()
    for experiment in made.recovery.experiments:
        both = frr[experiment, "judge", "seen"] + frr[experiment, "blind", "seen"]
        assert both == pytest.approx(100)
    assert rank["input", "judge", "seen"] > rank["ifrp", "judge", "seen"]
    assert rank["input", "blind", "seen"] < rank["ifrp", "blind", "seen"]


def test_a_value_that_rounds_to_the_published_one_is_not_worse() -> None:
    notes = [
        tables._row(("a", "a", "seen", "ssim"), "0.72", {"value": v}, None, "")["note"]
        for v in (0.7151, 0.7149)
    ]
    assert notes == ["", "worse than published"]


def test_timing_comes_from_the_cards(made: settings.Config) -> None:
    tables.write(made, "timing")
    found = pd.read_csv(paths.table("timing")).set_index("experiment")
    assert list(found.index) == list(made.recovery.experiments)
    assert [found.at["ifrp", of] for of in ("parameters", "steps", "faces_seen")] == [1500, 300, 2400]
    assert found["ms_per_face"].tolist() == pytest.approx([2.5] * 3)
    assert found.loc["ifrp", "difference"] == pytest.approx(2.5 - 8)
    assert found["steps"].isna().tolist() == [True, False, False]
    assert "| none" in paths.table("timing", "md").read_text()


@pytest.mark.parametrize("name", TABLES)
def test_printed_forms_are_whole(made: settings.Config, name: str) -> None:
    tables.write(made, name)
    markdown, tex = (paths.table(name, suffix).read_text() for suffix in ("md", "tex"))
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    columns = len(re.search(r"begin{tabular}{([lr]+)}", tex)[1])  # type: ignore[index]
    body = tex.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {columns - 1}
    assert len(body) == len(lines) - 2
    assert tex.count("{") == tex.count("}")
    assert tex.isascii()
    assert (str(paths.PUBLISHED) in read_card(paths.table(name))["inputs"]) == (name != "exposure")


def test_tex_escapes_what_tex_would_read() -> None:
    assert grid._tex("a_b & 5 % – −1") == r"a\_b \& 5 \% -- $-$1"


@pytest.mark.parametrize("name", [*(name for name in FIGURES if name != "own"), "losses"])
def test_figures_are_drawn_and_the_same_again(made: settings.Config, name: str) -> None:
    both = [paths.figure(name, suffix) for suffix in ("png", "pdf")]
    digests = []
    for _ in range(2):
        figures.write(made, name)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in both])
    assert digests[0] == digests[1]
    with Image.open(both[0]) as picture:
        assert picture.width <= look.WIDEST
        assert np.asarray(picture.convert("L")).std() > 5  # not an empty page
    assert both[1].read_bytes().startswith(b"%PDF")
    assert bool(read_card(both[0])["inputs"]) == (name != "network")


def test_unknown_names_and_missing_inputs_are_told(made: settings.Config, tmp_path: Path) -> None:
    with pytest.raises(IfrpError, match="there are teaser"):
        figures.write(made, "nothing")
    with pytest.raises(IfrpError, match="there are quality"):
        tables.write(made, "nothing")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        with pytest.raises(IfrpError, match=re.escape("summary.csv does not exist")):
            tables.write(made, "quality")


def test_own_portraits_are_shown_beside_what_is_recovered(made: settings.Config, tmp_path: Path) -> None:
    for name, level in (("one.png", 40), ("two.png", 200)):
        Image.new("RGB", (300, 200), (level, 90, 120)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    shown = dataclasses.replace(made.paper, own=str(tmp_path), experiment="input")
    figures.write(dataclasses.replace(made, paper=shown), "own")
    with Image.open(paths.figure("own")) as picture:
        assert np.asarray(picture.convert("L")).std() > 5
    (tmp_path / "one.png").unlink()
    (tmp_path / "two.png").unlink()
    with pytest.raises(IfrpError, match="no readable picture"):
        figures.write(dataclasses.replace(made, paper=shown), "own")
    with pytest.raises(IfrpError, match="name a folder"):
        figures.write(made, "own")


def test_a_method_without_the_network_is_told(made: settings.Config) -> None:
    """An experiment that is trained on nothing has no networks at all."""
    of = dataclasses.replace(made, paper=dataclasses.replace(made.paper, experiment="input"))
    with pytest.raises(IfrpError, match="no network that this figure can draw"):
        figures.write(of, "network")


def test_the_network_is_drawn_as_it_is(made: settings.Config) -> None:
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
    judged, _ = network.trace(DN(), 128)
    shapes = [(block.side, block.channels) for block in judged]
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
        network.network(dataclasses.replace(made, paper=dataclasses.replace(made.paper, experiment="faced")))


def test_retrieval_curve_passes_through_frr(made: settings.Config) -> None:
    figure, _ = scores.retrieval(made)
    summary = pd.read_csv(paths.summary("ifrp"), keep_default_na=False)
    means = summary[(summary["style"] == "") & (summary["metric"] == "frr")].set_index("split")["value"]
    assert len(figure.axes) == 6
    for axes in figure.axes[:3]:
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        curve = np.asarray(lines["ifrp"])
        assert curve[made.evaluation.top - 1] == pytest.approx(means[axes.get_title()])
        assert (np.diff(curve) >= 0).all()
        chance = summary[(summary["metric"] == "frr-chance") & (summary["split"] == axes.get_title())]
        assert np.asarray(lines["chance"])[made.evaluation.top - 1] == pytest.approx(chance["value"].iloc[0])
    among = summary[(summary["style"] == "") & (summary["metric"] == "rank1-distractors")]
    first = among.set_index("split")["value"]
    for below, above in zip(figure.axes[3:], figure.axes[:3], strict=True):
        plain, strict = (
            {line.get_label(): np.asarray(line.get_ydata()) for line in axes.get_lines()}
            for axes in (above, below)
        )
        assert strict["ifrp"][0] == pytest.approx(first[above.get_title()])
        for name in (*made.recovery.experiments, "chance"):
            assert (strict[name] <= plain[name] + 1e-9).all()


def test_every_experiment_has_one_colour(made: settings.Config) -> None:
    wanted = look.colours(made)
    assert len(set(wanted.values())) == len(wanted)
    for draw in (scores.retrieval, charts.curves):
        for axes in draw(made)[0].axes:
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


def test_worst_faces_are_those_of_lowest_score(made: settings.Config) -> None:
    scores = pd.read_csv(paths.quality("ifrp"))
    lowest = scores.loc[scores.groupby("index")["ssim"].idxmin()].nsmallest(made.paper.worst, "ssim")
    figure, used = gallery.worst(made)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [text for text in texts if text.startswith("SSIM")][-made.paper.worst :] == [
        f"SSIM {value:.2f}" for value in lowest["ssim"]
    ]
    assert {paths.recovered("ifrp", style) for style in lowest["style"]} <= set(used)


def test_verbs_make_the_same_files(made: settings.Config) -> None:
    from typer.testing import CliRunner

    from ifrp.cli import app

    Path("config/config.yaml").write_text(yaml.safe_dump(settings.plain(made)))
    for words in ("evaluation summary ifrp", "paper table quality", "paper figure distance"):
        result = CliRunner().invoke(app, [*words.split(), "--config", "config/config.yaml"])
        assert result.exit_code == 0, result.exception
    assert read_card(paths.summary("ifrp"))["settings"]["resamples"] == made.evaluation.resamples


@pytest.fixture(scope="module")
def printed(made: settings.Config) -> settings.Config:
    """The tree with everything that its document shows, and the document's text."""
    for path in (Path(__file__).parents[1] / "paper").glob("*.typ"):
        Path("paper").mkdir(exist_ok=True)
        Path("paper", path.name).write_text(path.read_text())
    for table in TABLES:
        tables.write(made, table)
    for figure in printing.shown(made, "paper")[1]:
        figures.write(made, figure)
    numbers.write(made, "paper")
    return made


def test_numbers_are_those_of_the_summaries(printed: settings.Config) -> None:
    found = read_card(paths.numbers("paper"))["facts"]
    summary = pd.read_csv(paths.summary("ifrp"), keep_default_na=False).set_index(
        ["split", "style", "metric"]
    )
    assert found["ifrp.unseen.psnr"] == pytest.approx(summary.at[("unseen", "", "psnr"), "value"])
    assert found["ifrp.seen.frr.low"] == pytest.approx(summary.at[("seen", "", "frr"), "low"])
    assert (found["published.quality.ifrp.seen.psnr"], found["ifrp.parameters"]) == (26.08, 1500)
    assert (found["test.faces"], found["test.people"]) == (18, 6)
    with pytest.raises(IfrpError, match="there are paper, ablations"):
        numbers.write(printed, "letter")


def test_the_document_is_printed_and_the_same_again(printed: settings.Config) -> None:
    digests = []
    for _ in range(2):
        printing.write(printed, "paper")
        digests.append(hashlib.sha256(paths.document("paper").read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    assert paths.document("paper").read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in paths.FIGURES.parent.iterdir() if path.is_dir()) == [
        "figures",
        "tables",
    ]
    card = read_card(paths.document("paper"))
    assert {str(paths.table("quality", "typ")), str(paths.text("paper"))} <= set(card["inputs"])


def test_a_document_that_quotes_an_unknown_number_is_not_printed(printed: settings.Config) -> None:
    text = paths.text("paper")
    paths.document("paper").unlink(missing_ok=True)
    whole = text.read_text()
    text.write_text(whole + '#n("ifrp.seen.beauty", 1)')
    with pytest.raises(IfrpError, match=r"paper\.typ cannot be printed.*ifrp\.seen\.beauty"):
        printing.write(printed, "paper")
    assert not paths.document("paper").exists()
    text.write_text(whole)


def test_typst_escapes_what_typst_would_read() -> None:
    assert grid._typst("a_b * #1 = −2") == r"a\_b \* \#1 \= −2"


def test_pages_are_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("| a |\n")
    page = tmp_path / "page.md"
    page.write_text(
        "FRR 12<!--a.frr--> %, 1.0<!--a.psnr--> dB, +3<!--b--> and 1<!--b-->, 7,000<!--c-->.\n"
        "<!--table t.md-->\nold\n<!--end-->\n"
    )
    known = {"a.frr": 47.6, "a.psnr": 18.049, "b": -2.2, "c": 12345.0}
    now = numbers.quoted(page, known)
    assert now == (
        "FRR 48<!--a.frr--> %, 18.0<!--a.psnr--> dB, −2<!--b--> and −2<!--b-->, 12,345<!--c-->.\n"
        "<!--table t.md-->\n| a |\n<!--end-->\n"
    )
    page.write_text(now)
    assert numbers.quoted(page, known) == now
    with pytest.raises(IfrpError, match="quotes b, which is not among"):
        numbers.quoted(page, {key: known[key] for key in ("a.frr", "a.psnr", "c")})
    (tmp_path / "t.md").unlink()
    with pytest.raises(IfrpError, match=r"table t\.md, which does not exist"):
        numbers.quoted(page, known)


def test_the_page_of_a_table_has_its_cells_and_asks_for_nothing() -> None:
    table = grid.Grid(
        "A < B", [("", "Row"), ("SSIM", "ours"), ("SSIM", "published")], [["a&b", "0.5", "–"]], ["n"]
    )
    page = table.html()
    texts: list[str] = []

    class Parser(HTMLParser):
        def handle_data(self, data: str) -> None:
            texts.append(data)

    Parser().feed(page.split("<table>")[1])
    assert [text for text in texts if text.strip()] == [
        "A < B",
        "SSIM",
        "Row",
        "ours",
        "published",
        "a&b",
        "0.5",
        "–",
        "n",
    ]
    assert "src=" not in page
    assert "href=" not in page


def test_seeds_are_summed_up(made: settings.Config) -> None:
    runs = ("ifrp", "faced")
    config = dataclasses.replace(made, paper=dataclasses.replace(made.paper, seeds={"ifrp": runs}))
    tables.write(config, "seeds")
    table: Any = pd.read_csv(paths.table("seeds")).set_index(["split", "metric"]).to_dict("index")
    found = table["seen", "psnr"]
    values = [overall(name)["seen", "psnr"]["value"] for name in runs]
    assert (found["low"], found["high"]) == pytest.approx((min(values), max(values)), rel=1e-5)
    assert found["mean"] == pytest.approx(np.mean(values), rel=1e-5)
    assert (found["published"], found["runs"]) == (26.08, 2)
    assert "| ifrp       | seen   | 2" in paths.table("seeds", "md").read_text()
    assert printing.shown(config, "ablations")[0][-1] == "seeds"


def test_what_was_tried_is_told_with_what_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = settings.Config(paper=settings.Paper(tuning=("ifrp", "faced")))
    for name, losses, psnr in (
        ("ifrp", {"pixel": 1, "identity": 2}, (10, 11)),
        ("faced", {"pixel": 3, "places": 4}, (12, 13.5)),
    ):
        training = {"batch": 4, "checkpoint_minutes": psnr[0]}
        told = {"method": name, "settings": {"losses": losses}, "training": training, "styles": ["candy"]}
        paths.recovery_model(name).parent.mkdir(parents=True, exist_ok=True)
        with card(paths.recovery_model(name), told, 1, []):
            paths.recovery_model(name).write_bytes(b"")
        paths.training_curve(name).parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{step},{value}" for step, value in zip((5, 10, 15), (*psnr, ""), strict=True)]
        paths.training_curve(name).write_text("\n".join(["step,validation_psnr", *rows]))
    tables.write(config, "tuning")
    table = re.sub(" +", " ", paths.table("tuning", "md").read_text())
    assert "| PSNR (dB) by faces seen 20 | PSNR (dB) by faces seen 40 |" in table
    assert "| ifrp | | 10.00 | 11.00 |" in table
    assert "| faced | method faced, losses.pixel 3, losses.places 4 | 12.00 | 13.50 |" in table
    assert printing.shown(config, "ablations")[0][-1] == "tuning"


def test_a_calibrated_row_is_marked_and_not_ranked(
    made: settings.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it is the nearest to the truth; and it was not trained itself."""
    entry = {"recovery": {"experiments": {"again": {"model": "ifrp", "calibrate": {}}}}}
    config = settings.build(settings.merge(settings.plain(made), entry), "the tests")
    monkeypatch.setitem(results_tree.NOISE, "again", 1.0)
    results_tree.recover(config, "again")
    quality.write(config, "again")
    identity.write(config, "again", "judge", results_tree.Judge())
    summary.write(config, "again")
    seen = tables.compare(config, "quality").query("metric == 'psnr' and split == 'seen'").set_index("row")
    notes, ours = seen["note"].to_dict(), seen["ours"].astype(float).to_dict()
    assert notes["again"] == "not published; calibrated"
    assert "best" in notes["ifrp"]
    assert ours["again"] > ours["ifrp"]
    tables.write(config, "quality")
    printed = paths.table("quality", "md").read_text()
    assert "| again °" in printed
    assert "° looked at unlabelled portraits" in printed
    tables.write(config, "timing")
    costs = pd.read_csv(paths.table("timing")).set_index("experiment")
    assert costs.loc["again", "method"] == "ifrp"
    assert costs["steps"].isna()["again"]
    for name in ("quality", "timing"):  # as the other tests of this tree have them
        tables.write(made, name)
