"""What a run takes: faces, portraits, disk, rough time (by the rates of earlier runs), and what must be downloaded.

The rates are those of the default run on one core of a server (docs/reproduce.md, docs/results/default/timing.md) and of
`preset: gpu` on an H200 (docs/results/gpu/timing.md). They give orders of magnitude: machines differ by a factor of two.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ifrp import paths, runtime
from ifrp.config import Config, experiments, styles
from ifrp.config.checking import CELEBA, TRAINED
from ifrp.config.experiments import Experiment
from ifrp.config.sections import PUBLISHED_WEIGHTS, SOURCES

SIDE, CANVAS, WINDOW, WIDTH = 128, 240, 64, 0.25
"""of those runs: pixels of a face, of a rendered picture, of what a style network sees in training; the width of features"""
GROWTH = 1.5
"""time by network width: operations grow with its square, but wide layers keep a processor busier"""
RENDER, PREPARE, SCORE, START = 0.41, 0.04, 0.019, 2.5
"""seconds on one core: a picture rendered, a face cut and warped, a recovered face scored and looked for, a process started"""
PAINT, STYLE_STEP, RECOGNISER_STEP = 0.019, 0.019, 0.017
"""the same with networks: a portrait made; a face in the training of a style network, and of a recogniser"""
FASTER = 100
"""of these on a GPU"""
FIND = 0.1
"""seconds in which the face in a photo is found (docs/faces.md)"""


@dataclass(frozen=True)
class Rate:
    """Seconds per face with a method.

    Attributes:
        training: in training on one core, at `width`.
        gpu: the same on a GPU of its own, at width 1: a third of what it took there among others.
        recovery: in recovery on one core, at `width`.
        faster: of recovery on a GPU.
        width: factor on channels; of the features, for methods that compute these.
    """

    training: float = 0.036
    gpu: float = 0.0006
    recovery: float = 0.0037
    width: float = WIDTH
    faster: float = FASTER


RATES = {
    "cyclegan": Rate(0.275, 0.007, 0.011, 0.125),
    "faced": Rate(0.026, 0.0005, 0.0075, 0.125),
    "gatys": Rate(0, 0, 0.023, faster=5),  # and iteration
    "input": Rate(0, 0, 0.0002),
    "johnson": Rate(0.063, 0.006, 0.017),
    "mgan": Rate(0.040, 0.0005, 0.011),
    "pix2pix": Rate(0.031, 0.005, 0.0043),
}
"""all others are taken for IFRP"""
BY_FEATURES = ("gatys", "johnson", "mgan")
"""methods that compute perceptual features more than anything else"""


class Forecast:
    """What a run of a configuration takes.

    Args:
        config: the configuration, without faults.
    """

    def __init__(self, config: Config) -> None:
        self.config, self.styles, self.main = config, styles(config), experiments.main(config)
        self.rows: dict[str, int] = {split: getattr(config.faces.split, split) for split in CELEBA}
        self.pixels = (config.faces.size / SIDE) ** 2
        recognisers = config.recovery.recognisers
        self.recognisers = {name: recognisers[name] for name in experiments.recognisers(config)}

    def lines(self) -> Iterator[str]:
        """What a run takes, in words."""
        counts = ", ".join(f"{count:,} {split}" for split, count in self.rows.items())
        source, size = SOURCES[self.config.faces.source], self.config.faces.size
        own = sum(recogniser.weights == TRAINED for recogniser in self.recognisers.values())
        trained = sum(experiment.trained for experiment in self.main)
        gpu, cores = runtime.expects_gpu(self.config.runtime), runtime.threads()
        machine = f"{'a GPU and ' if gpu else ''}{cores} cores"
        yield f"faces      {sum(self.rows.values()):,} ({counts}): {source}, {size} pixels"
        yield f"portraits  {self.portraits:,} in {len(self.styles)} styles"
        yield f"trainings  {len(self.styles)} style networks, {own} recognisers, {trained} of {len(self.main)} experiments"
        yield f"disk       {_size(self.disk)}; {_size(shutil.disk_usage(Path.cwd()).free)} are free"
        yield f"time       {_time(self.seconds(gpu, cores))} on {machine}, roughly"
        yield f"download   {', '.join(self.downloads()) or 'nothing'}"

    @property
    def portraits(self) -> int:
        """Portraits that are made, those of further warps included."""
        plain = sum(self.copies(split) for split, _ in experiments.portraits(self.config))
        return plain + sum(
            self.copies(split, warp) for split, warp, _ in experiments.warped_portraits(self.config)
        )

    @property
    def disk(self) -> int:
        """Bytes of all stacks: rendered pictures, faces, portraits, recovered faces."""
        rendered, size = self.config.faces.rendered, self.config.faces.size
        source = 3 * rendered.canvas**2 * rendered.people * rendered.pictures
        faces = sum(self.rows[split] + self.copies(split) for split in self.rows)
        pictures = faces + self.portraits + sum(map(self.recovered, self.main))
        return 3 * size**2 * pictures + (source if self.config.faces.source == "rendered" else 0)

    def seconds(self, gpu: bool, cores: int) -> float:
        """Rough duration: all jobs on so many cores, but no shorter than the longest training; trainings in turn on a GPU."""
        each = [self.training(experiment, gpu) for experiment in self.main if experiment.trained]
        networks = self.painted(self.portraits, gpu) + len(self.styles) * self.style(gpu)
        networks += sum(self.recogniser(name, gpu) for name in self.recognisers)
        networks += sum(self.recovery(experiment, gpu) for experiment in self.main)
        if gpu:
            return sum(each) + networks + self._others() / cores
        return max([*each, (sum(each) + networks + self._others()) / cores])

    def downloads(self) -> list[str]:
        """What must come from the internet and is not here yet."""
        there = [(style.name, style.address) for style in self.styles if style.address.startswith("http")]
        missing = [one for one in there if not paths.downloaded_artwork(*one).exists()]
        needed = [f"{len(missing)} artworks"] if missing else []
        if self.config.styles.features.weights == "imagenet":
            needed.append("VGG-19's ImageNet weights (548 MB)")
        published = [one.weights for one in self.recognisers.values() if one.weights in PUBLISHED_WEIGHTS]
        needed += [f"FaceNet's {weights} weights (110 MB)" for weights in published]
        archive = Path(self.config.faces.celeba.folder, "img_align_celeba.zip")
        if self.config.faces.source == "celeba" and not archive.exists():
            needed.append(f"CelebA ({sum(CELEBA.values()):,} pictures, 1.4 GB)")
        return needed

    # seconds of single jobs, on one core or on a GPU

    def rendering(self) -> float:
        """Of the pictures of people who do not exist."""
        rendered = self.config.faces.rendered
        return RENDER * rendered.people * rendered.pictures * (rendered.canvas / CANVAS) ** 2

    def preparing(self, faces: int) -> float:
        """Of cutting and warping so many faces, and finding them if need be."""
        photos = self.config.faces.source == "photos" and self.config.faces.photos.find
        return (PREPARE + FIND * photos) * faces

    def style(self, gpu: bool) -> float:
        """Of the training of one style network."""
        training, width = self.config.styles.training, self.config.styles.features.width
        window = ((training.crop or self.config.faces.size) / WINDOW) ** 2 * (width / WIDTH) ** GROWTH
        return _on(gpu, STYLE_STEP * window * training.steps * training.batch)

    def painted(self, portraits: int, gpu: bool) -> float:
        """Of making so many portraits."""
        return _on(gpu, PAINT * self.pixels * portraits)

    def recogniser(self, name: str, gpu: bool) -> float:
        """Of a recogniser, which takes no time if its weights are given."""
        found = self.config.recovery.recognisers[name]
        trained = found.weights == TRAINED
        return _on(gpu, RECOGNISER_STEP * found.training.steps * found.training.batch * trained)

    def training(self, experiment: Experiment, gpu: bool) -> float:
        """Of the training of an experiment."""
        rate, faces = _rate(experiment), self.pixels * experiment.training.steps * experiment.training.batch
        return faces * (rate.gpu if gpu else rate.training * self._wider(experiment))

    def recovery(self, experiment: Experiment, gpu: bool) -> float:
        """Of all faces that an experiment recovers."""
        rate, times = _rate(experiment), getattr(experiment.keys, "iterations", 1) * self._wider(experiment)
        return _on(gpu, self.pixels * self.recovered(experiment) * rate.recovery * times, rate.faster)

    def scoring(self, faces: int) -> float:
        """Of scores of so many faces, or of embedding them."""
        return SCORE * self.pixels * faces

    # how much there is of what

    def copies(self, split: str, warp: str | None = None) -> int:
        """Warped faces of a split."""
        warped = self.config.faces.warps[warp] if warp else self.config.faces.warp
        return self.rows[split] * (warped.copies if split == "train" else 1)

    def recovered(self, experiment: Experiment) -> int:
        """Faces that an experiment recovers, of all styles."""
        return len(self.styles) * min(self.rows["test"], experiment.portraits or self.rows["test"])

    def width(self, experiment: Experiment) -> float:
        """Factor on the channels of what computes most in a method."""
        if experiment.method in BY_FEATURES:
            return self.config.styles.features.width
        keys: Any = experiment.keys
        return float(getattr(getattr(keys, "network", keys), "width", _rate(experiment).width))

    def _wider(self, experiment: Experiment) -> float:
        """Factor on a method's time, by the width of what computes most."""
        return float((self.width(experiment) / _rate(experiment).width) ** GROWTH)

    def _others(self) -> float:
        """Seconds on one core of what needs no network."""
        jobs = 60 + 2 * len(self.styles) + 4 * len(self.main)
        rendering = self.rendering() if self.config.faces.source == "rendered" else 0
        scoring = self.scoring(sum(map(self.recovered, self.main)))
        return rendering + self.preparing(sum(self.rows.values())) + scoring + START * jobs


def _rate(experiment: Experiment) -> Rate:
    return RATES.get(experiment.method, Rate())


def _on(gpu: bool, seconds: float, faster: float = FASTER) -> float:
    return seconds / faster if gpu else seconds


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{count / 1e6:,.0f} MB"


def _time(duration: float) -> str:
    minutes = duration / 60
    if minutes < 90:
        return f"{max(1, round(minutes))} minutes"
    hours = minutes / 60
    return f"{round(hours)} hours" if hours < 48 else f"{round(hours / 24):,} days"
