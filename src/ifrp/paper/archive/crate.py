"""A finished run as a crate (Workflow RO-Crate, Workflow Run Crate): one zip file, as archives of research data take it."""

from __future__ import annotations

import datetime
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import yaml

from ifrp import paths, why
from ifrp.artifacts import atomic, require, require_suffix, require_writable
from ifrp.config import Config, plain, styles
from ifrp.errors import IfrpError
from ifrp.paper.archive import metadata
from ifrp.paper.archive.citation import cited
from ifrp.paper.documents import DOCUMENTS
from ifrp.provenance import card_path
from ifrp.styles.artworks import DRAWN

CONFIGURATION = Path("configuration.yaml")
PLOTS = ("network", "distance", "angles", "retrieval", "cost", "curves")
"""figures without pictures of faces or of artworks"""
NAMING = {"person", "file"}
"""columns of tables that tell whose faces were measured, or in which files"""
WEIGHTS = ".safetensors"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""the time of every file in the archive, the first that it can have"""


@dataclass(frozen=True)
class Content:
    """What a crate holds.

    Attributes:
        project: files of the project.
        results: files of the run.
        cards: provenance cards by their paths, of all artifacts on the way to the results.
    """

    project: list[Path]
    results: list[Path]
    cards: dict[Path, dict[str, Any]]


def write(config: Config, target: Path, published: str | None = None) -> str:
    """Writes the crate of the run that lies here; returns a sentence about it.

    The same run, published on the same day, gives the same bytes.

    Args:
        config: that the run was made with.
        target: ends in .zip.
        published: the day that it names, as YYYY-MM-DD; none: today.

    Raises:
        IfrpError: `published` is no day, the run is not finished or a file of it has changed since, or git does not say which
            files are the project's.
    """
    require_suffix(target, ".zip", "--output")
    require_writable(target)
    try:
        day = datetime.date.fromisoformat(published) if published else datetime.date.today()
    except ValueError as error:
        raise IfrpError(f"--date {published} is no day: write it as 2026-01-31.") from error
    require(DOCUMENTS["paper"].products(config))
    require_finished()
    content = collect(config)
    files = {path: path.read_bytes() for path in (*content.project, *content.results, *content.cards)}
    files[CONFIGURATION] = yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True).encode()
    crate = metadata.Crate(
        config, cited(), day, files, content.results, content.cards, redistributable(config), CONFIGURATION
    )
    described = json.dumps(crate.graph(), indent=1, ensure_ascii=False) + "\n"
    with atomic(target) as new:
        pack(new, {**files, metadata.FILE: described.encode()})
    return f"{target}: {len(files) + 1} files, {len(content.results)} of them results."


def require_finished() -> None:
    """Checks that the printed paper and all that it was made from are as they were; sources may be gone, which DVC does not keep.

    Raises:
        IfrpError: a file has changed or is missing.
    """
    for file, since in why.changes(paths.document("paper")):
        if since or not file.is_relative_to(paths.SOURCE):
            what = f"has changed since {since}" if since else "is missing"
            raise IfrpError(
                f"{file} {what}. A crate is of a finished run: `snakemake --cores all` finishes it."
            )


def collect(config: Config) -> Content:
    """Chooses the files: what git tracks, but for weights, and of the results what may be passed on."""
    project = [path for path in tracked() if path.suffix != WEIGHTS and path.exists()]
    cards: dict[Path, dict[str, Any]] = {}
    for root in roots():
        cards |= {card_path(path): card for _, path, card in why.chain(root)}
    made = {path for document in DOCUMENTS.values() for path in document.products(config) if path.exists()}
    made |= {Path(name) for card in cards.values() for name in (card["artifact"], *card["inputs"])}
    own = {path for path in made if path not in cards or cards[path]["artifact"] == str(path)}
    free = redistributable(config)
    results = [path for path in own if path.parts[0] == "results" and (free or shows_nobody(path))]
    return Content(
        project, sorted(results), {path: cards[path] for path in sorted(cards.keys() - {*project})}
    )


def roots() -> Iterator[Path]:
    """The last artifacts of a run, from which provenance cards lead to all others."""
    ends = [paths.STYLE_SHEET, *map(paths.document, DOCUMENTS)]
    ends += [paths.executed(path.stem) for path in sorted(paths.notebook("").parent.glob("*.ipynb"))]
    yield from (path for path in ends if path.exists())


def tracked() -> list[Path]:
    """The files that git tracks here: nothing else that may lie in their folders.

    Raises:
        IfrpError: git is not there, or this is no checkout.
    """
    try:
        done = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip()
        raise IfrpError(f"A crate holds the files that git tracks, and git cannot tell ({said}).") from error
    return [Path(name) for name in done.stdout.split("\0") if name]


def redistributable(config: Config) -> bool:
    """Whether all pictures of a run are this project's own or free: rendered people, drawn artworks, the package's examples."""
    drawn = all(style.address.startswith(DRAWN) for style in styles(config))
    own = config.paper.own is None or Path(config.paper.own).resolve() == paths.EXAMPLES.resolve()
    return config.faces.source == "rendered" and drawn and own


def shows_nobody(path: Path) -> bool:
    """Whether a result can leave the machine whatever pictures the run was made of: numbers, and plots of numbers."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", errors="replace") as lines:
            return not NAMING & set(lines.readline().strip().split(","))
    plots = path.parent == paths.FIGURES and path.stem in PLOTS
    return plots or path.parent == paths.TABLES or path.suffix == ".json"


def pack(target: Path, files: Mapping[Path, bytes]) -> None:
    """Writes a zip archive whose bytes depend on names, contents and the compressing library alone."""
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for path in _in_order(files):
            entry = ZipInfo(path.as_posix(), LONG_AGO)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = (0o755 if path.suffix == ".sh" else 0o644) << 16
            archive.writestr(entry, files[path])


def _in_order(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: path.as_posix())
