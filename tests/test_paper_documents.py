"""Documents of a small made-up tree: numbers, the printed report, pages that quote."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ifrp import paths
from ifrp.artifacts import read_card
from ifrp.config import Config, plain
from ifrp.errors import IfrpError
from ifrp.paper import documents, figures, tables
from ifrp.paper.documents import numbers, printing, quotes


@pytest.fixture(scope="module")
def printed(results: Config) -> Config:
    """The tree with everything that its document shows, and the document's text."""
    for path in (Path(__file__).parents[1] / "paper").glob("*.typ"):
        Path("paper").mkdir(exist_ok=True)
        Path("paper", path.name).write_text(path.read_text())
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


def test_pages_list_what_there_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!--list figures-->\nold\n<!--end-->\n")
    now = quotes.quoted(page, {}).splitlines()
    assert now[1:3] == ["| figure | what it shows | in the paper |", "| --- | --- | --- |"]
    assert now[3] == f"| `teaser` | {figures.every()['teaser'].shows} | Figure 1 |"
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
