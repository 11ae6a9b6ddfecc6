"""Whether a style keeps how light a face is: mean luminance of portraits against that of the faces they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifrp import paths, runtime, stacks
from ifrp.artifacts import save_table
from ifrp.config import Config, styles
from ifrp.errors import IfrpError
from ifrp.evaluation.summary import estimate
from ifrp.provenance import card

if TYPE_CHECKING:
    import pandas as pd

BATCH = 256  # pictures
FLAT = 1e-6  # variance of mean luminance, in squared levels, that is rounding alone


def luminance(images: stacks.Images, device: str = "cpu") -> NDArray[np.float64]:
    """Mean luminance of each picture: Rec. 601 (see `pixels.LUMA`), over all pixels.

    Args:
        images: (N, H, W, 3) uint8, RGB.
        device: where to compute.

    Returns:
        (N,), 0 to 255.
    """
    import torch

    from ifrp.evaluation.pixels import LUMA

    means = np.empty(len(images))
    for start in range(0, len(images), BATCH):
        batch = torch.from_numpy(np.array(images[start : start + BATCH])).to(device)
        colours = batch.flatten(1, 2).float().mean(1).double()  # (B, 3)
        means[start : start + BATCH] = (colours @ colours.new_tensor(LUMA)).cpu().numpy()
    return means


def curve(
    config: Config,
    faces: NDArray[np.float64],
    portraits: NDArray[np.float64],
    people: NDArray[np.str_],
) -> dict[str, float]:
    """How the luminance of a portrait follows from that of its face.

    Args:
        config: for the resamples and their seed.
        faces: (N,) luminance of each face.
        portraits: (N,) that of its portrait.
        people: (N,)

    Returns:
        correlation (Pearson, −1 to 1) with low and high, its 95 % interval over people; slope and offset (levels) of the
        tone curve, the line of least squares from face to portrait; n, the number of faces. What does not vary has
        neither correlation nor curve: NaN.
    """
    x, y = faces - faces.mean(), portraits - portraits.mean()  # the moments of small numbers lose no digits
    moments = {"x": x, "xx": x * x, "xy": x * y, "y": y, "yy": y * y}
    means = estimate(
        np.repeat(list(moments), len(x)),
        np.tile(people, len(moments)),
        np.concatenate(list(moments.values())),
        config.evaluation.resamples,
        config.seed,
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation, slope = _line(means.value)
        draws, _ = _line(means.draws)
    finite = draws[np.isfinite(draws)]  # a resample may be of one person
    low, high = np.quantile(finite, (0.025, 0.975)) if finite.size else (np.nan, np.nan)
    return {
        "correlation": float(correlation), "low": float(low), "high": float(high), "slope": float(slope),
        "offset": float(portraits.mean() - slope * faces.mean()), "n": len(faces),
    }  # fmt: skip


def _line(means: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correlation and slope, (…) each, from the means (5, …) of x, x², xy, y and y²."""
    x, xx, xy, y, yy = means
    covariance, of_x, of_y = xy - x * y, xx - x * x, yy - y * y
    varies = (of_x > FLAT) & (of_y > FLAT)
    correlation = np.where(varies, covariance / np.sqrt(of_x * of_y), np.nan)
    return correlation.clip(-1, 1), np.where(varies, covariance / of_x, np.nan)


def table(config: Config) -> pd.DataFrame:
    """One row per style: style, split and what `curve` says of its test portraits.

    Raises:
        IfrpError: a stack is missing, or portraits and faces are not as many.
    """
    import pandas as pd

    device = str(runtime.device(config.runtime))
    warped = stacks.read(paths.warped("test"))
    people, light = warped.table["person"].to_numpy(dtype=str), luminance(warped.images, device)
    rows = []
    for style in styles(config):
        portraits = stacks.read(paths.portraits("test", style.name))
        if len(portraits) != len(warped):
            raise IfrpError(
                f"{paths.portraits('test', style.name)} holds {len(portraits)} portraits of {len(warped)} faces in "
                f"{paths.warped('test')}: make the portraits again."
            )
        labels = {"style": style.name, "split": style.split}
        rows.append(labels | curve(config, light, luminance(portraits.images, device), people))
    return pd.DataFrame(rows)


def write(config: Config) -> None:
    """Writes paths.EXPOSURE and its card."""
    inputs = [paths.warped("test"), *(paths.portraits("test", style.name) for style in styles(config))]
    with card(paths.EXPOSURE, {"resamples": config.evaluation.resamples}, config.seed, inputs):
        save_table(paths.EXPOSURE, table(config))
