"""The manifest of a CODECHECK (codecheck.org.uk): `python -m ifrp.paper.archive.codecheck` writes codecheck.yml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from ifrp import paths
from ifrp.artifacts import atomic
from ifrp.config import Config, load
from ifrp.paper import figures, tables
from ifrp.paper.archive.citation import Citation, cited

FILE = Path("codecheck.yml")
VERSION = "https://codecheck.org.uk/spec/config/1.0/"
HEAD = """\
%YAML 1.1
---
# What `make paper` makes, for who checks it; `python -m ifrp.paper.archive.codecheck` writes this list from what tables and
# figures say of themselves. Who checks it adds codechecker and report.
"""


def manifest(config: Config) -> Iterator[tuple[Path, str]]:
    """The results of a run and what each is: the printed paper, its numbers, tables and figures."""
    yield paths.document("paper"), "The report, with all tables and figures below."
    yield paths.numbers("paper"), "Every number that the report quotes, by name."
    for table in tables.of_document(config, "paper"):
        yield paths.table(table.name), table.description
    for figure in figures.of_document(config, "paper"):
        ablation = tables.every().get(figure.name)
        told = (
            f"Faces for each row of the ablation: {ablation.description}" if ablation else figure.description
        )
        yield paths.figure(figure.name), told


def generate(config: Config, citation: Citation) -> str:
    """The text of codecheck.yml for a configuration."""
    content = {
        "version": VERSION,
        "manifest": [{"file": str(path), "comment": comment} for path, comment in manifest(config)],
        "paper": {
            "title": citation.title,
            "authors": [{"name": name} for name in citation.authors],
            "reference": citation.address,
        },
    }
    return HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)


def write() -> None:
    """Writes codecheck.yml by config/config.yaml and the preset that it names."""
    text = generate(load(paths.CONFIG), cited())
    with atomic(FILE) as new:
        new.write_text(text)


if __name__ == "__main__":
    write()
