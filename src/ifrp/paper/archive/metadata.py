"""What a crate says of itself: ro-crate-metadata.json, linked data about its files and about the jobs that made them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ifrp
from ifrp import paths, why
from ifrp.config import Config
from ifrp.config.sections import SOURCES
from ifrp.paper.archive import codecheck
from ifrp.paper.archive.citation import Citation

Entity = dict[str, Any]

FILE = Path("ro-crate-metadata.json")
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
WORKFLOW, README = "Snakefile", "README.md"
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
FORMATS = {
    ".bib": "application/x-bibtex", ".csv": "text/csv", ".html": "text/html", ".ipynb": "application/x-ipynb+json",
    ".jpg": "image/jpeg", ".json": "application/json", ".md": "text/markdown", ".pdf": "application/pdf",
    ".png": "image/png", ".py": "text/x-python", ".tex": "application/x-tex", ".toml": "application/toml",
    ".tsv": "text/tab-separated-values", ".npy": "application/octet-stream", ".yaml": "application/yaml",
    ".yml": "application/yaml",
}  # fmt: skip
"""media types by suffix; what is not here is plain text"""
LEFT_OUT = (
    "The pictures of faces and artworks that it was made of, and all that shows or names them, were left out, because "
    "they may not be passed on; the numbers are for what the terms of those pictures allow."
)


@dataclass(frozen=True)
class Crate:
    """What the metadata are about.

    Attributes:
        config: of the run.
        citation: of the project.
        published: when.
        files: in the crate, with their contents.
        results: those of them that the run made.
        cards: provenance cards of the run, by their paths.
        free: whether pictures of faces and artworks are in it.
        configuration: the file among `files` that the run goes by.
    """

    config: Config
    citation: Citation
    published: date
    files: Mapping[Path, bytes]
    results: Sequence[Path]
    cards: Mapping[Path, Mapping[str, Any]]
    free: bool
    configuration: Path

    def graph(self) -> Entity:
        """The whole of it, as JSON-LD: every entity once, files in the order of their names."""
        jobs = list(self._jobs())
        about: Entity = {"@id": str(FILE), "@type": "CreativeWork", "about": {"@id": "./"}}
        about["conformsTo"] = links(["https://w3id.org/ro/crate/1.1", list(PROFILES)[-1]])
        entities = [about, self._root(jobs), *self._files(), *self._parameters(), self._run(), *jobs]
        entities += [*self._outside(), *self._software(), *self._people(), *profiles()]
        return {"@context": CONTEXT, "@graph": [_without_nothing(entity) for entity in entities]}

    def _root(self, jobs: Sequence[Entity]) -> Entity:
        return {
            "@id": "./",
            "@type": "Dataset",
            "name": f"A run of {self.citation.project} {ifrp.__version__}: {self.citation.title}",
            "description": self._description(),
            "datePublished": self.published.isoformat(),
            "license": {"@id": f"https://spdx.org/licenses/{self.citation.licence}"},
            "author": links(f"#{slug(name)}" for name in self.citation.makers),
            "citation": {"@id": self.citation.address},
            "mainEntity": {"@id": WORKFLOW},
            "conformsTo": links(PROFILES),
            "hasPart": links(map(identity, sorted(self.files))),
            "mentions": links(["#run", *(job["@id"] for job in jobs)]),
        }

    def _description(self) -> str:
        config = self.config
        what = f"preset {config.preset or 'config'}, seed {config.seed}, on {SOURCES[config.faces.source]}"
        told = (
            f"The workflow that makes the paper, and one run of it ({what}): tables, figures and scores, and the provenance card "
            "of every artifact on the way to them. Stacks of pictures and weights are not in it: dvc.lock has their hashes."
        )
        return told if self.free else f"{told} {LEFT_OUT}"

    def _files(self) -> Iterator[Entity]:
        comments = {path.with_suffix(""): comment for path, comment in codecheck.manifest(self.config)}
        for path in sorted(self.files):
            found: Entity = {"@id": identity(path), "@type": "File", "name": path.as_posix()}
            if path in self.cards:
                found["description"] = f"Provenance card of {self.cards[path]['artifact']}."
            elif path in self.results and (comment := comments.get(path.with_suffix(""))):
                found["description"] = comment
            found["encodingFormat"] = FORMATS.get(path.suffix, "text/plain")
            found["contentSize"] = str(len(self.files[path]))
            found["sha256"] = hashlib.sha256(self.files[path]).hexdigest()
            yield found | self._roles(path)

    def _roles(self, path: Path) -> Entity:
        """What a file is, beside a file."""
        if path == Path(README):
            return {"about": {"@id": "./"}}
        if path == self.configuration:
            return {"description": "All settings of the run.", "exampleOfWork": {"@id": "#configuration"}}
        if path == paths.numbers("paper"):
            return {"exampleOfWork": {"@id": "#numbers"}}
        if path != Path(WORKFLOW):
            return {}
        return {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": self.citation.project,
            "description": "The rules, one file for each step, are in workflow/rules, what they run in src.",
            "version": ifrp.__version__,
            "programmingLanguage": {"@id": LANGUAGE},
            "conformsTo": {"@id": BIOSCHEMAS},
            "license": {"@id": f"https://spdx.org/licenses/{self.citation.licence}"},
            "creator": links(f"#{slug(name)}" for name in self.citation.makers),
            "input": links(["#configuration"]),
            "output": links(["#numbers"]),
        }

    def _parameters(self) -> Iterator[Entity]:
        for name, path in (("configuration", self.configuration), ("numbers", paths.numbers("paper"))):
            yield {
                "@id": f"#{name}",
                "@type": "FormalParameter",
                "name": name,
                "additionalType": "File",
                "workExample": {"@id": identity(path)},
            }

    def _run(self) -> Entity:
        return {
            "@id": "#run",
            "@type": "CreateAction",
            "name": "The run",
            "description": "All jobs of Snakemake, each of which is an action of its own.",
            "instrument": {"@id": WORKFLOW},
            "object": links([identity(self.configuration)]),
            "result": links(map(identity, self.results)),
        }

    def _commands(self) -> dict[str, list[Path]]:
        """The cards of each job, by its command; not those of weights that were released from another run."""
        found: dict[str, list[Path]] = {}
        for path, card in self.cards.items():
            if not why.released(Path(card["artifact"])):
                found.setdefault(card["command"], []).append(path)
        return found

    def _jobs(self) -> Iterator[Entity]:
        for command, paths_ in self._commands().items():
            cards = [self.cards[path] for path in paths_]
            made = [path for card in cards for path in self._forms(Path(card["artifact"]))]
            read = {Path(name) for card in cards for name in card["inputs"]} - set(made)
            yield {
                "@id": f"#{slug(command)}",
                "@type": "CreateAction",
                "name": command,
                "description": f"Code {cards[0]['code']}, seed {cards[0]['seed']}, on {why.machine(cards[0])}.",
                "instrument": {"@id": f"#{slug(cards[0]['code'])}"},
                "object": links(map(self._place, sorted(read))),
                "result": links(map(self._place, made)),
                "subjectOf": links(map(identity, paths_)),
            }

    def _forms(self, artifact: Path) -> list[Path]:
        """An artifact and what was made with it: the other forms of a table, the PDF of a figure."""
        others = (path for path in self.results if path.with_suffix("") == artifact.with_suffix(""))
        return [artifact, *(path for path in others if path != artifact and path not in self.cards)]

    def _place(self, path: Path) -> str:
        return identity(path) if path in self.files else f"#{identity(path)}"

    def _outside(self) -> Iterator[Entity]:
        """What jobs read and made that is not in the crate, by its hash."""
        hashes: dict[Path, str | None] = {}
        for paths_ in self._commands().values():
            for card in map(self.cards.__getitem__, paths_):
                hashes |= {Path(name): value for name, value in card["inputs"].items()}
                hashes[Path(card["artifact"])] = card["sha256"]
        for path in sorted(hashes.keys() - self.files.keys()):
            name = path.as_posix()
            told = {"@id": self._place(path), "@type": "CreativeWork", "name": name}
            yield {**told, "description": "Not in this crate.", "sha256": hashes[path]}

    def _software(self) -> Iterator[Entity]:
        yield {
            "@id": LANGUAGE,
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
            "url": {"@id": "https://snakemake.github.io"},
        }
        codes = {self.cards[path]["code"] for paths_ in self._commands().values() for path in paths_}
        for code in sorted(codes):
            name = self.citation.project
            yield {"@id": f"#{slug(code)}", "@type": "SoftwareSourceCode", "name": name, "version": code}

    def _people(self) -> Iterator[Entity]:
        cited = self.citation
        licence = f"https://spdx.org/licenses/{cited.licence}"
        yield {"@id": licence, "@type": "CreativeWork", "name": cited.licence, "url": licence}
        for name in cited.makers:
            yield {"@id": f"#{slug(name)}", "@type": "Organization", "name": name}
        for name in cited.authors:
            yield {"@id": f"#{slug(name)}", "@type": "Person", "name": name}
        authors = links(f"#{slug(name)}" for name in cited.authors)
        yield {"@id": cited.address, "@type": "ScholarlyArticle", "name": cited.title, "author": authors}


def profiles() -> Iterator[Entity]:
    """The profiles that a crate conforms to."""
    for address, (name, version) in PROFILES.items():
        yield {"@id": address, "@type": "CreativeWork", "name": name, "version": version}


def _without_nothing(entity: Entity) -> Entity:
    return {key: value for key, value in entity.items() if value not in ([], None)}


def identity(path: Path) -> str:
    """The name of a file in a crate, as an address relative to the crate."""
    return quote(path.as_posix())


def slug(text: str) -> str:
    """Some text as part of an address."""
    return quote("-".join(text.split()))


def links(addresses: Iterable[str]) -> list[dict[str, str]] | dict[str, str]:
    """References to entities: a list, or the one reference if there is but one, as RO-Crate recommends."""
    found = [{"@id": address} for address in addresses]
    return found[0] if len(found) == 1 else found
