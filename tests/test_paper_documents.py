"""Documents of a small made-up tree: numbers, the printed report, pages that quote."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from ifrp import paths
from ifrp.config import Config, plain
from ifrp.errors import IfrpError
from ifrp.paper import documents, figures, tables
from ifrp.paper.documents import numbers, photographs, printing, quotes
from ifrp.paper.tables.grid import Grid
from ifrp.provenance import read_card

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def printed(results: Config) -> Config:
    """The tree with everything that its document shows, and the document's text."""
    shutil.copytree(ROOT / "paper", "paper")
    for path in photographs.READS:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, path)
    for table in tables.of_document(results, "paper"):
        table.write(results)
    for figure in figures.of_document(results, "paper"):
        figure.write(results)
    numbers.write(results, "paper")
    return results


def test_numbers_are_those_of_the_summaries(printed: Config) -> None:
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


def test_the_document_is_printed_and_the_same_again(printed: Config) -> None:
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


def elements(config: Config, document: str, *selectors: str) -> list[list[dict[str, Any]]]:
    """What Typst finds in a document when it is printed: for each selector, all elements in their order."""
    import typst

    found: list[list[dict[str, Any]]] = []
    compile_ = typst.compile

    def look(text: str, output: str, **options: Any) -> None:
        found.extend(json.loads(typst.query(text, selector, **options)) for selector in selectors)
        compile_(text, output=output, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typst, "compile", look)
        printing.write(config, document)
    return found


def plain_text(element: Any) -> str:
    """The text of an element, without its form."""
    if isinstance(element, list):
        return "".join(map(plain_text, element))
    if not isinstance(element, dict):
        return ""
    own: str = element["text"] if element["func"] in ("text", "raw") else " " * (element["func"] == "space")
    return own + "".join(plain_text(element[key]) for key in ("body", "children", "child") if key in element)


def body(table: dict[str, Any]) -> list[list[str]]:
    """The rows of a printed table below its heading."""
    cells = [plain_text(child) for child in table["children"] if child["func"] == "cell"]
    width = len(table["columns"])
    return [cells[start : start + width] for start in range(0, len(cells), width)]


def test_every_figure_is_cited_and_says_what_made_it(
    printed: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that a run has only if it is asked for them."""
    paper = documents.find("paper")
    extra = ("landmarks", "losses", "architecture", "own")
    for name in extra:
        for suffix in ("png", "pdf"):
            shutil.copy(paths.figure("teaser", suffix), paths.figure(name, suffix))
    sources = paper.sources(printed)
    for more in ({}, dict.fromkeys(extra, "src/ifrp/paper/figures/own.py")):
        every = sources | more
        monkeypatch.setattr(documents.Document, "sources", lambda self, config, every=every: every)
        shown, references = elements(printed, "paper", "figure", "ref")
        cited = {reference["target"] for reference in references}
        drawn = {
            figure["label"]: plain_text(figure["caption"]) for figure in shown if figure["kind"] == "image"
        }
        assert set(drawn) == {f"<fig-{name}>" for name in (*every, "photo-retrieval")}
        assert set(drawn) <= cited
        for name, source in every.items():
            assert drawn[f"<fig-{name}>"].endswith(f"ifrp paper figure {name} · {source}")
            assert (ROOT / source).exists()


def test_references_are_cited_and_cited_ones_are_there() -> None:
    texts = "".join(path.read_text() for path in (ROOT / "paper").glob("*.typ"))
    entries = re.findall(r"^@\w+{(\w+),", (ROOT / "paper/references.bib").read_text(), re.MULTILINE)
    assert len(entries) == len(set(entries))
    assert set(re.findall(r"@([a-z]+\d{4})\b", texts)) == set(entries)


def test_tables_are_read_without_a_lens(printed: Config) -> None:
    """At most 12 rows in 8 pt or more; what has more goes on in another table."""
    style = (ROOT / "paper/style.typ").read_text()
    sizes = re.findall(r"kind: table\): set text\(size: ([\d.]+)pt", style)
    assert sizes
    assert min(map(float, sizes)) >= 8
    rows = [[str(number), "1.00 [0.50, 1.50]"] for number in range(30)]
    whole = paths.table("timing", "typ").read_text()
    paths.table("timing", "typ").write_text(Grid("Long", [("", "Row"), ("PSNR", "ours")], rows, []).typst())
    found = [body(table) for table in elements(printed, "paper", "table")[0]]
    paths.table("timing", "typ").write_text(whole)
    assert max(map(len, found)) <= 12
    assert [row for table in found for row in table if row[1] == "1.00"] == [[row[0], "1.00"] for row in rows]


def test_main_tables_have_no_intervals_and_the_appendix_has_them(printed: Config) -> None:
    """The photographs' tables have the values of the page that shows them."""
    shown = elements(printed, "paper", "figure")[0]
    found = [figure for figure in shown if figure["kind"] == "table"]
    by_label = {figure.get("label"): figure for figure in found}
    page = (ROOT / "docs/results/gpu/quality.md").read_text()
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if "| seen " in line
    ]
    main = {
        row[0]: [squeezed(cell) for cell in row[1:3]]
        for row in body(by_label["<tab-photo-quality-seen>"]["body"])
    }
    assert main == {
        row: [paper, squeezed(re.sub(r"\[.*?\]", "", ours) + "↓" * difference.endswith("↓"))]
        for row, _, paper, ours, difference, *_ in lines
    }
    appendix = next(
        figure for figure in found if plain_text(figure["caption"]).endswith("quality, with intervals.")
    )
    assert {row[0]: squeezed(row[1]) for row in body(appendix["body"])} == {
        row: squeezed(ours + "↓" * difference.endswith("↓"))
        for row, _, _, ours, difference, *_ in lines
        if ours != "not run"
    }


