"""Perceptual losses: content, style and total variation (Gatys et al., CVPR 2016; Johnson et al. 2016, Sec. 3.2).

The content and style losses are divided by the size of their targets, so that the same weights serve any
target and any features, ImageNet's as well as random ones of any width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ifrp.styles.features import Features, gram

if TYPE_CHECKING:
    from ifrp.config import Features as FeatureSettings
    from ifrp.config import PerceptualLosses


class Losses:
    """The losses of one style, ready for batches.

    Args:
        target: the picture that has the style, (1, 3, H, W), values -1…1.
        options: layers and weights.
        features: which VGG-19.
        seed: of random features.
    """

    def __init__(
        self, target: Tensor, options: PerceptualLosses, features: FeatureSettings, seed: int
    ) -> None:
        self.options = options
        layers = (*options.style_layers, options.content_layer)
        self.features = Features.configured(layers, features, seed).to(target.device)
        with torch.no_grad():
            style = self.features(target, options.style_layers)
        self.targets = {name: gram(feature) for name, feature in style.items()}  # (1, C, C)

    @torch.no_grad()
    def content(self, pictures: Tensor) -> Tensor:
        """What pictures (B, 3, H, W) show: their features of the content layer, (B, C, H', W')."""
        layer = self.options.content_layer
        found: Tensor = self.features(pictures, (layer,))[layer]
        return found

    def __call__(self, content: Tensor, pictures: Tensor, apart: bool = False) -> dict[str, Tensor]:
        """Content, style and variation losses and their weighted sum, `total`.

        Args:
            content: what the pictures are to show, from `content`.
            pictures: (B, 3, H, W), values -1…1.
            apart: the losses of each picture, (B,), of which none depends on the others; else scalars, those of the
                batch: its mean Gram matrix is compared with the style's.
        """
        options, features = self.options, self.features(pictures)
        style = []
        for name, target in self.targets.items():
            grams = gram(features[name])
            # the mean over faces: dark and light ones share the palette, and no single face must hold all of it
            style.append(_relative(grams if apart else grams.mean(0, keepdim=True), target, apart))
        terms = {
            "content": _relative(features[options.content_layer], content, apart),
            "style": torch.stack(style).mean(0),
            "variation": variation(pictures, apart),
        }
        return {
            **terms,
            "total": options.content_weight * terms["content"]
            + options.style_weight * terms["style"]
            + options.variation_weight * terms["variation"],
        }


def variation(images: Tensor, apart: bool = False) -> Tensor:
    """Mean squared difference between neighbouring pixels of (B, C, H, W), both ways; apart: of each image, (B,)."""
    images = images.float()
    down, right = images[..., 1:, :] - images[..., :-1, :], images[..., 1:] - images[..., :-1]
    return _mean(down.square(), apart) + _mean(right.square(), apart)


def _relative(found: Tensor, target: Tensor, apart: bool) -> Tensor:
    return _mean((found.float() - target.float()).square(), apart) / _mean(target.float().square(), apart)


def _mean(values: Tensor, apart: bool) -> Tensor:
    return values.mean(tuple(range(1, values.dim()))) if apart else values.mean()
