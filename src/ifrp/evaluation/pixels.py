"""PSNR and SSIM of a batch of pictures, by scikit-image's definitions."""

from __future__ import annotations

import torch
from torch import Tensor

PEAK, GREY = 255.0, 128.0
LUMA = (0.299, 0.587, 0.114)
"""luminance of RGB by Rec. 601, which is that of FSIM (`piq.functional.rgb2yiq`)"""


def psnr(x: Tensor, y: Tensor) -> Tensor:
    """Peak signal-to-noise ratio over all pixels and channels, `skimage.metrics.peak_signal_noise_ratio`.

    Args:
        x: (N, 3, H, W), values 0–255, RGB.
        y: the same.

    Returns:
        (N,) float64, in dB. Two identical pictures would have an infinite ratio, which no mean survives; they get
        that of pictures that differ by one level in one sample, the largest ratio of two different pictures
        (95.05 dB at 128×128).
    """
    error = (x.double() - y.double()).square().mean((1, 2, 3))
    floor = 1 / x[0].numel()
    return 10 * torch.log10(PEAK**2 / error.clamp(min=floor))


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Structural similarity (Wang et al., 2004), `skimage.metrics.structural_similarity`.

    Settings: data range 255, Gaussian window of 11×11 pixels with σ = 1.5 (`gaussian_weights=True`),
    `use_sample_covariance=False`, K1 = 0.01, K2 = 0.03; each channel of RGB by itself, then their mean. The 5
    outermost pixels, where the window leaves the picture, are left out.

    `piq.ssim` is the same by definition, but takes the variances of values 0–255: in float32 it is off by up to 3·10⁻⁴ on
    flat bright pictures (this by 3·10⁻⁶), and takes twice as long for a batch on one core.

    Args:
        x: (N, 3, H, W), values 0–255, RGB; H and W at least 11.
        y: the same.

    Returns:
        (N,) float64, −1 to 1.
    """
    x, y = x.float() - GREY, y.float() - GREY  # (co)variances of small numbers lose no digits in float32
    mean_x, mean_y, power, xy = _window(torch.stack([x, y, x * x + y * y, x * y]))
    covariance, variances = xy - mean_x * mean_y, power - mean_x**2 - mean_y**2
    mean_x, mean_y = mean_x + GREY, mean_y + GREY
    c1, c2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
    likeness: Tensor = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    likeness = likeness / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))
    return likeness.double().mean((1, 2, 3))


def _window(maps: Tensor, sigma: float = 1.5, radius: int = 5) -> Tensor:
    """Gaussian means of (K, N, C, H, W) where the window fits: (K, N, C, H − 10, W − 10)."""
    down, right = (_band(side, sigma, radius).to(maps) for side in maps.shape[-2:])
    means: Tensor = down @ (maps @ right.T)
    return means


def _band(side: int, sigma: float, radius: int) -> Tensor:
    """The window at each place where it fits, as a matrix (side − 2·radius, side): faster than a convolution here."""
    place = torch.arange(side - 2 * radius, dtype=torch.float64)[:, None] + radius
    away = torch.arange(side, dtype=torch.float64) - place
    weights = torch.exp(-(away**2) / (2 * sigma**2)) * (away.abs() <= radius)
    return weights / weights.sum(1, keepdim=True)
