"""What Gatys and Johnson share here: the portrait is the content, one real face the style [inferred: the paper's use of them]."""

from __future__ import annotations

import numpy as np
import torch

from ifrp import paths, stacks
from ifrp.config import Config, PerceptualLosses
from ifrp.config.values import Natural, section
from ifrp.errors import IfrpError
from ifrp.stacks import to_range
from ifrp.styles.losses import Losses


@section
class Settings(PerceptualLosses):
    """Layers and weights of the losses, and the face that is the style."""

    face: Natural = 0
    """place in the training stack of the one real face that is the style: never a test person's [inferred]"""


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
