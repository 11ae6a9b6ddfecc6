"""A small project tree with made-up stacks, as the stages before the evaluation would leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ifrp import paths, stacks
from ifrp.artifacts import save_weights
from ifrp.config import Config, styles
from ifrp.config import build as build_config
from ifrp.evaluation import distractors, exposure, identity, quality, summary, yardsticks
from ifrp.provenance import card

STYLES = {"dots": "seen", "waves": "seen", "blocks": "unseen", "pencil": "sketch"}
NOISE = {"input": 70.0, "faced": 40.0, "ifrp": 15.0}  # grey levels
PEOPLE, EACH, SIDE = 6, 3, 32
EVALUATOR = "a" * 64
SOME = [0, 4, 8, 13, 17]
"""places of five test faces, one of each of five people"""


class Evaluator:
    """Sees a face as its coarse colours."""

    fingerprint = EVALUATOR

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        n, side = len(images), images.shape[1] // 4
        coarse = images.astype(np.float32).reshape(n, 4, side, 4, side, 3).mean((2, 4)).reshape(n, -1)
        coarse -= coarse.mean(1, keepdims=True)
        found: NDArray[np.float32] = coarse / np.linalg.norm(coarse, axis=1, keepdims=True)
        return found


def people(prefix: str = "p") -> list[str]:
    return [f"{prefix}{number // EACH}" for number in range(PEOPLE * EACH)]


def real_faces(seed: int = 0) -> NDArray[np.uint8]:
    """Smooth colour fields: one per person, slightly different in each picture."""
    draw = np.random.default_rng(seed)
    coarse = np.repeat(draw.uniform(40, 215, (PEOPLE, 4, 4, 3)), EACH, axis=0)
    coarse = coarse + draw.normal(0, 8, coarse.shape)
    fine = coarse.repeat(SIDE // 4, axis=1).repeat(SIDE // 4, axis=2)
    for axis in (1, 2):
        fine = (np.roll(fine, 2, axis) + np.roll(fine, -2, axis) + fine) / 3
    return fine.clip(0, 255).astype(np.uint8)


def store(
    path: Path,
    images: NDArray[np.uint8],
    inputs: Sequence[Path] = (),
    facts: Mapping[str, object] | None = None,
    places: Sequence[int] | None = None,
    prefix: str = "p",
) -> None:
    """Writes a stack; a recovered one says which places of the test stack it has."""
    with card(path, {}, 1, inputs) as told:
        told.update(facts or {})
        with stacks.create(path, images.shape[:3]) as (into, rows):
            into[:] = images
            for i in range(len(images)) if places is None else places:
                index = {} if places is None else {"index": i}
                person = people(prefix)[i % len(people())]
                rows.append({"file": f"{i}.png", "person": person, "rotation": 3.0 * i - 25, **index})


def recover(
    config: Config, experiment: str, model: bool = False, places: Sequence[int] | None = None
) -> None:
    """Faces recovered from each style: the true ones and noise, the stronger the weaker the experiment."""
    draw, real = np.random.default_rng(1), real_faces()
    kept = list(range(len(real)) if places is None else places)
    for style in styles(config):
        fake = (real + draw.normal(0, NOISE[experiment], real.shape)).clip(0, 255).astype(np.uint8)
        fake = (255 - real if experiment == "input" else fake)[kept]
        inputs = [paths.recovery_model(experiment)] if model else []
        facts = {"faces": len(fake), "ms_per_face": 2.5}
        store(paths.recovered(experiment, style.name), fake, inputs, facts, kept)


def configuration() -> Config:
    values = {
        "styles": {"table": "config/styles.csv"},
        "recovery": {"experiments": {name: {"method": name} for name in NOISE}},
        "evaluation": {"faces": 1000, "resamples": 200},
        "paper": {"examples": 2, "worst": 4, "ablations": {"losses": {"no loss": "input", "all": "ifrp"}}},
    }
    return build_config(values, "the tests")


def build(root: Path) -> Config:
    """Makes the tree under `root`, which must be the working directory."""
    assert Path.cwd() == root
    (root / "config").mkdir()
    rows = [f"{name},{split},drawn,,CC0" for name, split in STYLES.items()]
    (root / "config/styles.csv").write_text("\n".join(["name,split,address,sha256,licence", *rows]) + "\n")
    published = Path(__file__).parent.parent / "config/published.csv"
    (root / "config/published.csv").write_text(published.read_text())
    config = configuration()
    for split, prefix, real in (("train", "t", real_faces(seed=2)), ("test", "p", real_faces())):
        store(paths.faces(split), real, prefix=prefix)
        store(paths.warped(split), np.roll(real, 3, axis=1), prefix=prefix)
        for style in STYLES:
            store(paths.portraits(split, style), 255 - real, prefix=prefix)
    distractors.write(config, "evaluator", Evaluator())
    for experiment in NOISE:
        recover(config, experiment)
    return config


def score(config: Config) -> None:
    """Evaluates everything."""
    yardsticks.write(config, "evaluator", Evaluator())
    exposure.write(config)
    for experiment in config.recovery.experiments:
        quality.write(config, experiment)
        identity.write(config, experiment, "evaluator", Evaluator())
        summary.write(config, experiment)


def train(config: Config) -> None:
    """What training would leave: a model with its card, a curve, and the recovered faces' word that it made them."""
    for number, experiment in enumerate(NOISE):
        if experiment == "input":
            continue
        told = {"training": {"batch": 8}}
        model = paths.recovery_model(experiment)
        with card(model, told, 1) as facts:
            save_weights(
                model, {"generator/weight": torch.zeros(1)}, {"method": experiment, "settings": "{}"}
            )
            parameters = {"generator": 1000, "discriminator": 500}
            facts.update(steps=300, epochs=3.0, training_seconds=61.5, parameters=parameters)
        lines = [f"{step},0,{step / 5},{1 / (step + number)},{10 + step / 50}" for step in range(50, 301, 50)]
        curve = paths.training_curve(experiment)
        curve.parent.mkdir(parents=True)
        curve.write_text("\n".join(["step,epoch,seconds,pixel,validation_psnr", *lines]) + "\n")
        recover(config, experiment, model=True)
    rows = [
        f"{style},{split},combined,{5 + i},{4 - i},{split == 'seen'}"
        for i, (style, split) in enumerate(STYLES.items())
    ]
    paths.STYLE_DISTANCE.parent.mkdir(parents=True)
    paths.STYLE_DISTANCE.write_text("\n".join(["style,split,layer,distance,rank,chosen", *rows]) + "\n")
    pairs = [f"combined,{a},{b},{7 + i}" for i, (a, b) in enumerate(combinations(["faces", *STYLES], 2))]
    paths.STYLE_PAIRS.write_text("\n".join(["layer,a,b,distance", *pairs]) + "\n")


def complete(root: Path) -> Config:
    """The tree with all its results."""
    config = build(root)
    train(config)
    score(config)
    return config


def partly(root: Path) -> Config:
    """A tree in which one experiment recovered the portraits of five test faces only; nothing was trained."""
    config = build(root)
    config.recovery.experiments["faced"]["portraits"] = len(SOME)
    recover(config, "faced", places=SOME)
    score(config)
    return config
