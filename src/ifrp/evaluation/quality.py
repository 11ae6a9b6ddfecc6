"""How close recovered faces are to the true ones: PSNR, SSIM, FSIM, FSIMc and ceilings of PSNR of every face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifrp import paths, runtime, stacks
from ifrp.artifacts import save_table
from ifrp.config import Config, experiments, styles
from ifrp.errors import IfrpError
from ifrp.provenance import card

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

METRICS = ("psnr", "ssim", "fsim", "fsimc", "psnr-colour", "psnr-contrast")
BATCH = 8  # pictures at a time on a processor; larger batches leave its cache and are slower


def split_of_styles(config: Config, experiment: str) -> dict[str, str]:
    """The split of each style for an experiment, in the order of the style table.

    `seen` are the styles that the experiment is trained on, whatever the table says; a style that the table calls
    seen, but this experiment does not train on, is `unseen` to it.
    """
    trained = experiments.resolve(config, experiment).styles
    rows = styles(config)
    found = {row.name: "unseen" if row.split == "seen" else row.split for row in rows}
    return {name: "seen" if name in trained else split for name, split in found.items()}


@dataclass(frozen=True)
class Recovered:
    """The test faces that an experiment recovered, and what it made of them.

    Attributes:
        truth: all true test faces.
        places: (N,) place in `truth` of each face that was recovered.
        by_style: by style, the recovered faces, (N, H, W, 3) uint8.
    """

    truth: stacks.Stack
    places: NDArray[np.int64]
    by_style: dict[str, stacks.Images]

    @property
    def people(self) -> NDArray[np.str_]:
        """(N,) the person of each recovered face."""
        return self.truth.table["person"].to_numpy(dtype=str)[self.places]


def recovered_faces(config: Config, experiment: str) -> Recovered:
    """Opens what an experiment recovered.

    Raises:
        IfrpError: a stack is missing, or does not hold the same test faces as the others.
    """
    truth = stacks.read(paths.faces("test"))
    stacks_by_style = {
        style: stacks.read(paths.recovered(experiment, style))
        for style in split_of_styles(config, experiment)
    }
    places = [tuple(stack.table.get("index", ())) for stack in stacks_by_style.values()]
    for (style, stack), own in zip(stacks_by_style.items(), places, strict=True):
        same = own == places[0] and set(own) <= set(range(len(truth)))
        if not own or not same or stack.images.shape[1:] != truth.images.shape[1:]:
            raise IfrpError(
                f"{paths.recovered(experiment, style)} does not fit {paths.faces('test')}, or holds other faces than "
                f"the other styles of {experiment}: recover them again."
            )
    images = {style: stack.images for style, stack in stacks_by_style.items()}
    return Recovered(truth, np.array(places[0], dtype=np.int64), images)


def score(
    truth: stacks.Images, recovered: dict[str, stacks.Images], device: str = "cpu"
) -> dict[str, Tensor]:
    """Scores stacks of recovered faces.

    Args:
        truth: (N, H, W, 3) uint8, RGB, H and W at least 11.
        recovered: by style, the same.
        device: where to compute.

    Returns:
        By style, (N, 6) float64 on the CPU: PSNR (dB), SSIM, FSIM, FSIMc (see pixels.py and fsim.py); PSNR with the true
        mean colour put in, and with the true mean colour and contrast (see ceilings.py).
    """
    import torch

    from ifrp.evaluation import ceilings, fsim, pixels

    step = runtime.batch(BATCH, torch.device(device))

    def read(images: stacks.Images, start: int) -> Tensor:
        batch = torch.from_numpy(np.array(images[start : start + step])).to(device)
        return batch.permute(0, 3, 1, 2).contiguous()  # (B, 3, H, W)

    scores = {style: torch.empty(len(truth), len(METRICS), dtype=torch.float64) for style in recovered}
    for start in runtime.progress(range(0, len(truth), step), "quality"):
        real = read(truth, start)
        real_features = fsim.features(real)  # once for all styles
        for style, images in recovered.items():
            fake = read(images, start)
            by_features = fsim.compare(fsim.features(fake), real_features)
            lit = (ceilings.with_colour(fake, real), ceilings.with_contrast(fake, real))
            ceiling = [pixels.psnr(face, real) for face in lit]
            values = (pixels.psnr(fake, real), pixels.ssim(fake, real), *by_features, *ceiling)
            scores[style][start : start + step] = torch.stack([v.double() for v in values], dim=1).cpu()
    return scores


def table(config: Config, experiment: str) -> pd.DataFrame:
    """One row per recovered face: split, style, index, person and `METRICS`.

    `index` is the face's place in the test stack.
    """
    import pandas as pd

    recovered = recovered_faces(config, experiment)
    splits = split_of_styles(config, experiment)
    device = str(runtime.device(config.runtime))
    scores = score(recovered.truth.images[recovered.places], recovered.by_style, device)
    parts = []
    for style, values in scores.items():
        part = pd.DataFrame(values.numpy(), columns=list(METRICS))
        part.insert(0, "person", recovered.people)
        part.insert(0, "index", recovered.places)
        part.insert(0, "style", style)
        part.insert(0, "split", splits[style])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def write(config: Config, experiment: str) -> None:
    """Writes paths.quality(experiment) and its card."""
    path = paths.quality(experiment)
    inputs = [
        paths.faces("test"),
        *(paths.recovered(experiment, style.name) for style in styles(config)),
    ]
    with card(path, {"metrics": METRICS}, config.seed, inputs) as facts:
        scores = table(config, experiment)
        facts.update({name: float(scores[name].mean()) for name in METRICS})
        save_table(path, scores, "%.6f")
