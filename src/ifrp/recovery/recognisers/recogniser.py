"""Face recognisers: FaceNet and MobileFaceNet, whose features a loss compares and whose embeddings tell people apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ifrp import artifacts, paths, runtime, stacks
from ifrp.compat import prepare_torchvision
from ifrp.config import Config, plain, typed
from ifrp.config import Recogniser as Settings
from ifrp.errors import IfrpError
from ifrp.recovery.folding import folded
from ifrp.recovery.recognisers import mobilefacenet
from ifrp.stacks import to_range

BATCH = 64  # faces embedded at a time on a processor


class Recogniser:
    """A frozen recogniser.

    Attributes:
        fingerprint: SHA-256 of its weights; equal ones are the same recogniser, whatever their names.
        layers: names for `features`, in their order.
    """

    def __init__(
        self, network: nn.Sequential, settings: Settings, device: torch.device | str = "cpu"
    ) -> None:
        # Each batch norm would read and write all of its maps once more, forwards and backwards.
        self.network = folded(network).to(device).requires_grad_(False)
        self.settings, self.device = settings, torch.device(device)
        self.fingerprint = fingerprint(network.state_dict())
        self.layers = [name for name, _ in network.named_children()]

    def features(self, images: Tensor, layer: str) -> Tensor:
        """A layer's output, differentiable with respect to the images.

        Args:
            images: (N, 3, S, S) RGB in [-1, 1]; resized to what the network takes in.
            layer: one of `layers`; nothing deeper is computed.

        Returns:
            (N, C, H, W), or (N, D) for the embedding, not normalised.

        Raises:
            IfrpError: there is no such layer.
        """
        if layer not in self.layers:
            raise IfrpError(
                f"{self.settings.network} has no layer {layer}; its layers are {', '.join(self.layers)}."
            )
        maps = prepare(images, self.settings)
        for name, stage in self.network.named_children():
            maps = stage(maps)
            if name == layer:
                break
        return maps

    def embed(self, images: stacks.Images) -> NDArray[np.float32]:
        """Embeddings of faces: uint8 (N, H, W, 3) RGB to (N, D) float32 of length 1."""
        embeddings, step = [], runtime.batch(BATCH, self.device)
        with torch.no_grad():
            for start in range(0, len(images), step):
                faces = to_range(torch.from_numpy(np.array(images[start : start + step])).to(self.device))
                embeddings.append(F.normalize(self.features(faces, self.layers[-1]).float()).cpu())
        return torch.cat(embeddings).numpy() if embeddings else np.empty((0, 0), np.float32)


def prepare(images: Tensor, settings: Settings) -> Tensor:
    """Crops, resizes (bilinear, anti-aliased) and normalises (N, 3, S, S) images in [-1, 1] for a recogniser."""
    left, top, width, height = (
        round(part * side) for part, side in zip(settings.crop, images.shape[:1:-1] * 2, strict=True)
    )
    # Half precision is too coarse for pixels.
    images = images[:, :, top : top + height, left : left + width].float()
    if images.shape[2:] != settings.size:
        images = F.interpolate(
            images, size=settings.size, mode="bilinear", antialias=True, align_corners=False
        )
    mean, deviation = (_channels(row, images.device) for row in (settings.mean, settings.deviation))
    return ((images + 1) * 127.5 - mean) / deviation


@cache
def _channels(row: tuple[float, ...], device: torch.device) -> Tensor:
    """A number for each channel, (C, 1, 1), which is copied to a device once."""
    return torch.tensor(row, device=device)[:, None, None]


def build(settings: Settings) -> nn.Sequential:
    """The network with random weights: normalised (N, 3, H, W) to embeddings, not L2-normalised; its stages have names."""
    if settings.network == "mobilefacenet":
        return mobilefacenet.MobileFaceNet(settings.size, settings.activation)
    prepare_torchvision()
    from facenet_pytorch import InceptionResnetV1

    stages = dict(InceptionResnetV1().named_children())
    network = nn.Sequential()
    for name, stage in stages.items():
        network.add_module(name, stage)
        if name == "avgpool_1a":
            network.add_module("flatten", nn.Flatten())
    return network


def load(config: Config, name: str, device: torch.device | str = "cpu") -> Recogniser:
    """A recogniser of the configuration, from the file that `make` wrote.

    Raises:
        IfrpError: the name is unknown, or the file is missing, damaged, or made with other settings.
    """
    wanted, path = settings_of(config, name), paths.recogniser(name)
    tensors = artifacts.load_weights(path)
    header = artifacts.read_header(path).get("settings", "{}")
    settings = typed(Settings, artifacts.parsed(header, path), str(path))
    artifacts.require_settings(path, plain(settings), plain(wanted), f"recovery.recognisers.{name}.")
    network = build(settings)
    artifacts.load_into(network, tensors, path)
    return Recogniser(network, settings, device)


def convert(tensors: Mapping[str, Tensor], settings: Settings) -> dict[str, Tensor]:
    """Renames published tensors to this network's names; drops the classifier, which knows only its own people."""
    renamed = mobilefacenet.convert(tensors) if settings.network == "mobilefacenet" else tensors
    return {name: value for name, value in renamed.items() if not name.startswith("logits.")}


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of all weights, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def settings_of(config: Config, name: str) -> Settings:
    """A recogniser's entry in the configuration.

    Raises:
        IfrpError: there is none of that name.
    """
    recognisers = config.recovery.recognisers
    if name not in recognisers:
        raise IfrpError(
            f"There is no recogniser {name} in recovery.recognisers; there are {', '.join(recognisers)}."
        )
    return recognisers[name]
