"""Calibration: a trained method looks at portraits of one style, without their faces, before it recovers them.

A style that was never seen shifts what the layers see. Batch normalisation by statistics of the new style's own portraits
takes the shift out (Schneider et al., NeurIPS 2020, arXiv 2006.16971; Nado et al., arXiv 2006.10963); so does, for colour
alone, an affine map of the recovered faces to the mean and spread of the training faces. Both assume that the people and
backgrounds behind the portraits are like those of training. No weight is trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from ifrp import stacks
from ifrp.config import Calibration
from ifrp.errors import IfrpError
from ifrp.recovery.method import Method, Tone
from ifrp.stacks import to_range

BATCH = 64  # portraits whose statistics are taken together on every device: results go by it, and a few say little of the spread


def calibrate(
    method: Method[Any], images: stacks.Images, settings: Calibration, device: torch.device
) -> None:
    """Calibrates a method, in place, on portraits of one style.

    Args:
        method: ready to recover.
        images: (N, S, S, 3) uint8 portraits of the style.
        settings: by what.
        device: where the networks are.

    Raises:
        IfrpError: the method has no trained networks, or a layer cannot take statistics of so few portraits.
    """
    if not method.kept or not method.networks:
        raise IfrpError("calibrate: this method has no trained networks, so there is nothing to calibrate.")
    with torch.no_grad():
        if settings.statistics:
            share = settings.trust * len(images) / (settings.prior + len(images))
            _statistics(method, images, share, device)
        if settings.colours:
            method.tone = _tone(method, images, device)


@contextmanager
def restored(method: Method[Any]) -> Iterator[None]:
    """Takes a calibration back when the block ends, so that the next style starts from the statistics of training."""
    norms, tone = _norms(method), method.tone
    before = [_get(norm) for norm in norms]
    try:
        yield
    finally:
        for norm, (mean, variance) in zip(norms, before, strict=True):
            _set(norm, mean, variance)
        method.tone = tone


def colours(faces: stacks.Images) -> Tensor:
    """Mean and standard deviation of each channel over all pixels of (N, S, S, 3) uint8 faces: (2, 3), in units of [-1, 1]."""
    times, values = np.zeros((3, 256), np.int64), np.arange(256)
    for start in range(0, len(faces), 256):
        below = faces[start : start + 256].reshape(-1, *faces.shape[2:])  # one high picture
        times += np.reshape(Image.fromarray(below).histogram(), times.shape)
    count = faces[..., 0].size
    mean = times @ values / count
    deviation = np.sqrt(times @ values**2 / count - mean**2)
    return torch.tensor(np.stack([mean / 127.5 - 1, deviation / 127.5]), dtype=torch.float32)


def _statistics(method: Method[Any], images: stacks.Images, share: float, device: torch.device) -> None:
    norms = _norms(method)
    trained, momenta = [_get(norm) for norm in norms], [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches
        norm.train()
    try:
        for batch in _batches(images, device):
            method.recover(batch)
    except ValueError as error:  # torch's, of a layer that sees one value in each channel
        raise IfrpError(
            f"calibrate: statistics cannot be had from so few portraits ({error}): take more."
        ) from error
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
    for norm, (mean, variance) in zip(norms, trained, strict=True):
        new_mean, new_variance = _get(norm)
        _set(norm, torch.lerp(mean, new_mean, share), torch.lerp(variance, new_variance, share))


def _tone(method: Method[Any], images: stacks.Images, device: torch.device) -> Tone:
    if method.colours is None:
        raise IfrpError(
            "calibrate: colours: this model does not know the colours of its training faces: train it again."
        )
    method.tone = None
    recovered = torch.cat([method.recover(batch).float() for batch in _batches(images, device)])
    spread, mean = torch.std_mean(recovered, (0, 2, 3), correction=0)
    wanted_mean, wanted_spread = method.colours.to(device)
    gain = wanted_spread / spread.clamp_min(1e-3)
    return Tone(gain, wanted_mean - gain * mean)


def _batches(images: stacks.Images, device: torch.device) -> Iterator[Tensor]:
    """Batches of nearly the same size, for each counts the same in the mean."""
    for part in np.array_split(np.arange(len(images)), -(-len(images) // BATCH)):
        yield to_range(torch.from_numpy(np.array(images[part[0] : part[-1] + 1])).to(device))


def _norms(method: Method[Any]) -> list[BatchNorm]:
    return [m for name in method.kept for m in method.networks[name].modules() if isinstance(m, BatchNorm)]


def _get(norm: BatchNorm) -> tuple[Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return norm.running_mean.clone(), norm.running_var.clone()


def _set(norm: BatchNorm, mean: Tensor, variance: Tensor) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
