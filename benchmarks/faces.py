"""Time and memory of real faces by their number, on a made-up CelebA: `python benchmarks/faces.py --faces 10000 30000 110000`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd  # noqa: F401 - what is timed imports it, and that is not to be timed
import psutil
import torch
from celeba import COUNT, release
from common import Figure, alternating, machine, private, report

from ifrp import runtime
from ifrp.compat import prepare_torchvision
from ifrp.config import CelebAFaces, FaceCounts, Faces
from ifrp.faces import geometry, pairs, warp
from ifrp.faces.celeba import PICTURES
from ifrp.faces.prepare import prepare
from ifrp.faces.source import Source
from ifrp.faces.sources import open_source
from ifrp.faces.splits import shuffled

SEED, ROUNDS = 1, 3
RELEASE = Path("celeba")
"""the folder of the release, as torchvision wants to have it called"""
PEER = "torchvision's CelebA"


@dataclass(frozen=True)
class Cost:
    """What a task took: seconds by the clock and of all cores, and the most private memory, in MB."""

    wall: float
    processor: float
    memory: float


def main() -> None:
    """Prints, and writes if asked, what each number of faces costs, and what each step of one face does."""
    options = _options()
    most = max(options.faces)
    pictures = options.pictures or round(most * COUNT / sum(_counts(110_000)))
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.chdir(folder)
        release(RELEASE, pictures)
        for count in options.faces:
            figures += _whole(count, pictures)
        figures += _each(_faces(1), min(options.sample, pictures))
        os.chdir("/")
    report(figures, options.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, nargs="+", default=[500, 1000], help="numbers of training faces")
    parser.add_argument(
        "--pictures", type=int, help="in the release; none: as many for each face as CelebA has"
    )
    parser.add_argument("--sample", type=int, default=128, help="pictures whose steps are timed one by one")
    parser.add_argument("--folder", type=Path, help="where there is room: 100 kB a face, 7 kB a picture")
    parser.add_argument("--output", type=lambda name: Path(name).absolute(), help="a CSV")
    found = parser.parse_args()
    return found


def _counts(train: int) -> tuple[int, int, int]:
    """Faces of training, validation and test, in the shares of the paper's."""
    return train, max(1, train // 110), max(1, train // 55)


def _faces(train: int) -> Faces:
    return Faces(source="celeba", split=FaceCounts(*_counts(train)), celeba=CelebAFaces(folder=str(RELEASE)))


# by the number of faces


def _whole(count: int, pictures: int) -> list[Figure]:
    """Costs of the steps that see all pictures, each in a process of its own."""
    costs = {name: _apart(name, count) for name in TASKS}
    shutil.rmtree("data")
    total, own = sum(_counts(count)), machine()
    found = []
    for name, cost in costs.items():
        what, note = f"{name}, {count:,} training faces", f"of {pictures:,} pictures"
        found += [
            Figure(what, "s of CPU", cost.processor, own, note=note),
            Figure(what, "s", cost.wall, own, note=note),
            Figure(what, "MB of private memory", cost.memory, own, note=note),
        ]
    whole = costs["faces prepare"]
    what = f"faces prepare, {count:,} training faces"
    return [
        *found,
        Figure(what, "faces per second", total / whole.wall, own, note=f"of {total:,} in all splits"),
    ]


def _apart(name: str, count: int) -> Cost:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_cost, name, count).result()


def _cost(name: str, count: int) -> Cost:
    task = TASKS[name](_faces(count))
    with _watched() as peak:
        wall, processor = time.perf_counter(), time.process_time()
        task()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return Cost(wall, processor, peak[0] / 1e6)


@contextmanager
def _watched(pause: float = 0.02) -> Iterator[list[int]]:
    """The most private memory of this process while the block runs, in bytes; maps of files are not private."""
    own, ended, peak = psutil.Process(), threading.Event(), [0]

    def watch() -> None:
        while True:
            peak[0] = max(peak[0], private(own))
            if ended.wait(pause):
                break

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _lists(faces: Faces) -> Callable[[], object]:
    return lambda: open_source(faces)


def _choice(faces: Faces) -> Callable[[], object]:
    people = [record.person for record in open_source(faces).records]
    return lambda: shuffled(people, SEED)


def _prepare(faces: Faces) -> Callable[[], object]:
    return lambda: prepare(open_source(faces), faces, SEED)


TASKS: dict[str, Callable[[Faces], Callable[[], object]]] = {
    "archive and lists read": _lists,
    "people put in order": _choice,
    "faces prepare": _prepare,
}
"""by name, what prepares a task"""


# one face


def _each(faces: Faces, sample: int) -> list[Figure]:
    """Milliseconds of one thread for each step of a face, and for the same face by torchvision."""
    torch.set_num_threads(1)
    source = open_source(faces)
    with zipfile.ZipFile(RELEASE / PICTURES) as archive:
        archive.extractall(RELEASE, archive.namelist()[: sample + 1])
    theirs, size = _theirs(faces.size), faces.size
    opened = [source.load(record.file) for record in source.records[:sample]]
    places = [source.place(index, picture, size) for index, picture in enumerate(opened)]

    def draw(index: int) -> geometry.Matrix:
        rng = runtime.generator(SEED, "faces", "warp", source.records[index].file)
        return warp.draw(rng, faces.warp, places[index], size, opened[index].size)[1]

    warped = [draw(index) for index in range(sample)]
    steps: dict[str, Callable[[int], object]] = {
        "a picture opened": lambda index: source.load(source.records[index].file),
        "a warp drawn": draw,
        "a face cut": lambda index: geometry.cut(opened[index], places[index], size),
        "a warped face cut": lambda index: geometry.cut(opened[index], warped[index], size),
        "a face and its warped copy": lambda index: pairs.make(source, index, faces, SEED),
        "a face opened and cut": lambda index: _aligned(source, index, size),
        PEER: theirs,
    }
    seconds = alternating(
        {name: _all(step, sample) for name, step in steps.items()}, ROUNDS, time.process_time
    )
    peer, own = 1000 * seconds.pop(PEER) / sample, machine()
    found = []
    for name, duration in seconds.items():
        value = 1000 * duration / sample
        if name == "a face opened and cut":
            note = "CenterCrop, Resize; from files, where ours reads the archive"
            found.append(Figure(name, "ms of CPU", value, own, PEER, peer, peer / value, note))
        else:
            found.append(Figure(name, "ms of CPU", value, own))
    return found


def _all(step: Callable[[int], object], sample: int) -> Callable[[], None]:
    def task() -> None:
        for index in range(sample):
            step(index)

    return task


def _aligned(source: Source, index: int, size: int) -> np.ndarray:
    picture = source.load(source.records[index].file)
    return geometry.cut(picture, source.place(index, picture, size), size)


def _theirs(size: int) -> Callable[[int], object]:
    """The face of a number, as pixels, cut from the middle of its picture as torchvision's users do."""
    prepare_torchvision()
    from torchvision.datasets import CelebA
    from torchvision.transforms import CenterCrop, Compose, Resize

    class Release(CelebA):  # type: ignore[misc]
        def _check_integrity(self) -> bool:
            return True  # its sums are those of the real release

    faces = Release(".", "all", "identity", Compose([CenterCrop((133, 107)), Resize((size, size))]))
    return lambda index: np.asarray(faces[index][0])


if __name__ == "__main__":
    main()
