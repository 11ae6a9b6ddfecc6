"""A project folder with small stacks: faces of coloured blobs, and two "styles" that invert and quantise them.

Further copies of a training face lie lower, as their tables say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ifrp import paths, stacks
from ifrp.config import Config, build

STYLES = ("ink", "wax")
TINY = {
    "ifrp": {
        "network": {"width": 0.1, "residual_blocks": 1},
        "discriminator_width": 0.1,
        "losses": {"identity": 0},
        "optimisation": {"warm_up": 1, "margin": 0},
        "training": {
            "steps": 6,
            "batch": 4,
            "log_every": 2,
            "validate_every": 3,
            "flip": True,
            "average": 0.5,
        },
    },
    "ifrp_plus": {
        "network": {"width": 0.1},
        "aligner_width": 0.1,
        "discriminator_width": 0.1,
        "losses": {"identity": 0},
        "optimisation": {"warm_up": 1, "margin": 0},
        "training": {"steps": 6, "batch": 4, "log_every": 2, "validate_every": 3, "recolour": 0.5},
    },
    "faced": {
        "width": 0.1,
        "discriminator_width": 0.1,
        "optimisation": {"warm_up": 1, "margin": 0},
        "training": {"steps": 6, "batch": 4, "log_every": 2, "validate_every": 3},
    },
    "johnson": {
        "width": 0.1,
        "content_layer": "relu1_2",
        "style_layers": ["relu1_1", "relu2_1"],
        "training": {"steps": 6, "batch": 4, "log_every": 2, "validate_every": 3},
    },
    "gatys": {
        "content_layer": "relu1_2",
        "style_layers": ["relu1_1", "relu2_1"],
        "start": "portrait",
        "iterations": 3,
    },
    "pix2pix": {
        "width": 0.07,
        "discriminator_width": 0.07,
        "training": {"steps": 6, "batch": 4, "log_every": 2, "validate_every": 3},
    },
    "cyclegan": {
        "blocks": 1,
        "width": 0.07,
        "discriminator_width": 0.07,
        "pool": 5,
        "training": {"steps": 6, "batch": 4, "log_every": 2, "validate_every": 3},
    },
    "mgan": {
        "width": 0.05,
        "discriminator_width": 0.05,
        "features": {"weights": "random", "width": 0.05},
        "training": {"steps": 6, "batch": 4, "log_every": 2, "validate_every": 3},
    },
}


def make(
    folder: Path, people: int = 4, pictures: int = 3, size: int = 128, copies: int = 1, **recovery: Any
) -> Config:
    """Writes stacks and a configuration into a folder; the caller has made it the current one."""
    (folder / "config").mkdir(exist_ok=True)
    rows = "".join(f"{name},seen,drawn,,CC0\n" for name in STYLES)
    (folder / "config/styles.csv").write_text("name,split,address,sha256,licence\n" + rows)
    values = {
        "runtime": {"device": "cpu"},
        "faces": {"size": size},
        "styles": {"features": {"weights": "random", "width": 0.1}},
        "recovery": {
            "methods": TINY,
            "experiments": {name: {"method": name} for name in ("input", *TINY)},
            **recovery,
        },
    }
    paths.CONFIG.write_text(yaml.safe_dump(values))
    for number, split in enumerate(("train", "val", "test")):
        random = np.random.default_rng(number)
        _split(split, people, pictures, size, copies if split == "train" else 1, random)
    return build(values, str(paths.CONFIG))


def _split(
    split: str, people: int, pictures: int, size: int, copies: int, random: np.random.Generator
) -> None:
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    images = []
    rows: list[dict[str, object]] = []
    for person in range(people):
        colour, radius = random.uniform(60, 220, 3), random.uniform(0.2, 0.4, 2)
        for picture in range(pictures):
            centre = random.uniform(-0.05, 0.05, 2)
            inside = ((x - centre[0]) / radius[0]) ** 2 + ((y - centre[1]) / radius[1]) ** 2 < 1
            images.append(np.where(inside[..., None], colour, 40).astype(np.uint8))
            rows.append({"file": f"{person}-{picture}.png", "person": f"{split}{person}"})
    faces = np.stack(images)
    with stacks.create(paths.faces(split), faces.shape[:3]) as (written, table):
        written[:] = faces
        table.extend(rows)
    unaligned = np.concatenate([np.roll(faces, 4 * copy, 1) for copy in range(copies)])
    told = [
        {**row, "index": index, "rotation": 0.0, "scale": 1.0, "shift_x": 0.0, "shift_y": 4 * copy / size}
        for copy in range(copies)
        for index, row in enumerate(rows)
    ]
    for style, stack in (("ink", 255 - np.roll(unaligned, 5, 1)), ("wax", unaligned[:, ::-1] // 64 * 64)):
        with stacks.create(paths.portraits(split, style), stack.shape[:3]) as (written, table):
            written[:] = stack
            table.extend(told)
