"""Style networks against those of pytorch/examples (fast_neural_style), in one run: `python benchmarks/stylisation.py`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from common import Figure, alternating, machine, report
from torch import Tensor, nn

from ifrp import runtime
from ifrp.compat import prepare_torchvision
from ifrp.config import Features, Runtime, Styles, StyleTraining
from ifrp.stacks import Images
from ifrp.styles import network
from ifrp.styles.training import StyleTrainee
from ifrp.training.loop import Loop

PEER = "fast_neural_style"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TAPS = (3, 8, 15, 22)  # relu1_2, relu2_2, relu3_3 and relu4_3 among the layers of VGG-16
CONTENT_WEIGHT, STYLE_WEIGHT = 1e5, 1e10


class Convolution(nn.Module):
    """The peer's convolution: what goes in is doubled in size if asked for, and padded by reflection."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, upsample: bool = False
    ) -> None:
        super().__init__()
        self.upsample = upsample
        self.pad = nn.ReflectionPad2d(kernel // 2)
        self.convolve = nn.Conv2d(inputs, outputs, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        found: Tensor = self.convolve(self.pad(x))
        return found


class Block(nn.Module):
    """The peer's residual block."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            Convolution(count, count, 3), nn.InstanceNorm2d(count, affine=True), nn.ReLU(),
            Convolution(count, count, 3), nn.InstanceNorm2d(count, affine=True),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(x) + x
        return found


def transformer(width: float) -> nn.Sequential:
    """The peer's network: pictures in and out, values 0–255."""
    a, b, c = (max(4, round(count * width)) for count in (32, 64, 128))
    layers: list[nn.Module] = []
    for step in ((3, a, 9), (a, b, 3, 2), (b, c, 3, 2)):
        layers += [Convolution(*step), nn.InstanceNorm2d(step[1], affine=True), nn.ReLU()]
    layers += [Block(c) for _ in range(5)]
    for inputs, outputs in ((c, b), (b, a)):
        layers += [
            Convolution(inputs, outputs, 3, upsample=True),
            nn.InstanceNorm2d(outputs, affine=True),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, Convolution(a, 3, 9))


class Peer:
    """The peer's training: VGG-16's features, the content at relu2_2, Gram matrices of all four layers, Adam."""

    def __init__(self, artwork: Tensor, width: float, device: torch.device) -> None:
        prepare_torchvision()
        from torchvision.models.vgg import cfgs, make_layers

        plan = [c if isinstance(c, str) else max(4, round(c * width)) for c in cfgs["D"]]
        self.vgg = make_layers(plan)[: TAPS[-1] + 1].to(device).requires_grad_(False)
        self.network = transformer(width).to(device)
        self.optimiser = torch.optim.Adam(self.network.parameters(), 1e-3)
        self.mean, self.deviation = (torch.tensor(v, device=device).view(3, 1, 1) for v in (MEAN, DEVIATION))
        self.targets = [self.gram(maps) for maps in self.features(artwork)]

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The four layers, of pictures 0–255."""
        x, found = (pictures / 255 - self.mean) / self.deviation, []
        for place, layer in enumerate(self.vgg):
            x = layer(x)
            if place in TAPS:
                found.append(x)
        return found

    @staticmethod
    def gram(maps: Tensor) -> Tensor:
        """Gram matrices, (B, C, C)."""
        count, channels, height, width = maps.shape
        flat = maps.view(count, channels, height * width)
        return flat.bmm(flat.transpose(1, 2)) / (channels * height * width)

    def step(self, pictures: Tensor) -> None:
        """One step of training."""
        self.optimiser.zero_grad()
        painted = self.network(pictures)
        found, wanted = self.features(painted), self.features(pictures)
        content = CONTENT_WEIGHT * F.mse_loss(found[1], wanted[1])
        style = STYLE_WEIGHT * sum(
            F.mse_loss(self.gram(maps), target.expand(len(maps), -1, -1))
            for maps, target in zip(found, self.targets, strict=True)
        )
        (content + style).backward()
        self.optimiser.step()
        float(content), float(style)  # which it adds up

    @torch.no_grad()
    def apply(self, faces: Images, device: torch.device) -> Images:
        """Portraits of faces."""
        painted = self.network(torch.tensor(faces, device=device).permute(0, 3, 1, 2).float())
        found: Images = painted.clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
        return found


def training(given: argparse.Namespace, faces: Images, artwork: Images, folder: Path) -> tuple[Loop, Peer]:
    """Both trainings, at their first step."""
    settings = Styles(
        features=Features("random", given.width),
        training=StyleTraining(width=given.width, batch=given.batch, artwork_size=given.size),
    )
    fabric = runtime.fabric(Runtime(device=given.device.type, precision=given.precision), devices=1)
    torch.set_num_threads(given.threads)
    trainee = StyleTrainee("artwork", artwork, faces, settings, 0, fabric.device)
    loop = Loop(trainee, fabric, folder / "checkpoint.pt", "benchmark", graphs=False)
    target = torch.tensor(artwork, device=given.device).permute(2, 0, 1)[None].float()
    return loop, Peer(target, given.width, given.device)


def main() -> None:
    """Prints and writes milliseconds of a training step and of a portrait, and their ratios to the peer's in the same run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--batch", type=int, default=4, help="faces in a training step [default: 4]")
    parser.add_argument("--portraits", type=int, default=8, help="faces painted at a time [default: 8]")
    parser.add_argument(
        "--size", type=int, default=128, help="side of a face and of the artwork [default: 128]"
    )
    parser.add_argument("--width", type=float, default=1.0, help="of all networks [default: 1]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1, help="steps, and batches, in a round [default: 1]")
    parser.add_argument("--threads", type=int, default=1, help="of torch [default: 1]")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--precision", default="32-true", help="of our training [default: 32-true]")
    parser.add_argument("--output", type=Path, help="a CSV")
    given = parser.parse_args()
    draw, side = np.random.default_rng(0), given.size
    faces = draw.integers(0, 256, (max(given.batch, given.portraits), side, side, 3), np.uint8)
    artwork = draw.integers(0, 256, (side, side, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        loop, peer = training(given, faces, artwork, Path(folder))
    painter = cast("network.StyleNetwork", loop.trainee.networks["network"])

    def repeated(task: Callable[[], object]) -> Callable[[], None]:
        def repeat() -> None:
            for _ in range(given.repeats):
                task()
            if given.device.type == "cuda":
                torch.cuda.synchronize(given.device)

        return repeat

    batch = torch.tensor(faces[: given.batch], device=given.device).permute(0, 3, 1, 2).float()
    some = faces[: given.portraits]
    found = alternating(
        {
            "step": repeated(loop._one_step),
            "peer's step": repeated(lambda: peer.step(batch)),
            "portraits": repeated(lambda: network.apply(painter, some)),
            "peer's portraits": repeated(lambda: peer.apply(some, given.device)),
        },
        given.rounds,
    )
    figures = []
    note = f"{side}×{side}, width {given.width:g}, {given.precision}"
    for what, name, count in (
        ("training step of a style network", "step", 1),
        ("portrait", "portraits", given.portraits),
    ):
        ours, theirs = (found[key] * 1000 / given.repeats / count for key in (name, f"peer's {name}"))
        together = given.batch if count == 1 else given.portraits
        figures.append(
            Figure(
                what, "ms", ours, machine(given.device), PEER, theirs, theirs / ours,
                f"{note}, {together} faces at a time",
            )
        )  # fmt: skip
    report(figures, given.output)


if __name__ == "__main__":
    main()
