"""Whether the files at hand are, byte for byte, those of the run whose results the repository shows; and if not, since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from ifrp import paths
from ifrp.artifacts import hexdigest, read_table, save_table
from ifrp.errors import IfrpError
from ifrp.provenance import card_path, read_card
from ifrp.why import rule

GROUPS = ("faces", "styles", "portraits", "recovery", "evaluation", "paper")
"""the workflow from left to right"""
COMPARED = (".npy", ".safetensors", ".csv")
"""stacks, weights and tables; how a figure is packed depends on more libraries than its numbers do"""
TOPS = tuple(
    dict.fromkeys(Path(path.parts[0]) for path in (paths.FACES, paths.RECOVERY_MODELS, paths.EVALUATION))
)
"""folders that a run makes"""
SAID = {"artifact", "sha256", "command", "inputs"}
"""what tells a provenance card from other files of the kind"""
TELLS_TIME = {paths.table("timing")}


class File(NamedTuple):
    """A file of the reference run: where it lies, its SHA-256, and the rule of the workflow that makes it."""

    file: str
    sha256: str
    rule: str


def files() -> list[File]:
    """Stacks, weights and tables of the run at hand, by their cards: each after those that it was made from.

    Raises:
        IfrpError: a card is damaged.
    """
    cards = {Path(card["artifact"]): card for card in _cards()}
    above = {
        path: [name for name in map(Path, cards[path]["inputs"]) if name in cards] for path in sorted(cards)
    }
    order = sorted(TopologicalSorter(above).static_order(), key=lambda path: _group(cards[path]))
    return [
        File(str(path), cards[path]["sha256"], rule(cards[path]))
        for path in order
        if path.suffix in COMPARED and path not in TELLS_TIME
    ]


def _cards() -> Iterator[dict[str, Any]]:
    for path in sorted(path for top in TOPS for path in top.rglob("*.json")):
        card = read_card(path)
        if card.keys() >= SAID and card["sha256"]:
            yield card


def _group(card: Mapping[str, Any]) -> int:
    return GROUPS.index(rule(card).partition("_")[0])


def write(path: Path = paths.REFERENCE) -> None:
    """Writes the list of the run at hand; see `files`."""
    import pandas as pd

    save_table(path, pd.DataFrame(files()))


def read(path: Path = paths.REFERENCE) -> list[File]:
    """The list of the reference run.

    Raises:
        IfrpError: there is none, or it cannot be read.
    """
    if not path.exists():
        raise IfrpError(
            f"There is no {path}, which lists the files of the reference run: call this in a clone of the repository."
        )
    found = read_table(path, File._fields, text=File._fields)
    return [File(*row) for row in found[list(File._fields)].itertuples(index=False, name=None)]


class Comparison(NamedTuple):
    """Files of the reference run by what lies here under their names, each in the order of the workflow."""

    same: list[File]
    different: list[File]
    missing: list[File]

    @property
    def reproduced(self) -> bool:
        """Whether all that is here is the same."""
        return not self.different

    def lines(self) -> Iterator[str]:
        """What was found, in sentences."""
        here, run = len(self.same) + len(self.different), paths.REFERENCE.parent
        yield f"{len(self.same)} of {here} stacks, weights and tables are, byte for byte, those of the run in {run}."
        if self.missing:
            file, _, made = self.missing[0]
            yield (
                f"Nothing is said of {len(self.missing)} more of that run, which are not here, as those of the ablations: "
                f"first {file}, which {made} makes."
            )
        if self.different:
            file, _, made = self.different[0]
            yield f"{len(self.different)} differ, first in the order of the workflow {file}, which {made} made{_how(Path(file))}."
            yield (
                "What follows from it differs by as much as with another seed: compare rows of one run, not levels of two. "
                "docs/reproduce.md says what else than a processor can be the reason."
            )


def _how(path: Path) -> str:
    """What the card of a file says that may be why it differs."""
    if not card_path(path).exists():
        return ""
    card = read_card(path)
    machine, code = card["machine"], card["code"]
    if machine.get("gpu"):
        why = f"on a GPU, {machine['gpu']}"
    elif machine.get("portable"):
        why = f"on {machine['processor']}"
    else:
        why = f"on {machine['processor']}, without runtime.portable"
    return f" {why}, by code {code}"


def compare(listed: list[File]) -> Comparison:
    """Hashes the files at hand under the names of a list."""
    found = Comparison([], [], [])
    for file in listed:
        path = Path(file.file)
        if not path.exists():
            found.missing.append(file)
        else:
            (found.same if hexdigest(path) == file.sha256 else found.different).append(file)
    return found
