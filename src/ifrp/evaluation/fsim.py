"""FSIM and FSIMc of a batch of pictures: piq's definition, with the costly maps of each picture made once.

`piq.fsim` gives one of the two scores per call and makes the phase congruency of both pictures each time. Here a
picture is compared many times (one truth, many recoveries) and both scores are wanted, which a stack of features
per picture makes several times faster. The tests compare the scores with piq's, of which nothing is imported: that
takes as long as scoring two hundred faces.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ifrp.evaluation.pixels import LUMA

SCALES, ORIENTATIONS = 4, 4
SHORTEST_WAVE, BANDWIDTH, ANGULAR_SPREAD = 6, 0.55, math.pi / ORIENTATIONS / 1.2
NOISE_DEVIATIONS, NOISE_RESCALING = 2.0, 1.7
CHROMA = ((0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
"""the channels I and Q of YIQ, of RGB"""


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
    pictures, shrink = pictures.float(), max(1, round(min(pictures.shape[-2:]) / 256))
    if shrink > 1:
        pictures = F.avg_pool2d(pictures, shrink)
    luma = _mixed(pictures, LUMA)
    chroma = torch.stack([_mixed(pictures, row) for row in CHROMA], 1)
    return Features(_phase_congruency(luma)[:, None], _gradient(luma)[:, None], chroma)


def compare(x: Features, y: Features) -> tuple[Tensor, Tensor]:
    """FSIM (of luminance) and FSIMc (with chrominance), each (N,), mostly 0 to 1; they are symmetric."""
    weight = torch.maximum(x.phase, y.phase)
    local = weight * _similarity(x.phase, y.phase, 0.85) * _similarity(x.gradient, y.gradient, 160)
    colour = _similarity(x.chroma, y.chroma, 200).prod(1, keepdim=True).abs() ** 0.03
    total = weight.sum((1, 2, 3))
    return local.sum((1, 2, 3)) / total, (local * colour).sum((1, 2, 3)) / total


def _similarity(x: Tensor, y: Tensor, constant: float) -> Tensor:
    return (2 * x * y + constant) / (x.square() + y.square() + constant)


def _mixed(pictures: Tensor, weights: tuple[float, ...]) -> Tensor:
    """A weighted sum of the channels of (N, 3, H, W): (N, H, W)."""
    red, green, blue = pictures.unbind(1)
    return (red * weights[0]).add_(green, alpha=weights[1]).add_(blue, alpha=weights[2])


def _gradient(luma: Tensor) -> Tensor:
    """Length of the gradient of (N, H, W) by Scharr's filter; around the picture all is black."""
    padded = F.pad(luma, (1, 1, 1, 1))
    right, down = padded[:, :, 2:] - padded[:, :, :-2], padded[:, 2:] - padded[:, :-2]
    right = (3 * (right[:, :-2] + right[:, 2:])).add_(right[:, 1:-1], alpha=10)
    down = (3 * (down[:, :, :-2] + down[:, :, 2:])).add_(down[:, :, 1:-1], alpha=10)
    return right.square_().addcmul_(down, down).sqrt_() / 16