def squeezed(cell: str) -> str:
    """A cell without spaces, and without the mark of the best, which is bold in print."""
    return re.sub(r"[ *]", "", cell)


def test_the_ablations_are_printed(printed: Config) -> None:
    for table in tables.of_document(printed, "ablations"):
        table.write(printed)
    for figure in figures.of_document(printed, "ablations"):
        figure.write(printed)
    numbers.write(printed, "ablations")
    shown, references = elements(printed, "ablations", "figure", "ref")
    labels = [figure["label"] for figure in shown]
    assert labels == ["<tab-losses>", "<fig-losses>", "<tab-intervals-losses>"]
    assert set(labels) <= {reference["target"] for reference in references}


def test_a_document_that_quotes_an_unknown_number_is_not_printed(printed: Config) -> None:
    text = paths.text("paper")
    paths.document("paper").unlink(missing_ok=True)
    whole = text.read_text()
    text.write_text(whole + '#n("ifrp.seen.beauty", 1)')
    with pytest.raises(IfrpError, match=r"paper\.typ cannot be printed.*ifrp\.seen\.beauty"):
        printing.write(printed, "paper")
    assert not paths.document("paper").exists()
    text.write_text(whole)


def test_pages_are_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("| a |\n")
    page = tmp_path / "page.md"
    page.write_text(
        "FRR 12<!--a.frr--> %, 1.0<!--a.psnr--> dB, +3<!--b--> and 1<!--b-->, 7,000<!--c-->.\n"
        "<!--table t.md-->\nold\n<!--end-->\n"
    )
    known = {"a.frr": 47.6, "a.psnr": 18.049, "b": -2.2, "c": 12345.0}
    now = quotes.quoted(page, known)
    assert now == (
        "FRR 48<!--a.frr--> %, 18.0<!--a.psnr--> dB, −2<!--b--> and −2<!--b-->, 12,345<!--c-->.\n"
        "<!--table t.md-->\n| a |\n<!--end-->\n"
    )
    page.write_text(now)
    assert quotes.quoted(page, known) == now
    with pytest.raises(IfrpError, match="quotes b, which is not among"):
        quotes.quoted(page, {key: known[key] for key in ("a.frr", "a.psnr", "c")})
    (tmp_path / "t.md").unlink()
    with pytest.raises(IfrpError, match=r"table t\.md, which does not exist"):
        quotes.quoted(page, known)


def test_verbs_make_the_same_files(results: Config) -> None:
    from typer.testing import CliRunner

    from ifrp.cli import app

    Path("config/config.yaml").write_text(yaml.safe_dump(plain(results)))
    for words in ("evaluation summary ifrp", "paper table quality", "paper figure distance"):
        result = CliRunner().invoke(app, [*words.split(), "--config", "config/config.yaml"])
        assert result.exit_code == 0, result.exception
    assert read_card(paths.summary("ifrp"))["settings"]["resamples"] == results.evaluation.resamples


def test_scores_stand_below_the_published_ones(tmp_path: Path) -> None:
    page, splits = tmp_path / "page.md", ("seen", "unseen", "sketch")
    page.write_text("<!--scores gpu: mine-->\nold\n<!--end-->\n")
    known = {
        f"gpu:mine.{split}.{metric}": value
        for split in splits
        for metric, value in (("frr", 40.04), ("fsim", 0.555))
    }
    known |= {f"published.identity.ifrp.{split}.frr": 90.93 for split in splits}
    known |= {f"published.quality.ifrp.{split}.fsim": 0.88 for split in splits}
    lines = quotes.quoted(page, known).splitlines()
    assert lines[3] == "| IFRP as published |" + " 90.9 % | 0.88 |" * 3
    assert lines[4] == "| `mine` |" + " 40.0 % | 0.56 |" * 3
    with pytest.raises(IfrpError, match=r"quotes gpu:mine\.seen\.frr, which is not among"):
        quotes.quoted(page, {key: value for key, value in known.items() if "mine" not in key})


def test_pages_list_what_there_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!--list figures-->\nold\n<!--end-->\n")
    now = quotes.quoted(page, {}).splitlines()
    assert now[1:3] == ["| figure | what it shows | in the paper |", "| --- | --- | --- |"]
    assert (
        now[3]
        == "| `teaser` | portraits in the clearest style of each split, what IFRP recovers, and the truth | Figure 1 |"
    )
    assert len(now) == len(figures.every()) + 4


def test_documents_have_what_the_configuration_asks_for(results: Config) -> None:
    paper, ablations = (documents.find(name) for name in documents.DOCUMENTS)
    assert "sketch" in paper.figures(results)
    assert "own" not in paper.figures(results)
    assert ablations.tables(results) == ablations.figures(results) == ["losses"]
    rows: dict[str, dict[str, str | None]] = {
        "rotation": {"a": "ifrp"},
        "losses": {"b": "input", "c": "ifrp"},
    }
    changed = dataclasses.replace(results.paper, own="mine", ablations=rows, tuning=("ifrp",))
    config = dataclasses.replace(results, paper=changed)
    assert "own" in paper.figures(config)
    assert ablations.tables(config) == ["rotation", "losses", "tuning"]  # in the order of the configuration
    assert ablations.figures(config) == ["rotation", "losses"]
    assert ablations.experiments(config) == ["ifrp", "input"]
