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
    flat bright pictures (this by 3·10⁻⁶), and takes longer for a batch on one core.

    Args:
        x: (N, 3, H, W), values 0–255, RGB; H and W at least 11.
        y: the same.

    Returns:
        (N,) float64, −1 to 1.
    """
    x, y = x.float() - GREY, y.float() - GREY  # (co)variances of small numbers lose no digits in float32
    mean_x, mean_y, power, xy = _window(torch.stack([x, y, x * x + y * y, x * y]))
    covariance = xy.addcmul_(mean_x, mean_y, value=-1)
    variances = power.addcmul_(mean_x, mean_x, value=-1).addcmul_(mean_y, mean_y, value=-1)
    mean_x, mean_y = mean_x.add_(GREY), mean_y.add_(GREY)
    c1, c2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
    likeness: Tensor = (2 * mean_x).mul_(mean_y).add_(c1).mul_(covariance.mul_(2).add_(c2))
    likeness /= mean_x.square_().addcmul_(mean_y, mean_y).add_(c1).mul_(variances.add_(c2))
    return likeness.mean((1, 2, 3), dtype=torch.float64)


def _window(maps: Tensor, sigma: float = 1.5, radius: int = 5) -> Tensor:
    """Gaussian means of (…, H, W) where the window fits: (…, H − 10, W − 10)."""
    away = torch.arange(-radius, radius + 1, dtype=torch.float64)
    weights = torch.exp(-(away**2) / (2 * sigma**2))
    first, *others = (weights / weights.sum()).tolist()
    for side in (-1, -2):
        count = maps.shape[side] - 2 * radius
        means = maps.narrow(side, 0, count) * first
        for place, weight in enumerate(others, 1):  # faster than a convolution of one channel
            means.add_(maps.narrow(side, place, count), alpha=weight)
        maps = means
    return maps