@lru_cache(maxsize=4)
def _filters(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Log-Gabor filters in the frequency domain, and the noise gain (O,) of each orientation.

    A filter passes half of all frequencies, so that the response to a picture is complex. These are two filters for each, one
    that gives the real part (even) and one for the imaginary part (odd).

    Returns:
        (O, 2, S, H, W) complex, even and odd, divided by H·W for an inverse transform that does not; and the gains.
    """
    down, right = _frequencies(height)[:, None], _frequencies(width)
    radius, angle = torch.hypot(down, right), torch.atan2(-right, down)
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1  # its logarithm is not needed: the mean of a picture is filtered out below
    waves = SHORTEST_WAVE * 2.0 ** torch.arange(SCALES).view(-1, 1, 1)
    radial = low_pass * torch.exp(-(torch.log(radius * waves) ** 2) / (2 * math.log(BANDWIDTH) ** 2))
    radial[:, 0, 0] = 0
    turned = angle - torch.arange(ORIENTATIONS).view(-1, 1, 1) * math.pi / ORIENTATIONS
    # Angles just below π and just above −π are neighbours, but differ by nearly 2π: back to −π…π.
    turned = torch.atan2(turned.sin(), turned.cos())
    filters = torch.exp(-(turned**2) / (2 * ANGULAR_SPREAD**2))[:, None] * radial  # (O, S, H, W)
    # The noise threshold (Kovesi, "Image features from phase congruency", Videre 1999; as in Zhang et al. 2011): what the filter
    # of the shortest wave gives is taken to be noise, so that its amplitude is Rayleigh distributed. The mean square is then the
    # median squared divided by ln 2, and grows with a filter's power. The noise in the sum over all scales is Rayleigh
    # distributed, too, with mean √(π/2) σ and deviation √(2 − π/2) σ; the threshold is so many deviations above the mean. The
    # rescaling is empirical: for the measure PC2, noise is estimated too high. The gain is per unit of the median, which
    # differs from picture to picture.
    spatial = torch.fft.ifft2(filters).real.sum(1) * math.sqrt(height * width)  # (O, H, W)
    power = spatial.square().sum((1, 2)) / filters[:, 0].square().sum((1, 2)) / math.log(2)
    threshold = math.sqrt(math.pi / 2) + NOISE_DEVIATIONS * math.sqrt(2 - math.pi / 2)
    mirrored = filters.flip((2, 3)).roll((1, 1), (2, 3))  # at each frequency what is at its negative
    both = torch.stack([filters + mirrored, (mirrored - filters) * 1j], 1) / (2 * height * width)
    return both.to(device, torch.complex64), (power.sqrt() * threshold / NOISE_RESCALING).float().to(device)


def _frequencies(side: int) -> Tensor:
    """Cycles per pixel of a spectrum's places; for an odd number of them the original has a little more."""
    found: Tensor = torch.fft.fftfreq(side, dtype=torch.float64)
    return found * side / (side - 1) if side % 2 else found


def _phase_congruency(luma: Tensor) -> Tensor:
    """Kovesi's phase congruency (PC2) of (N, H, W): how far the phases of all scales agree, 0 to 1."""
    tiny = torch.finfo(luma.dtype).eps
    filters, noise = _filters(*luma.shape[1:], luma.device)
    # Two pictures go through each filter as the real and imaginary part of one, and stay beside each other in memory.
    pairs = F.pad(luma, (0, 0, 0, 0, 0, len(luma) % 2)).unflatten(0, (-1, 2)).movedim(1, 3).contiguous()
    spectrum = torch.fft.fft2(torch.view_as_complex(pairs))[:, None, None]  # (N/2, 1, 1, H, W)
    energy, amplitude = torch.zeros_like(pairs), torch.zeros_like(pairs)
    for orientation in range(ORIENTATIONS):
        responses = torch.view_as_real(torch.fft.ifft2(spectrum * filters[orientation], norm="forward"))
        even, odd = responses.unbind(1)  # (N/2, S, H, W, 2) each
        size = even.square().addcmul_(odd, odd).sqrt_()
        total_even, total_odd = even.sum(1), odd.sum(1)
        total = total_even.square().addcmul_(total_odd, total_odd).sqrt_() + tiny
        cosine, sine = total_even / total, total_odd / total
        across = (even * sine[:, None]).addcmul_(odd, cosine[:, None], value=-1).abs_().sum(1)
        median = size[:, 0].flatten(1, 2).mT.contiguous().median(2).values[:, None, None]  # (N/2, 1, 1, 2)
        excess = total_even * cosine + total_odd * sine - across - noise[orientation] * median
        energy += excess.clamp_(min=0)
        amplitude += size.sum(1)
    found = (energy + tiny) / (amplitude + tiny)
    return found.movedim(3, 1).flatten(0, 1)[: len(luma)]
