"""Tables of a small made-up tree."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import results_tree
from results_tree import SOME

from ifrp import paths
from ifrp.config import Config, Paper, build, merge, plain
from ifrp.errors import IfrpError
from ifrp.evaluation import identity, quality, summary
from ifrp.evaluation.summary import overall
from ifrp.paper import documents, tables
from ifrp.paper.tables import cells, comparison, grid
from ifrp.provenance import card, read_card

MAIN = [name for name, table in tables.every().items() if table.document == "paper"]


def write(config: Config, name: str) -> None:
    tables.find(config, name).write(config)


@pytest.mark.parametrize("name", ["quality", "identity"])
def test_comparison_is_published_ours_and_their_difference(results: Config, name: str) -> None:
    write(results, name)
    with paths.table(name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    with paths.PUBLISHED.open(newline="") as file:
        told = {
            (r["method"], r["split"], r["metric"]): r["value"]
            for r in csv.DictReader(file)
            if r["table"] == name
        }
    files = [paths.summary(experiment) for experiment in results.recovery.experiments]
    summary = pd.concat([pd.read_csv(path, keep_default_na=False) for path in files])
    means = summary[summary["style"] == ""].set_index(["experiment", "split", "metric"])["value"]
    markdown = paths.table(name, "md").read_text()
    experiments = list(dict.fromkeys(row["row"] for row in rows))
    assert experiments == [*results.recovery.experiments, *(["chance"] if name == "identity" else [])]
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


def test_identity_has_the_portraits_and_chance(results: Config) -> None:
    found = tables.find(results, "identity").compare(results).set_index(["row", "split", "metric"])
    level = 100 * (1 - 3003 / 8568)  # 3 faces of the person among 18, 5 drawn
    assert found.loc[("chance", "seen", "frr"), "ours"] == pytest.approx(level, rel=1e-5)
    assert found.loc[("chance", "all", "fcr"), "ours"] == pytest.approx(level, rel=1e-5)
    assert found.loc[("input", "seen", "frr"), "ours"] == 0  # inverted colours look like nobody
    # portraits of all styles are the same here, so nothing can be more consistent than no recovery
    assert "no better than no recovery" in str(found.loc[("ifrp", "all", "fcr"), "note"])
    assert "no better" not in str(found.loc[("ifrp", "seen", "frr"), "note"])


def test_tables_say_what_was_measured_on_some_portraits(partly: Config) -> None:
    found = tables.find(partly, "identity").compare(partly).set_index(["row", "split", "metric"])
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
        write(partly, name)
        assert "Measured on fewer than 72 recovered faces: faced (20)." in paths.table(name, "md").read_text()
    write(partly, "timing")
    assert pd.read_csv(paths.table("timing"))["ms_per_face"].tolist() == pytest.approx([2.5] * 3)


def test_a_missing_value_says_so(results: Config) -> None:
    path = paths.summary("faced")
    summary = path.read_text()
    try:
        kept = [line for line in summary.splitlines() if not line.startswith("faced,faced,sketch,,ssim")]
        path.write_text("\n".join(kept) + "\n")
        values = tables.find(results, "quality").compare(results)
    finally:
        path.write_text(summary)
    row = values[
        (values["experiment"] == "faced") & (values["split"] == "sketch") & (values["metric"] == "ssim")
    ]
    assert row.iloc[0]["note"] == "not run"
    assert cells.NOT_RUN in tables.find(results, "quality").lay_out(values).markdown()


def test_what_was_never_measured_is_not_run_and_what_has_no_chance_is_blank(results: Config) -> None:
    path = paths.summary("faced")
    whole = path.read_text()
    try:
        kept = [line for line in whole.splitlines() if ",rank1-distractors" not in line]
        path.write_text("\n".join(kept) + "\n")
        values = tables.find(results, "likeness").compare(results)
    finally:
        path.write_text(whole)
    found = values.set_index(["row", "split", "metric"])
    assert found.loc[("faced", "seen", "rank1-distractors"), "note"] == "not published; not run"
    assert found.loc[("chance", "seen", "rank1"), "ours"] == pytest.approx(100 * 3 / 18, rel=1e-4)
    assert found.loc[("chance", "seen", "rank1-distractors"), "ours"] == pytest.approx(100 * 3 / 36, rel=1e-4)
    lines = tables.find(results, "likeness").lay_out(values).rows
    assert all(len(line) == 5 for line in lines)
    assert [line[3] for line in lines if line[0] == "faced"] == [cells.NOT_RUN] * 3
    assert {line[4] for line in lines if line[0] == "chance"} == {""}


def test_tables_of_ablations_have_the_rows_of_the_configuration(results: Config) -> None:
    rows = {"pixel": "faced", "pixel+adversarial+identity": "ifrp", "VGG": None}
    config = dataclasses.replace(
        results, paper=dataclasses.replace(results.paper, ablations={"losses": rows})
    )
    write(config, "losses")
    found = pd.read_csv(paths.table("losses"), keep_default_na=False)
    assert list(found["row"].unique()) == list(rows)
    by_row = found.set_index(["row", "split", "metric"])
    assert by_row.loc[("pixel", "seen", "ssim"), "published"] == "0.60"
    assert by_row.loc[("VGG", "seen", "ssim"), "note"] == "not published; not run"
    notes = [str(by_row.loc[(row, "seen", "ssim"), "note"]) for row in list(rows)[:2]]
    assert sum("best" in note for note in notes) == 1
    assert cells.NOT_RUN in paths.table("losses", "md").read_text()
    with pytest.raises(IfrpError, match="has a table lossses; there are losses"):
        tables.find(
            dataclasses.replace(
                results, paper=dataclasses.replace(results.paper, ablations={"lossses": rows})
            ),
            "lossses",
        )


def test_an_epochs_time_stands_beside_the_printed_one(results: Config) -> None:
    table: dict[str, dict[str, str | None]] = {"training-styles": {"3-styles": "ifrp"}}
    config = dataclasses.replace(results, paper=dataclasses.replace(results.paper, ablations=table))
    write(config, "training-styles")
    found = pd.read_csv(paths.table("training-styles")).set_index("metric").loc["time-per-epoch"].to_dict()
    assert (found["published"], found["ours"]) == ("5:20", pytest.approx(61.5 / 3))


def test_recognisers_are_ranked_side_by_side(results: Config) -> None:
    for experiment in results.recovery.experiments:
        table = pd.read_csv(paths.identity(experiment, "evaluator"))
        paths.identity(experiment, "blind").parent.mkdir()
        table.assign(hit=1 - table["hit"]).to_csv(paths.identity(experiment, "blind"), index=False)
    config = dataclasses.replace(
        results, evaluation=dataclasses.replace(results.evaluation, others=("blind",))
    )
    write(config, "recognisers")
    found = pd.read_csv(paths.table("recognisers")).set_index(["experiment", "recogniser", "split"])
    frr, rank = found["frr"].to_dict(), found["rank"].to_dict()
    for experiment in results.recovery.experiments:
        both = frr[experiment, "evaluator", "seen"] + frr[experiment, "blind", "seen"]
        assert both == pytest.approx(100)
    assert rank["input", "evaluator", "seen"] > rank["ifrp", "evaluator", "seen"]
    assert rank["input", "blind", "seen"] < rank["ifrp", "blind", "seen"]


def test_a_value_that_rounds_to_the_published_one_is_not_worse() -> None:
    notes = [
        comparison._row(("a", "a", "seen", "ssim"), "0.72", {"value": v}, None, "")["note"]
        for v in (0.7151, 0.7149)
    ]
    assert notes == ["", "worse than published"]


def test_timing_comes_from_the_cards(results: Config) -> None:
    write(results, "timing")
    found = pd.read_csv(paths.table("timing")).set_index("experiment")
    assert list(found.index) == list(results.recovery.experiments)
    assert [found.at["ifrp", of] for of in ("parameters", "steps", "faces_seen")] == [1500, 300, 2400]
    assert found["ms_per_face"].tolist() == pytest.approx([2.5] * 3)
    assert found.loc["ifrp", "difference"] == pytest.approx(2.5 - 8)
    assert found["steps"].isna().tolist() == [True, False, False]
    assert "| none" in paths.table("timing", "md").read_text()


@pytest.mark.parametrize("name", MAIN)
def test_printed_forms_are_whole(results: Config, name: str) -> None:
    write(results, name)
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


def test_typst_reads_the_cells_of_a_table(tmp_path: Path) -> None:
    import typst

    cell = 'a_b * #1 = −2 "\\n" °'
    table = grid.Grid("Caption", [("", "Row")], [[cell]], [], legend=("$x$",))
    (tmp_path / "t.typ").write_text(table.typst() + "#metadata(grid) <grid>")
    found = json.loads(typst.query(str(tmp_path / "t.typ"), "<grid>", field="value", one=True))
    legend = {"notes": [], "legend": ["$x$"]}
    assert found == {"caption": "Caption", "columns": [["", "Row"]], "rows": [[cell]], **legend}


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


def test_seeds_are_summed_up(results: Config) -> None:
    runs = ("ifrp", "faced")
    config = dataclasses.replace(results, paper=dataclasses.replace(results.paper, seeds={"ifrp": runs}))
    write(config, "seeds")
    table: Any = pd.read_csv(paths.table("seeds")).set_index(["split", "metric"]).to_dict("index")
    found = table["seen", "psnr"]
    values = [overall(name)["seen", "psnr"]["value"] for name in runs]
    assert (found["low"], found["high"]) == pytest.approx((min(values), max(values)), rel=1e-5)
    assert found["mean"] == pytest.approx(np.mean(values), rel=1e-5)
    assert (found["published"], found["runs"]) == (26.08, 2)
    assert "| ifrp       | seen   | 2" in paths.table("seeds", "md").read_text()
    assert documents.find("ablations").tables(config)[-1] == "seeds"


def test_what_was_tried_is_told_with_what_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config(paper=Paper(tuning=("ifrp", "faced")))
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
    write(config, "tuning")
    table = re.sub(" +", " ", paths.table("tuning", "md").read_text())
    assert "| PSNR (dB) by faces seen 20 | PSNR (dB) by faces seen 40 |" in table
    assert "| ifrp | | 10.00 | 11.00 |" in table
    assert "| faced | method faced, losses.pixel 3, losses.places 4 | 12.00 | 13.50 |" in table
    assert documents.find("ablations").tables(config)[-1] == "tuning"


def test_a_calibrated_row_is_marked_and_not_ranked(results: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it is the nearest to the truth; and it was not trained itself."""
    entry = {"recovery": {"experiments": {"again": {"model": "ifrp", "calibrate": {}}}}}
    config = build(merge(plain(results), entry), "the tests")
    monkeypatch.setitem(results_tree.NOISE, "again", 1.0)
    results_tree.recover(config, "again")
    quality.write(config, "again")
    identity.write(config, "again", "evaluator", results_tree.Evaluator())
    summary.write(config, "again")
    seen = (
        tables.find(config, "quality")
        .compare(config)
        .query("metric == 'psnr' and split == 'seen'")
        .set_index("row")
    )
    notes, ours = seen["note"].to_dict(), seen["ours"].astype(float).to_dict()
    assert notes["again"] == "not published; calibrated"
    assert "best" in notes["ifrp"]
    assert ours["again"] > ours["ifrp"]
    write(config, "quality")
    printed = paths.table("quality", "md").read_text()
    assert "| again °" in printed
    assert "° looked at unlabelled portraits" in printed
    write(config, "timing")
    costs = pd.read_csv(paths.table("timing")).set_index("experiment")
    assert costs.loc["again", "method"] == "ifrp"
    assert costs["steps"].isna()["again"]
    for name in ("quality", "timing"):  # as the other tests of this tree have them
        write(results, name)
