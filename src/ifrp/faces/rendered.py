"""The `rendered` source of faces: pictures of people who do not exist, drawn from a seed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ifrp import paths, provenance, runtime, stacks
from ifrp.config import Config, plain
from ifrp.faces.heads.person import Person, View, sample_person, sample_view
from ifrp.faces.heads.renderer import CANVAS, render

Picture = tuple[NDArray[np.uint8], int, View]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""variables by which NumPy's libraries know their threads, from when they are loaded"""


def write(config: Config) -> str:
    """Renders the people of `faces.rendered` to data/source/rendered.npy; returns a sentence about them.

    Raises:
        IfrpError: see `pictures`.
    """
    settings = config.faces.rendered
    shape = (settings.people * settings.pictures, settings.canvas, settings.canvas)
    with provenance.card(paths.RENDERED, plain(settings), config.seed) as facts:
        with stacks.create(paths.RENDERED, shape) as (images, rows):
            rendered = pictures(
                settings.people, settings.pictures, settings.canvas, config.seed, runtime.threads()
            )
            progress = runtime.progress(rendered, "rendered", total=len(images))
            for index, (image, person, view) in enumerate(progress):
                images[index] = image
                file = f"{person:05}-{index % settings.pictures:03}"
                rows.append({"file": file, "person": f"{person:05}", **asdict(view)})
        facts["pictures"] = shape[0]
    return f"{paths.RENDERED}: {shape[0]} pictures of {settings.people} people."


def person_of(seed: int, person: int) -> Person:
    """The identity with this number."""
    return sample_person(np.random.default_rng([seed, person]))


def view_of(seed: int, person: int, picture: int) -> View:
    """How this picture of this person is taken."""
    return sample_view(np.random.default_rng([seed, person, picture, 1]))


def _picture(size: int, seed: int, which: tuple[int, int]) -> Picture:
    person, number = which
    view = view_of(seed, person, number)
    return render(person_of(seed, person), view, size), person, view


def pictures(
    people: int, pictures: int, size: int = CANVAS, seed: int = 0, workers: int = 1
) -> Iterator[Picture]:
    """Yield `pictures` pictures of each of `people` people, person by person.

    Each item is an image (size, size, 3), uint8 RGB, whose central 128/240 is the aligned face; the number of the
    person, from 0; and the view. A picture depends on the seed, the person and its number alone, not on how many
    there are nor on `workers`, the processes that share the work.
    """
    wanted = [(person, number) for person in range(people) for number in range(pictures)]
    draw = partial(_picture, size, seed)
    if workers == 1:
        yield from map(draw, wanted)
        return
    spawn = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        yield from pool.map(draw, wanted, chunksize=max(1, min(pictures, len(wanted) // workers)))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Gives processes that are started meanwhile one thread: with more, they would take the cores from each other."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
