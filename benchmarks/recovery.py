"""Time per face of models on a processor: as they were trained, as they recover, and in ONNX Runtime, in one run.

`python benchmarks/recovery.py [MODEL ...]` takes names and files as `ifrp recover --model` does; by default the two that come
with the package. Threads: `OMP_NUM_THREADS`. The decibels are PSNR between what a variant and the trained network recover.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import Figure, alternating, machine, report
from numpy.typing import NDArray

from ifrp import paths, runtime
from ifrp.config import Runtime
from ifrp.recovery import apply, export, portrait
from ifrp.recovery.inference import optimised, supports_bfloat16
from ifrp.recovery.method import Method
from ifrp.stacks import Images

TRAINED = "as trained"


def main() -> None:
    """Prints milliseconds per face of each model and variant, in batches and one at a time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=portrait.shipped())
    parser.add_argument("--output", type=Path, help="CSV to write the figures to")
    parser.add_argument("--faces", type=int, default=64, help="in batches; an eighth of them one at a time")
    parser.add_argument(
        "--rounds", type=int, default=9, help="in which the variants take turns; their median counts"
    )
    options = parser.parse_args()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    runtime.device(Runtime(device="cpu"))
    figures: list[Figure] = []
    for name in options.models:
        variants = loaded(name)
        for what, count, step in (
            (f"batches of {apply.BATCH}", options.faces, apply.BATCH),
            ("one at a time", max(1, options.faces // 8), 1),
        ):
            figures += timed(f"{Path(name).stem}, {what}", variants, portraits(count), step, options.rounds)
    report(figures, options.output)


def loaded(name: str) -> dict[str, Callable[[Images], Images]]:
    """What recovers a batch, by variant."""
    import onnxruntime

    device = torch.device("cpu")
    trained = portrait.load(name, "cpu").method
    with tempfile.TemporaryDirectory() as folder:
        export.onnx(name, Path(folder, "model.onnx"))
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = runtime.threads()
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")  # into the next one's time
        session = onnxruntime.InferenceSession(Path(folder, "model.onnx"), settings)
    found: dict[str, Callable[[Images], Images]] = {
        TRAINED: partial(recovered, trained),
        "batch norm folded": partial(recovered, optimised(trained, device, bfloat16=False)),
        "ONNX Runtime": lambda images: session.run(None, {"portraits": images})[0],
    }
    if supports_bfloat16(device):
        found["batch norm folded, bfloat16"] = partial(recovered, optimised(trained, device, bfloat16=True))
    return found


def recovered(method: Method[Any], images: Images) -> Images:
    """A batch of faces."""
    with torch.no_grad():
        found: Images = apply.recovered(method, torch.from_numpy(images)).numpy()
    return found


def portraits(count: int) -> Images:
    """Portraits of the shipped paintings' faces, over and over."""
    model = portrait.load("small", "cpu")
    seen = [model.recover(path).portrait.image for path in sorted(paths.EXAMPLES.iterdir())]
    return np.stack([seen[number % len(seen)] for number in range(count)])


def timed(
    what: str, variants: dict[str, Callable[[Images], Images]], images: Images, step: int, rounds: int
) -> list[Figure]:
    """Figures of all variants against the trained network."""
    batches = [images[start : start + step] for start in range(0, len(images), step)]
    made: dict[str, NDArray[np.float64]] = {}

    def run(name: str) -> None:
        made[name] = np.concatenate([variants[name](batch) for batch in batches]).astype(np.float64)

    seconds = alternating({name: partial(run, name) for name in variants}, rounds)
    figures = []
    for name, own in seconds.items():
        error = np.square(made[name] - made[TRAINED])
        decibels = 10 * np.log10(255**2 / error.mean()) if error.any() else np.inf
        figures.append(
            Figure(
                what=f"{what}, {name}",
                unit="ms per face",
                value=1000 * own / len(images),
                machine=machine(),
                peer=TRAINED,
                peer_value=1000 * seconds[TRAINED] / len(images),
                ratio=seconds[TRAINED] / own,
                note=f"{decibels:.0f} dB, at most {np.sqrt(error.max()):.0f} levels from it",
            )
        )
    return figures


if __name__ == "__main__":
    main()
