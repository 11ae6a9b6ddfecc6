"""FSIM and FSIMc of a batch of pictures: piq's definition, with the costly maps of each picture made once.

`piq.fsim` gives one of the two scores per call and makes the phase congruency of both pictures each time. Here a
picture is compared many times (one truth, many recoveries) and both scores are wanted, which a stack of features
per picture makes several times faster. The tests compare the scores with piq's.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ifrp.compat import prepare_torchvision

SCALES, ORIENTATIONS = 4, 4
SHORTEST_WAVE, BANDWIDTH, ANGULAR_SPREAD = 6, 0.55, math.pi / ORIENTATIONS / 1.2
NOISE_DEVIATIONS, NOISE_RESCALING = 2.0, 1.7


class Features(NamedTuple):
    """What FSIM compares: phase congruency, gradient (each (N, 1, H, W)) and chroma (N, 2, H, W)."""

    phase: Tensor
    gradient: Tensor
    chroma: Tensor


def features(pictures: Tensor) -> Features:
    """The maps that FSIM compares (Zhang et al., TIP 2011).

    Args:
        pictures: (N, 3, H, W), values 0–255, RGB. From 384 pixels on they are first shrunk towards 256, as in
            the original.
    """
    prepare_torchvision()
    from piq.functional import gradient_map, rgb2yiq, scharr_filter

    shrink = max(1, round(min(pictures.shape[-2:]) / 256))
    yiq = rgb2yiq(F.avg_pool2d(pictures.float(), shrink))  # (N, 3, H, W)
    luma, chroma = yiq[:, :1].contiguous(), yiq[:, 1:].contiguous()
    scharr = scharr_filter(device=luma.device, dtype=luma.dtype)  # (1, 3, 3)
    gradient = gradient_map(luma, torch.stack([scharr, scharr.transpose(-1, -2)]))
    return Features(_phase_congruency(luma[:, 0])[:, None], gradient, chroma)


def compare(x: Features, y: Features) -> tuple[Tensor, Tensor]:
    """FSIM (of luminance) and FSIMc (with chrominance), each (N,), mostly 0 to 1; they are symmetric."""
    prepare_torchvision()
    from piq.functional import similarity_map

    weight = torch.maximum(x.phase, y.phase)
    local = weight * similarity_map(x.phase, y.phase, 0.85) * similarity_map(x.gradient, y.gradient, 160)
    colour = similarity_map(x.chroma, y.chroma, 200).prod(1, keepdim=True).abs() ** 0.03
    total = weight.sum((1, 2, 3))
    return local.sum((1, 2, 3)) / total, (local * colour).sum((1, 2, 3)) / total


@lru_cache(maxsize=4)
def _filters(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Log-Gabor filters (O, S, H, W) in the frequency domain, and the noise gain (O,) of each orientation."""
    from piq.functional import get_meshgrid, ifftshift

    down, right = get_meshgrid((height, width), dtype=torch.float64)
    radius, angle = ifftshift(torch.hypot(down, right)), ifftshift(torch.atan2(-right, down))
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1  # its logarithm is not needed: the mean of a picture is filtered out below
    waves = SHORTEST_WAVE * 2.0 ** torch.arange(SCALES).view(-1, 1, 1)
    radial = low_pass * torch.exp(-(torch.log(radius * waves) ** 2) / (2 * math.log(BANDWIDTH) ** 2))
    radial[:, 0, 0] = 0
    turned = angle - torch.arange(ORIENTATIONS).view(-1, 1, 1) * math.pi / ORIENTATIONS
    # Angles just below π and just above −π are neighbours, but differ by nearly 2π: back to −π…π.
    turned = torch.atan2(turned.sin(), turned.cos())
    filters = torch.exp(-(turned**2) / (2 * ANGULAR_SPREAD**2))[:, None] * radial
    # The noise threshold (Kovesi, "Image features from phase congruency", Videre 1999; as in Zhang et al. 2011): what the filter
    # of the shortest wave gives is taken to be noise, so that its amplitude is Rayleigh distributed. The mean square is then the
    # median squared divided by ln 2, and grows with a filter's power. The noise in the sum over all scales is Rayleigh
    # distributed, too, with mean √(π/2) σ and deviation √(2 − π/2) σ; the threshold is so many deviations above the mean. The
    # rescaling is empirical: for the measure PC2, noise is estimated too high. The gain is per unit of the median, which
    # differs from picture to picture.
    spatial = torch.fft.ifft2(filters).real.sum(1) * math.sqrt(height * width)  # (O, H, W)
    power = spatial.square().sum((1, 2)) / filters[:, 0].square().sum((1, 2)) / math.log(2)
    threshold = math.sqrt(math.pi / 2) + NOISE_DEVIATIONS * math.sqrt(2 - math.pi / 2)
    return filters.float().to(device), (power.sqrt() * threshold / NOISE_RESCALING).float().to(device)


def _phase_congruency(luma: Tensor) -> Tensor:
    """Kovesi's phase congruency (PC2) of (N, H, W): how far the phases of all scales agree, 0 to 1."""
    tiny = torch.finfo(luma.dtype).eps
    filters, noise = _filters(*luma.shape[1:], luma.device)
    spectrum = torch.fft.fft2(luma)[:, None]  # (N, 1, H, W)
    energy, amplitude = torch.zeros_like(luma), torch.zeros_like(luma)
    for orientation in range(ORIENTATIONS):
        response = torch.fft.ifft2(spectrum * filters[orientation])  # (N, S, H, W), complex
        size = (response.real**2 + response.imag**2).sqrt()
        total = response.sum(1, keepdim=True)
        aligned = response * (total / ((total.real**2 + total.imag**2).sqrt() + tiny)).conj()
        median = size[:, 0].flatten(1).median(1).values  # (N,)
        excess = (aligned.real - aligned.imag.abs()).sum(1) - (noise[orientation] * median)[:, None, None]
        energy += excess.clamp(min=0)
        amplitude += size.sum(1)
    return (energy + tiny) / (amplitude + tiny)
