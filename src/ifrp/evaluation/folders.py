"""Faces in two folders compared by file name: for portraits that are not the workflow's, such as real sketches."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ifrp import runtime, stacks
from ifrp.artifacts import NAMES, atomic, require_suffix, require_writable
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.evaluation.evaluator import Recogniser
from ifrp.evaluation.identity import ranks
from ifrp.evaluation.quality import METRICS, score
from ifrp.recovery.recover import pictures

if TYPE_CHECKING:
    import pandas as pd

    from ifrp.stacks import Images


def compare(config: Config, evaluator: Recogniser, recovered: Path, true: Path) -> pd.DataFrame:
    """Scores the faces of one folder against those of another with the same names and folders, each a person of their own.

    Args:
        config: for `faces.size`, to which pictures are cropped at their centre and resized, and the device.
        evaluator: the recogniser.
        recovered: folder, zip archive or .npy stack of recovered faces; the name of a face in a stack is its place.
        true: the same, of true ones, or of whatever they are to be compared with.

    Returns:
        One row per name: name, psnr (dB), ssim, fsim, fsimc, similarity (cosine of the embeddings, -1 to 1), rank (of the
        true face among all that are compared, 1 is the nearest).

    Raises:
        IfrpError: a folder does not exist, has two pictures of a name (with its folders, or without where those differ), or they
            have no name in common.
    """
    import pandas as pd

    fakes, reals = _faces(recovered, config.faces.size), _faces(true, config.faces.size)
    if not set(fakes) & set(reals):  # perhaps the one has folders that the other has not
        fakes, reals = _without_folders(recovered, fakes), _without_folders(true, reals)
    names = [name for name in fakes if name in reals]
    if not names:
        raise IfrpError(
            f"{recovered} and {true} have no picture of the same name: they are compared by name."
        )
    for folder, others in ((recovered, set(fakes) - set(reals)), (true, set(reals) - set(fakes))):
        if others:
            sys.stderr.write(f"left out, only in {folder}: {', '.join(sorted(others))}\n")
    ours, theirs = (np.stack([faces[name] for name in names]) for faces in (fakes, reals))
    quality = score(theirs, {"": ours}, str(runtime.device(config.runtime)))[""].numpy()
    queries, gallery, people = evaluator.embed(ours), evaluator.embed(theirs), np.array(names)
    rows = pd.DataFrame(quality, columns=list(METRICS), index=pd.Index(names, name="name"))
    rows["similarity"] = (queries * gallery).sum(1)
    rows["rank"] = ranks(queries, people, gallery, people)
    return rows.reset_index()


def _faces(folder: Path, size: int) -> dict[str, Images]:
    if not folder.exists():
        raise IfrpError(f"There is no {folder}: name a folder, a zip archive or a .npy stack of faces.")
    skipped, faces = list[str](), dict[str, "Images"]()
    for name, image in pictures([folder], size, skipped):
        if stacks.is_stack(folder):  # of two stacks, those in the same place
            name = str(len(faces))
        if name in faces:
            raise _twice(folder, name)
        faces[name] = image
    for line in skipped:
        sys.stderr.write(f"skipped {line}\n")
    return faces


def _without_folders(folder: Path, faces: dict[str, Images]) -> dict[str, Images]:
    found = dict[str, "Images"]()
    for path, image in faces.items():
        if (name := PurePosixPath(path).name) in found:
            raise _twice(folder, name)
        found[name] = image
    return found


def _twice(folder: Path, name: str) -> IfrpError:
    return IfrpError(f"{folder} has two pictures called {name}: faces are compared by name.")


def write(config: Config, evaluator: Recogniser, recovered: Path, true: Path, output: Path) -> str:
    """Writes the scores as a table to `output`.

    Returns:
        Their means, in a line.

    Raises:
        IfrpError: `output` is no name of a table, or cannot be written; and see `compare`.
    """
    require_suffix(output, ".csv", "--output")
    require_writable(output)
    rows = compare(config, evaluator, recovered, true)
    with atomic(output) as new:
        rows.to_csv(new, index=False, float_format="%.6f", lineterminator="\n", errors=NAMES)
    means = ", ".join(f"{name} {rows[name].mean():.4g}" for name in (*METRICS, "similarity"))
    top = (rows["rank"] <= config.evaluation.top).mean()
    first = (rows["rank"] == 1).mean()
    return f"{len(rows)} faces: {means}, nearest {first:.1%}, among the {config.evaluation.top} nearest {top:.1%}"
