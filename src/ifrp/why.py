"""How an artifact came to be: its provenance card and those of its inputs, told, and checked against the files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ifrp import paths
from ifrp.artifacts import hexdigest
from ifrp.provenance import card_path, installed, read_card


def chain(artifact: Path) -> Iterator[tuple[int, Path, dict[str, Any]]]:
    """Walks from an artifact back to its sources: depth, path and card, each artifact once.

    Raises:
        IfrpError: the artifact has no card.
    """
    seen: set[Path] = set()
    waiting = [(0, artifact, read_card(artifact))]
    while waiting:
        depth, path, card = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        yield depth, path, card
        named = [name for name in reversed(list(_inputs(path, card))) if card_path(name).exists()]
        cards = ((name, read_card(name)) for name in named)
        waiting.extend((depth + 1, name, found) for name, found in cards if _owns(found, name))


def _owns(card: Mapping[str, Any], artifact: Path) -> bool:
    """Whether a card found beside a file is of a file there: docs/ keeps cards and numbers of other runs."""
    return "artifact" in card and card_path(Path(card["artifact"])) == card_path(artifact)


def released(artifact: Path) -> bool:
    """Whether a file was brought here from another run: what its card names as inputs is not what lies here by that name."""
    return artifact.resolve().parent in (paths.RELEASED.resolve(), paths.SHIPPED.resolve())


def _inputs(artifact: Path, card: Mapping[str, Any]) -> dict[Path, str]:
    """Hashes of the inputs that a card names, as far as they can lie here."""
    return {} if released(artifact) else {Path(name): value for name, value in card["inputs"].items()}


def rule(card: Mapping[str, Any]) -> str:
    """The rule of the workflow whose command a card names."""
    return "_".join(card["command"].split()[1:3])


def machine(card: Mapping[str, Any]) -> str:
    """The machine that a card names: its GPU, else its processor and cores."""
    told = card["machine"]
    return told.get("gpu") or f"{told['processor']}, {told['cores']} cores"


def packages(card: Mapping[str, Any]) -> dict[str, str]:
    """Versions of the packages that a step computed with; none on cards of models that came before these were noted."""
    return dict(card.get("packages", {}))


def report(artifact: Path) -> Iterator[str]:
    """Lines about an artifact and all that it was made from: rule, command, settings, code and machine, packages, inputs.

    Raises:
        IfrpError: the artifact has no card.
    """
    for depth, path, card in chain(artifact):
        lines = {
            "rule": rule(card),
            "command": card["command"],
            "settings": json.dumps(card["settings"], ensure_ascii=False, default=str),
            "made by": f"code {card['code']}, seed {card['seed']}, {machine(card)}, {card['seconds']} s",
            "packages": ", ".join(f"{name} {version}" for name, version in packages(card).items()) or "none",
            "inputs": ", ".join(card["inputs"]) or "none",
        }
        yield f"{'    ' * depth}{path}"
        yield from (f"{'    ' * depth}  {name:8}  {value}" for name, value in lines.items())


def faults(artifact: Path) -> Iterator[str]:
    """A sentence for every file in the chain that is missing, or has changed since it was made or something was made from it.

    Raises:
        IfrpError: the artifact has no card.
    """
    for file, since in changes(artifact):
        yield f"{file} has changed since {since}." if since else f"{file} is missing."


def changes(artifact: Path) -> Iterator[tuple[Path, str | None]]:
    """The same files, and since when each has changed; none: it is missing.

    Raises:
        IfrpError: the artifact has no card.
    """
    hashes: dict[Path, str | None] = {}
    for _, path, card in chain(artifact):
        # by the card's own word what it is about: the table of a stack has the stack's card
        said = {Path(card["artifact"]): (card["sha256"], "it was made")}
        said |= {name: (value, f"{path} was made from it") for name, value in _inputs(path, card).items()}
        for file, (expected, since) in said.items():
            if file not in hashes:
                hashes[file] = hexdigest(file) if file.exists() else None
            if hashes[file] is None:
                yield file, None
            elif expected and hashes[file] != expected:
                yield file, since


def drifted(artifact: Path) -> Iterator[str]:
    """A sentence for every version of a package that a file in the chain was made with, and that is not the one installed here.

    The workflow makes nothing again for it, because most new versions change no result.

    Raises:
        IfrpError: the artifact has no card.
    """
    if released(artifact):
        return
    made: dict[tuple[str, str], list[str]] = {}
    for card in {card["artifact"]: card for _, _, card in chain(artifact)}.values():
        for package in packages(card).items():
            made.setdefault(package, []).append(card["artifact"])
    for (name, version), files in made.items():
        if (here := installed(name)) not in (version, None):
            made_with = f" and {len(files) - 1} more were made" if len(files) > 1 else " was made"
            yield (
                f"{files[-1]}{made_with} with {name} {version}, and {here} is installed: "
                f"`snakemake --cores all --forceall {artifact}` makes anew what {artifact} is made from."
            )
