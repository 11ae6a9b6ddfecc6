"""From a source to the stacks of real faces: each picture is opened once, aligned and warped, and dealt to a split."""

from __future__ import annotations

import csv
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from ifrp import artifacts, paths, provenance, runtime, stacks
from ifrp.config import Config, Faces, plain
from ifrp.errors import IfrpError
from ifrp.faces import splits
from ifrp.faces.pairs import Face, Pair, Unaligned, copies_in, make, misalign
from ifrp.faces.pictures import Skip
from ifrp.faces.source import Source
from ifrp.faces.sources import open_source

A = TypeVar("A")
B = TypeVar("B")
HOPELESS = 100  # pictures skipped from the start, without one that is usable


def write(config: Config) -> str:
    """Aligns, warps and splits the faces of the configured source to data/faces/; returns a sentence about them.

    Raises:
        IfrpError: the source cannot be read, or see `prepare`.
    """
    source = open_source(config.faces)
    facts = prepare(source, config.faces, config.seed)
    made = {split: facts[split] for split in ("train", "val", "test")}
    counts = (f"{split} {of['faces']} faces of {of['people']} people" for split, of in made.items())
    sentence = f"{paths.FACES}: {'; '.join(counts)}; {facts['skipped']} files skipped ({paths.SKIPPED})."
    if source.several:
        some = f"{len(source.several)} pictures, such as {min(source.several)}"
        sentence += f" The largest of several faces was taken in {some}."
    return sentence


def write_warp(config: Config, name: str) -> str:
    """Misaligns the training faces otherwise, as `faces.warps[name]` says, to data/faces/; returns a sentence about them.

    Raises:
        IfrpError: the source cannot be read, or see `rewarp`.
    """
    counts = rewarp(open_source(config.faces), config.faces, name, config.seed)
    sentences = (f"{paths.warped(split, name)}: {count} unaligned faces" for split, count in counts.items())
    return f"{'; '.join(sentences)}."


def prepare(source: Source, faces: Faces, seed: int) -> dict[str, Any]:
    """Writes the aligned and the warped stack of every split; none appears unless all are complete.

    Returns:
        By split, the numbers of faces, people and copies, and the distribution of the accepted warps of all copies; and
        under "skipped" the number of files left out, whose reasons are in data/faces/skipped.csv.

    Raises:
        IfrpError: the source has too few usable faces of different people.
    """
    counts = {split: getattr(faces.split, split) for split in splits.ORDER}
    skipped = dict(source.skipped)
    if len(source.records) < sum(counts.values()):
        most = max(counts, key=lambda split: counts[split])
        raise IfrpError(
            f"faces.split asks for {counts[most]} {most} faces, {sum(counts.values())} in all, but {source.name} has only "
            f"{len(source.records)} pictures: lower faces.split or bring more."
        )
    facts = dict[str, Any]()
    with ExitStack() as opened:
        opened.enter_context(_spread_over_threads())
        for path in (make_path(split) for split in counts for make_path in (paths.faces, paths.warped)):
            facts_of_card = opened.enter_context(provenance.card(path, plain(faces), seed, source.inputs))
            opened.callback(facts_of_card.update, facts)
        pairs = {split: Pair(opened, split, count, faces, seed) for split, count in counts.items()}
        opened.callback(_write_skipped, skipped)
        dealt = _dealt(source, faces, seed, counts, skipped)
        for split, face in runtime.progress(dealt, "faces", total=sum(counts.values())):
            pairs[split].add(face)
        for split, pair in pairs.items():
            if len(pair) < counts[split]:
                raise IfrpError(_too_few(source, counts, split, len(pair), skipped))
        facts.update({split: pair.finish() for split, pair in pairs.items()}, skipped=len(skipped))
    return facts


