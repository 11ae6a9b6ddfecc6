"""What Gatys and Johnson share here: the portrait is the content, one real face the style [inferred: the paper's use of them]."""

from __future__ import annotations

import numpy as np
import torch

from ifrp import paths, stacks
from ifrp.config import Config
from ifrp.config.methods.perceptual import Settings
from ifrp.errors import IfrpError
from ifrp.stacks import to_range
from ifrp.styles.losses import Losses


def losses(config: Config, settings: Settings, device: torch.device) -> Losses:
    """The losses towards the style of a real face, with the features of `styles.features`.

    Raises:
        IfrpError: there is no such face, or the features cannot be had.
    """
    faces = stacks.read(paths.faces("train")).images
    if settings.face >= len(faces):
        raise IfrpError(
            f"face is {settings.face}, but {paths.faces('train')} has {len(faces)} faces, from 0."
        )
    picture = torch.from_numpy(np.array(faces[settings.face])[None])
    return Losses(to_range(picture.to(device)), settings, config.styles.features, config.seed)
