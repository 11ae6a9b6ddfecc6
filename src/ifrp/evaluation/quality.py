"""How close recovered faces are to the true ones: PSNR, SSIM, FSIM and FSIMc of every face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ifrp import config as settings
from ifrp import paths, runtime, stacks
from ifrp.artifacts import card, save_table
from ifrp.errors import IfrpError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

METRICS = ("psnr", "ssim", "fsim", "fsimc")
BATCH = 8  # pictures; larger batches leave the processor's cache and are slower


def split_of_styles(config: settings.Config, experiment: str) -> dict[str, str]:
    """The split of each style for an experiment, in the order of the style table.

    `seen` are the styles that the experiment is trained on, whatever the table says; a style that the table calls
    seen, but this experiment does not train on, is `unseen` to it.
    """
    trained = settings.training_styles(config, experiment)
    rows = settings.styles(config)
    found = {row.name: "unseen" if row.split == "seen" else row.split for row in rows}
    return {name: "seen" if name in trained else split for name, split in found.items()}


def recovered_stacks(
    config: settings.Config, experiment: str
) -> tuple[stacks.Stack, dict[str, stacks.Stack]]:
    """The true test faces, and the faces that an experiment recovered from each style.

    Raises:
        IfrpError: a stack is missing, or does not have one picture of the same size for each true face.
    """
    truth = stacks.read(paths.faces("test"))
    found = {}
    for style in split_of_styles(config, experiment):
        path = paths.recovered(experiment, style)
        found[style] = stacks.read(path)
        if found[style].images.shape != truth.images.shape:
            raise IfrpError(
                f"{path} holds pictures of shape {found[style].images.shape}, but {paths.faces('test')} "
                f"{truth.images.shape}: recover the faces again."
            )
    return truth, found


def score(
    truth: stacks.Images, recovered: dict[str, stacks.Images], device: str = "cpu"
) -> dict[str, Tensor]:
    """Scores stacks of recovered faces.

    Args:
        truth: (N, H, W, 3) uint8, RGB, H and W at least 11.
        recovered: by style, the same.
        device: where to compute.

    Returns:
        By style, (N, 4) float64 on the CPU: PSNR (dB), SSIM, FSIM, FSIMc (see pixels.py and fsim.py).
    """
    import torch

    from ifrp.evaluation import fsim, pixels

    def read(images: stacks.Images, start: int) -> Tensor:
        batch = torch.from_numpy(np.array(images[start : start + BATCH])).to(device)
        return batch.permute(0, 3, 1, 2).contiguous()  # (B, 3, H, W)

    found = {style: torch.empty(len(truth), len(METRICS), dtype=torch.float64) for style in recovered}
    for start in runtime.progress(range(0, len(truth), BATCH), "quality"):
        real = read(truth, start)
        real_features = fsim.features(real)  # once for all styles
        for style, images in recovered.items():
            fake = read(images, start)
            by_features = fsim.compare(fsim.features(fake), real_features)
            values = (pixels.psnr(fake, real), pixels.ssim(fake, real), *by_features)
            found[style][start : start + BATCH] = torch.stack([v.double() for v in values], dim=1).cpu()
    return found


def table(config: settings.Config, experiment: str) -> pd.DataFrame:
    """One row per recovered face: split, style, index, person, psnr, ssim, fsim, fsimc.

    `index` is the face's place in the test stack.
    """
    import pandas as pd

    truth, found = recovered_stacks(config, experiment)
    splits = split_of_styles(config, experiment)
    device = str(runtime.fabric(config.runtime).device)
    scores = score(truth.images, {style: stack.images for style, stack in found.items()}, device)
    parts = []
    for style, values in scores.items():
        part = pd.DataFrame(values.numpy(), columns=list(METRICS))
        part.insert(0, "person", truth.table["person"].to_numpy())
        part.insert(0, "index", np.arange(len(part)))
        part.insert(0, "style", style)
        part.insert(0, "split", splits[style])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def write(config: settings.Config, experiment: str) -> None:
    """Writes paths.quality(experiment) and its card."""
    path = paths.quality(experiment)
    inputs = [
        paths.faces("test"),
        *(paths.recovered(experiment, row.name) for row in settings.styles(config)),
    ]
    with card(path, {"metrics": METRICS}, config.seed, inputs) as facts:
        found = table(config, experiment)
        facts.update({name: float(found[name].mean()) for name in METRICS})
        save_table(path, found, "%.6f")
