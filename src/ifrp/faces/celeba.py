"""CelebA (Liu et al., ICCV 2015), aligned release: its official files, where they come from, and what they say.

File names and MD5 sums are those of the official release, as torchvision.datasets.CelebA lists them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ifrp import provenance, tables
from ifrp.config import CelebAFaces, Config, plain
from ifrp.errors import IfrpError
from ifrp.faces.download import Failed, fetch, matches
from ifrp.faces.files import Files
from ifrp.faces.pictures import decode
from ifrp.faces.source import Record, Source, common

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
PAGE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
SPLITS = {"0": "train", "1": "val", "2": "test"}
EYES_AND_MOUTH = [
    f"{point}_{axis}" for point in ("lefteye", "righteye", "leftmouth", "rightmouth") for axis in "xy"
]


@dataclass(frozen=True)
class Official:
    """One official file: MD5 sum, and the id under which the authors share it on Google Drive."""

    md5: str
    drive: str


PICTURES, PEOPLE, PARTITION, LANDMARKS, ATTRIBUTES = (
    "img_align_celeba.zip",
    "identity_CelebA.txt",
    "list_eval_partition.txt",
    "list_landmarks_align_celeba.txt",
    "list_attr_celeba.txt",
)
OFFICIAL = {
    PICTURES: Official("00d2c5bc6d35e252742224ab0c1e8fcb", "0B7EVK8r0v71pZjFTYXZWM3FlRnM"),
    PEOPLE: Official("32bd1bd63d3c78cd57e08160ec5ed1e2", "1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS"),
    PARTITION: Official("d32c9cbf5e040fd4025c592c306e6668", "0B7EVK8r0v71pY0NSMzRuSXJEVkk"),
    LANDMARKS: Official("cc24ecafdb5b50baae59b03474781f8c", "0B7EVK8r0v71pd0FJY3Blby1HUTQ"),
    ATTRIBUTES: Official("75e246fa4810816ffd6ee81facbd244c", "0B7EVK8r0v71pblRyaVFSWGxPY0U"),
}


def write(config: Config) -> str:
    """Downloads CelebA, or checks the copy that is there, in the folder of `faces.celeba`; returns a line for each file.

    Raises:
        IfrpError: see `download`.
    """
    settings = config.faces.celeba
    archive = needed(settings)[0]
    with provenance.card(archive, plain(settings), config.seed) as facts:
        facts.update(download(settings))
    return "\n".join(f"{archive.parent / name}: whole ({origin})." for name, origin in facts.items())


def needed(settings: CelebAFaces) -> list[Path]:
    """The official files that these settings need, in the configured folder."""
    names = [PICTURES, PEOPLE]
    names += [PARTITION] if settings.official_splits else []
    names += [LANDMARKS] if settings.crop is None else []
    names += [ATTRIBUTES] if settings.exclude else []
    return [Path(settings.folder) / name for name in names]


def download(settings: CelebAFaces) -> dict[str, str]:
    """Makes sure that all needed files are there and whole: a local copy first, then mirrors, then Google Drive.

    Returns:
        Where each file came from, by name.

    Raises:
        IfrpError: a file could not be had; names the files, their sums and the folder to put them in.
    """
    folder = Path(settings.folder)
    if folder.exists() and not os.access(folder, os.W_OK):
        raise IfrpError(
            f"{folder} cannot be written to: link the files into a folder of your own and name that one."
        )
    origins, failures = dict[str, str](), list[str]()
    for path in needed(settings):
        official = OFFICIAL[path.name]
        if path.exists() and matches(path, official.md5):
            origins[path.name] = "local copy"
            continue
        reasons = ["the local copy has another MD5 sum"] if path.exists() else []
        bases = [f"{mirror.rstrip('/')}/{path.name}" for mirror in settings.mirrors]
        for address in (*bases, DRIVE + official.drive):
            try:
                fetch(address, path, official.md5)
                origins[path.name] = address
                break
            except Failed as failure:
                reasons.append(str(failure))
        else:
            failures.append(f"\n  {path.name}  MD5 {official.md5}  ({'; '.join(reasons)})")
    if failures:
        raise IfrpError(
            f"CelebA could not be downloaded whole; get these files from {PAGE} and put them into {settings.folder}, "
            f"then run the same command again:{''.join(failures)}"
        )
    return origins


def celeba(settings: CelebAFaces) -> Source:
    """CelebA as a source; pictures are read from the archive without unpacking it.

    Raises:
        IfrpError: a file is missing or is not what its name says.
    """
    for path in needed(settings):
        if not path.exists():
            raise IfrpError(f"{path} is missing: run `ifrp faces download`, or put a copy there.")
    files = Files(Path(settings.folder) / PICTURES)
    member = {PurePosixPath(name).name: name for name in files.names}
    table = _table(settings)
    in_archive = table.index.isin(list(member))
    marks = table[EYES_AND_MOUTH if settings.crop is None else []].astype(float).to_numpy().tolist()
    splits = table["split"].map(SPLITS) if settings.official_splits else [None] * len(table)
    rows = zip(table.index, table["person"], map(tuple, marks), splits, strict=True)
    records = [Record(*row) for row, present in zip(rows, in_archive, strict=True) if present]
    skipped = {str(file): f"not in {PICTURES}" for file in table.index[~in_archive]}

    def load(file: str) -> Image.Image:
        return decode(files.read(member[file]))

    crop, pictures = settings.crop, [record.file for record in records]
    shape = common("faces.celeba.crop", crop, pictures, load) if crop else None
    return Source("CelebA", records, load, crop, shape, needed(settings), skipped)


def _table(settings: CelebAFaces) -> pd.DataFrame:
    """One row per picture, indexed by file: person, and split and landmarks where they are used."""
    folder = Path(settings.folder)
    table = _read(folder / PEOPLE, ["person"])
    if settings.official_splits:
        table = table.join(_read(folder / PARTITION, ["split"]), how="inner")
    if settings.crop is None:
        table = table.join(_read(folder / LANDMARKS), how="inner")
    if settings.exclude:
        attributes = _read(folder / ATTRIBUTES)
        unknown = [name for name in settings.exclude if name not in attributes]
        if unknown:
            raise IfrpError(
                f"faces.celeba.exclude names {unknown[0]}, which is no attribute of CelebA; "
                f"there are {', '.join(map(str, attributes))}."
            )
        keep = attributes.index[(attributes[list(settings.exclude)] == "-1").all(axis=1)]
        table = table[table.index.isin(keep)]
    return table


def _read(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """An official list: file and values separated by spaces, all as text; without `columns`, its second line names them."""
    import pandas as pd

    names, rows = tables.listed(path, columns and ["file", *columns])
    table = pd.DataFrame(rows, columns=names, dtype=str).set_index("file")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise IfrpError(f"{path} names {twice} twice: delete it and download it again.")
    return table
