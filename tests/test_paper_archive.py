"""What outlives the project: citation, codecheck.yml and the crate, against their specifications."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

import ifrp
from ifrp import paths, why
from ifrp.config import Config, load
from ifrp.errors import IfrpError
from ifrp.paper import documents, figures, tables
from ifrp.paper.archive import codecheck, crate
from ifrp.paper.archive.citation import cited
from ifrp.paper.documents import numbers
from ifrp.provenance import card

ROOT = Path(__file__).parents[1]
DAY = "2026-01-31"
Graph = dict[str, dict[str, Any]]


def test_the_citation_is_that_of_the_package_and_of_the_references() -> None:
    """Citation File Format 1.2.0: what must be there, and only names of people and entities that exist."""
    content = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(content)
    assert (content["cff-version"], content["version"]) == ("1.2.0", ifrp.__version__)
    assert all(set(author) == {"name"} for author in content["authors"]), "entities"
    entry = re.search(
        r"@article{shiri2019,\n(.*?)\n}", (ROOT / "paper/references.bib").read_text(), re.DOTALL
    )
    assert entry
    fields = dict(re.findall(r"^ *(\w+) *= {(.*)},?$", entry[1], re.MULTILINE))
    paper = content["preferred-citation"]
    names = (f"{author['family-names']}, {author['given-names']}" for author in paper["authors"])
    assert " and ".join(names) == fields["author"]
    assert f"{paper['start']}--{paper['end']}" == fields["pages"]
    assert str(paper["issue"]).replace("-", "--") == fields["number"]
    same = ("title", "journal", "volume", "year", "doi")
    assert [str(paper[key]) for key in same] == [fields[key] for key in same]


def test_codecheck_lists_what_a_run_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text, config = codecheck.FILE.read_text(), load(paths.CONFIG)
    assert text == codecheck.generate(config, cited()), "run python -m ifrp.paper.archive.codecheck"
    assert re.match(r"(%YAML 1\.\d\n)?---\n", text), "an explicit document, by the specification"
    content = yaml.safe_load(text)
    assert set(content) == {"version", "manifest", "paper"}, "nobody has checked it yet"
    listed = {Path(entry["file"]) for entry in content["manifest"]}
    products = set(documents.find("paper").products(config))
    assert listed <= products
    left_out = {path.with_suffix("") for path in products} - {path.with_suffix("") for path in listed}
    assert left_out == set(), "each table and figure, once"
    assert all(entry["comment"].endswith(".") for entry in content["manifest"])
    assert content["paper"]["authors"][0] == {"name": "Fatemeh Shiri"}, "the corresponding author comes first"


def test_plots_show_no_pictures() -> None:
    """Those, and only those, whose module lays out no pictures."""
    with_pictures = set()
    for name, figure in figures.every().items():
        source = inspect.getsource(importlib.import_module(figure.module))
        imported = {
            alias.name
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        if imported & {"mosaic", "gallery", "tiles", "Tile"}:
            with_pictures.add(name)
    assert set(crate.PLOTS) == set(figures.every()) - with_pictures


@pytest.mark.parametrize(
    ("preset", "free"), [("config", True), ("photos", False), ("gpu", False), ("paper", False)]
)
def test_what_may_be_passed_on(preset: str, free: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from ifrp.workflow.run import resolve

    monkeypatch.chdir(ROOT)
    config = resolve({"preset": preset})
    assert crate.redistributable(config) is free
    own = dataclasses.replace(config.paper, own="my/portraits")
    assert not crate.redistributable(dataclasses.replace(config, paper=own))
    table = dataclasses.replace(config.styles, table="config/styles.csv")
    assert not crate.redistributable(dataclasses.replace(config, styles=table)), "artworks of others"


@pytest.fixture(scope="module")
def finished(results: Config) -> Config:
    """A finished run on rendered people and drawn artworks, in a checkout; figures and documents are stand-ins."""
    for name in ("Snakefile", "README.md", "CITATION.cff", "environment.post-deploy.sh"):
        shutil.copy(ROOT / name, name)
    styles = Path("config/styles.csv")
    styles.write_text(styles.read_text().replace(",drawn,", ",drawn:whirl,"))
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(
        ["git", "add", "Snakefile", "README.md", "CITATION.cff", "environment.post-deploy.sh", "config"],
        check=True,
    )
    config = dataclasses.replace(results, faces=dataclasses.replace(results.faces, source="rendered"))
    with pytest.MonkeyPatch.context() as patch:
        for table in tables.of_document(config, "paper"):
            patch.setattr(sys, "argv", ["ifrp", "paper", "table", table.name])
            table.write(config)
        for figure in figures.of_document(config, "paper"):
            patch.setattr(sys, "argv", ["ifrp", "paper", "figure", figure.name])
            stand_in(paths.figure(figure.name), figure.reads(config), "png", "pdf")
        patch.setattr(sys, "argv", ["ifrp", "paper", "numbers", "paper"])
        numbers.write(config, "paper")
        patch.setattr(sys, "argv", ["ifrp", "paper", "pdf", "paper"])
        shown = [
            path for path in documents.find("paper").reads(config) if path.exists() and path.suffix != ".json"
        ]
        stand_in(paths.document("paper"), [*shown, paths.numbers("paper")], "pdf")
    return config


def stand_in(path: Path, reads: list[Path], *suffixes: str) -> None:
    """Writes files that only have their names in them, and a card that says what they would be made from."""
    with card(path, {}, 1, [found for found in reads if found.exists()]):
        for suffix in suffixes:
            path.with_suffix(f".{suffix}").parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(f".{suffix}").write_text(f"{path} as {suffix}")


def written(config: Config, target: Path) -> tuple[Graph, dict[str, bytes]]:
    """The entities of a new crate by their names, and its files but for those that describe it."""
    crate.write(config, target, DAY)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
        assert archive.namelist() == sorted(files)
    described = json.loads(files.pop("ro-crate-metadata.json"))
    entities = described["@graph"]
    graph = {entity["@id"]: entity for entity in entities}
    assert len(graph) == len(entities), "each once"
    return graph, files


def references(value: Any) -> list[str]:
    """The names of the entities that a value points to."""
    if isinstance(value, list):
        return [name for entry in value for name in references(entry)]
    return [value["@id"]] if isinstance(value, dict) else []


def types(entity: dict[str, Any]) -> set[str]:
    kind = entity["@type"]
    return set(kind) if isinstance(kind, list) else {kind}


def test_every_file_of_a_crate_is_described(finished: Config, tmp_path: Path) -> None:
    """RO-Crate 1.1 and Workflow RO-Crate 1.0: what must be there, and that it is so."""
    graph, files = written(finished, tmp_path / "crate.zip")
    described = {unquote(name): entity for name, entity in graph.items() if "File" in types(entity)}
    assert set(described) == set(files)
    for name, content in files.items():
        assert described[name]["sha256"] == hashlib.sha256(content).hexdigest(), name
        assert described[name]["contentSize"] == str(len(content)), name
        if name != str(crate.CONFIGURATION):
            assert content == Path(name).read_bytes(), name
    for entity in graph.values():
        for key, value in entity.items():
            for to in references(value) if key != "@id" else []:
                assert to in graph or to.startswith("http"), f"{entity['@id']} {key} leads to {to}"
    about, root = graph["ro-crate-metadata.json"], graph["./"]
    standards = {"https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0"}
    assert set(references(about["conformsTo"])) == standards
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert {unquote(name) for name in references(root["hasPart"])} == set(files)
    workflow = graph[root["mainEntity"]["@id"]]
    assert types(workflow) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert types(graph[workflow["programmingLanguage"]["@id"]]) == {"ComputerLanguage"}
    assert all(types(graph[name]) == {"CreativeWork"} for name in references(root["conformsTo"]))
    assert yaml.safe_load(files["configuration.yaml"])["faces"]["source"] == "rendered"


def test_every_job_is_an_action(finished: Config, tmp_path: Path) -> None:
    """Process and Workflow Run Crate 0.5, from the cards: the jobs that `ifrp why` tells of, with what they read and made."""
    graph, files = written(finished, tmp_path / "crate.zip")
    actions = {entity["name"]: entity for entity in graph.values() if entity["@type"] == "CreateAction"}
    commands = {record["command"] for _, _, record in why.chain(paths.document("paper"))}
    assert set(actions) == commands | {"The run"}
    assert set(references(graph["./"]["mentions"])) == {action["@id"] for action in actions.values()}
    assert all(references(action["instrument"])[0] in graph for action in actions.values())
    assert actions["The run"]["instrument"] == {"@id": graph["./"]["mainEntity"]["@id"]}
    table = actions["ifrp paper table quality"]
    forms = {str(paths.table("quality", suffix)) for suffix in ("csv", "md", "tex", "typ", "html")}
    assert set(references(table["result"])) == forms <= set(files)
    assert set(references(table["object"])) == set(map(str, tables.find(finished, "quality").reads(finished)))
    assert references(table["subjectOf"]) == ["results/paper/tables/quality.json"]
    stack = paths.recovered("ifrp", "dots")
    outside = graph[f"#{stack}"]
    assert str(stack) not in files
    assert outside["sha256"] == hashlib.sha256(stack.read_bytes()).hexdigest()


def test_a_crate_is_the_same_again(finished: Config, tmp_path: Path) -> None:
    targets = [tmp_path / "one.zip", tmp_path / "other.zip"]
    for target in targets:
        crate.write(finished, target, DAY)
    assert targets[0].read_bytes() == targets[1].read_bytes()
    with zipfile.ZipFile(targets[0]) as archive:
        entry = archive.getinfo("environment.post-deploy.sh")
        assert entry.external_attr >> 16 & 0o111, "Snakemake runs it"


def test_what_may_not_be_passed_on_stays(finished: Config, tmp_path: Path) -> None:
    """No picture of a face or an artwork, no embedding, no table that names people or files; numbers and plots go along."""
    Path("weights.safetensors").write_bytes(b"of others")
    subprocess.run(["git", "add", "weights.safetensors"], check=True)
    photographs = dataclasses.replace(finished, faces=dataclasses.replace(finished.faces, source="photos"))
    _, free = written(finished, tmp_path / "free.zip")
    graph, files = written(photographs, tmp_path / "crate.zip")
    assert not [name for name in (*free, *files) if name.endswith((".safetensors", ".ckpt"))]
    assert not [name for name in free if name.startswith(("data/", "models/")) and not name.endswith(".json")]
    pictures = {name for name in files if name.endswith((".png", ".pdf"))}
    assert pictures == {str(paths.figure(name, kind)) for name in crate.PLOTS for kind in ("png", "pdf")}
    named = [name for name in free if name.endswith(".csv") and b"person" in free[name].partition(b"\n")[0]]
    assert named
    assert not set(named) & set(files)
    assert not [name for name in files if name.endswith(".npy")]
    assert {str(paths.table("quality")), str(paths.summary("ifrp")), "results/paper/numbers.json"} <= set(
        files
    )
    assert "may not be passed on" in graph["./"]["description"]


def test_a_crate_is_of_a_finished_run(
    finished: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "crate.zip"
    with pytest.raises(IfrpError, match="--date tomorrow is no day: write it as 2026-01-31"):
        crate.write(finished, target, "tomorrow")
    with pytest.raises(IfrpError, match=r"--output .*: name a file that ends in \.zip"):
        crate.write(finished, tmp_path / "crate.tar", DAY)
    faces, source = paths.faces("test"), paths.RENDERED
    source.parent.mkdir(parents=True)
    source.write_bytes(b"rendered")
    with card(faces, {}, 1, [source]):
        pass
    source.unlink()
    crate.write(finished, target, DAY)
    target.unlink()
    faces.rename(tmp_path / "test.npy")
    with pytest.raises(IfrpError, match=r"data/faces/test\.npy is missing\. A crate is of a finished run"):
        crate.write(finished, target, DAY)
    (tmp_path / "test.npy").rename(faces)
    scores = paths.summary("ifrp")
    before = scores.read_bytes()
    scores.write_bytes(before + b" ")
    with pytest.raises(IfrpError, match=r"summary\.csv has changed since .* A crate is of a finished run"):
        crate.write(finished, target, DAY)
    scores.write_bytes(before)
    missing = paths.figure("teaser", "pdf")
    missing.rename(tmp_path / "teaser.pdf")
    with pytest.raises(IfrpError, match=r"teaser\.pdf does not exist: run `snakemake"):
        crate.write(finished, target, DAY)
    (tmp_path / "teaser.pdf").rename(missing)
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    with pytest.raises(IfrpError, match="A crate holds the files that git tracks, and git cannot tell"):
        crate.write(finished, target, DAY)
    assert not target.exists()
