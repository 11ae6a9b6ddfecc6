"""A made-up release of CelebA in the official layout, of any size: what benchmarks and tests read in place of the real one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from itertools import chain, cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ifrp.faces.celeba import ATTRIBUTES, LANDMARKS, PARTITION, PEOPLE, PICTURES

COUNT, PERSONS, SIZE = 202_599, 10_177, (178, 218)
"""pictures and people of the real release, and its pixels"""
BOXES = "list_bbox_celeba.txt"
"""an official list that we do not read, but torchvision does"""
POINTS = {
    "lefteye": (69, 111), "righteye": (108, 111), "nose": (88, 135), "leftmouth": (71, 152), "rightmouth": (106, 152),
}  # fmt: skip
"""where eyes, nose and mouth are, in whole pixels: their means in the real release"""
QUALITY, GRAIN = 85, 2.0
"""of the JPEGs, and the deviation of their noise: they take the 7 kB of real ones"""


def drawn(count: int) -> list[bytes]:
    """So many different pictures as JPEG: something like a face before something like a background, with grain."""
    return [_drawn(np.random.default_rng(number)) for number in range(count)]


def release(
    folder: Path, count: int, people: int | None = None, pictures: Sequence[bytes] = (), absent: int = 0
) -> None:
    """Writes the archive and all lists of a release.

    Args:
        folder: to write them to.
        count: of pictures in the lists.
        people: how many share them in turn, a third of whom are in each part of the partition; none: the real release's share.
        pictures: encoded ones, which take turns; none: 300 that are drawn.
        absent: so many of the last are not in the archive.
    """
    people = people or max(3, round(count * PERSONS / COUNT))
    names = [f"{number:06}.jpg" for number in range(1, count + 1)]
    persons = [index % people for index in range(count)]
    axes = " ".join(f"{point}_{axis}" for point in POINTS for axis in "xy")
    points = " ".join(f"{x:>4} {y:>4}" for x, y in POINTS.values())
    lists: dict[str, Iterable[str]] = {
        PEOPLE: (f"{name} {person + 1}" for name, person in zip(names, persons, strict=True)),
        PARTITION: (f"{name} {3 * person // people}" for name, person in zip(names, persons, strict=True)),
        LANDMARKS: chain([f"{count}", axes], (f"{name} {points}" for name in names)),
        ATTRIBUTES: chain(
            [f"{count}", "Eyeglasses Smiling "],
            (f"{name} {1 if index % 12 == 3 else -1}  1" for index, name in enumerate(names)),
        ),
        BOXES: chain(
            [f"{count}", "image_id x_1 y_1 width height"], (f"{name} 0 0 178 218" for name in names)
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in lists.items():
        with (folder / name).open("w") as file:
            file.writelines(f"{line}\n" for line in lines)
    with zipfile.ZipFile(folder / PICTURES, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.mkdir("img_align_celeba")
        for name, content in zip(names, islice(cycle(pictures or drawn(300)), count - absent), strict=False):
            archive.writestr(f"img_align_celeba/{name}", content)


def _drawn(random: np.random.Generator) -> bytes:
    width, height = SIZE
    coarse = Image.fromarray(random.integers(0, 256, (7, 6, 3), np.uint8))
    picture = coarse.resize(SIZE, Image.Resampling.BICUBIC)
    draw, skin = ImageDraw.Draw(picture), (int(random.integers(120, 230)), int(random.integers(80, 180)), 110)
    draw.ellipse((38, 60, 138, 190), fill=skin)
    for x, y in POINTS.values():
        draw.ellipse(
            (x - 9, y - 4, x + 9, y + 4), fill=tuple(int(tone) for tone in random.integers(0, 90, 3))
        )
    grain = random.normal(0, GRAIN, (height, width, 1))
    buffer = io.BytesIO()
    noisy = (np.asarray(picture) + grain).round().clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