@contextmanager
def _spread_over_threads() -> Iterator[None]:
    """One torch thread for each picture, and no remarks of Pillow on odd files: what matters is in skipped.csv."""
    import torch

    before = torch.get_num_threads()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def rewarp(source: Source, faces: Faces, name: str, seed: int) -> dict[str, int]:
    """Misaligns the faces of training and validation otherwise: writes their stacks once more, warped by `faces.warps[name]`.

    Returns:
        Number of misaligned faces by split, those of training in all copies.

    Raises:
        IfrpError: there is no such warp, or a face cannot be warped by it.
    """
    if name not in faces.warps:
        known = ", ".join(faces.warps) or "none"
        raise IfrpError(f"There is no warp {name} in faces.warps; there are {known}.")
    other = replace(faces, warp=faces.warps[name])
    return {split: _rewarp(source, other, name, split, seed) for split in ("train", "val")}


def _rewarp(source: Source, faces: Faces, name: str, split: str, seed: int) -> int:
    files = [str(file) for file in stacks.read(paths.faces(split)).table["file"]]
    places = {record.file: index for index, record in enumerate(source.records)}
    copies, target = copies_in(split, faces), paths.warped(split, name)
    chosen = replace(faces, warp=replace(faces.warp, copies=copies))
    with ExitStack() as opened:
        inputs = [paths.faces(split), *source.inputs]
        facts = opened.enter_context(provenance.card(target, plain(faces), seed, inputs))
        unaligned = Unaligned(opened, target, len(files), copies, faces.size)
        opened.enter_context(_spread_over_threads())
        remade = _ahead(lambda file: misalign(source, places[file], chosen, seed), files, runtime.threads())
        try:
            for index, face in enumerate(runtime.progress(remade, f"{split} {name}", total=len(files))):
                unaligned.add(index, face)
        except Skip as skip:
            raise IfrpError(
                f"faces.warps.{name} does not fit a face of {paths.faces(split)}: {skip}."
            ) from skip
        facts.update(faces=len(files), **unaligned.finish())
    return copies * len(files)


def _dealt(
    source: Source, faces: Faces, seed: int, counts: dict[str, int], skipped: dict[str, str]
) -> Iterator[tuple[str, Face]]:
    """Pairs of split and face; notes in `skipped` what is left out on the way."""

    def attempt(index: int) -> Face | str:
        try:
            return make(source, index, faces, seed)
        except Skip as skip:
            return str(skip)

    def usable(indices: list[int]) -> Generator[tuple[str, Face], None, None]:
        good = bad = 0
        with closing(_ahead(attempt, indices, runtime.threads())) as attempts:
            for index, face in zip(indices, attempts, strict=True):
                if isinstance(face, Face):
                    good += 1
                    yield face.person, face
                else:
                    bad += 1
                    skipped[source.records[index].file] = face
                if not good and bad == HOPELESS:
                    raise IfrpError(
                        f"None of the first {bad} pictures of {source.name} is usable{_reason(skipped)}."
                    )

    order = splits.shuffled([record.person for record in source.records], seed)
    official = {record.split for record in source.records} - {None}
    for part in [{split: counts[split]} for split in counts] if official else [counts]:
        chosen = [index for index in order if not official or source.records[index].split in part]
        with closing(usable(chosen)) as stream:
            yield from splits.deal(stream, part)


def _ahead(function: Callable[[A], B], items: Iterable[A], threads: int) -> Generator[B, None, None]:
    """Maps in threads, in order, a few items ahead, so that memory stays bounded."""
    waiting = deque[Future[B]]()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _write_skipped(skipped: dict[str, str]) -> None:
    with artifacts.atomic(paths.SKIPPED) as new, new.open("w", newline="", errors=artifacts.NAMES) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "reason"])
        writer.writerows(sorted(skipped.items()))


def _too_few(source: Source, counts: dict[str, int], split: str, found: int, skipped: dict[str, str]) -> str:
    people = len({record.person for record in source.records})
    sentence = (
        f"faces.split asks for {counts[split]} {split} faces, but after filling the other splits only {found} are left of the "
        f"{len(source.records)} pictures of {people} people in {source.name}"
    )
    if skipped:
        sentence += f", of which {len(skipped)} were skipped{_reason(skipped)}"
    return sentence + ": lower faces.split or bring more people."


def _reason(skipped: dict[str, str]) -> str:
    example = {reason: file for file, reason in sorted(skipped.items(), reverse=True)}
    common = Counter(skipped.values()).most_common(3)
    return f" ({'; '.join(f'{times} because: {why}, such as {example[why]}' for why, times in common)})"
