"""A pool of past pictures (Shrivastava et al., CVPR 2017): a discriminator that sees them does not run in circles."""

from __future__ import annotations

import torch
from torch import Tensor


class Pool:
    """Keeps some of the pictures that went by, and shows them again in place of new ones.

    Attributes:
        images: what it keeps, at most `size` pictures (C, H, W).
    """

    def __init__(self, size: int = 50) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def __call__(self, images: Tensor) -> Tensor:
        """Pictures for the discriminator, (N, C, H, W) as given, without gradients.

        While there is room each picture is kept and returned. Then every other one, by chance, changes places with a
        random one of the kept.
        """
        return torch.stack([self._exchanged(image) for image in images.detach()])

    def _exchanged(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image.clone())  # not a view, which would keep its whole batch
            return image
        if not self.size or torch.rand(()) < 0.5:
            return image
        place = int(torch.randint(self.size, ()))
        past, self.images[place] = self.images[place], image.clone()
        return past.to(image)
