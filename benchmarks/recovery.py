"""Time per face of models against the first, in one run: `python benchmarks/recovery.py models/recovery/*.safetensors`."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch

from ifrp.recovery import apply, model

FACES, ROUNDS = 128, 24


def main() -> None:
    """Prints each model's milliseconds of one CPU thread per face (median of rounds in turns), and its ratio to the first."""
    torch.set_num_threads(1)
    paths = [Path(name) for name in sys.argv[1:]]
    methods = [model.load(path) for path in paths]
    portraits = np.random.default_rng(0).integers(0, 256, (FACES, 128, 128, 3), np.uint8)
    rounds: list[list[float]] = []
    for _ in range(ROUNDS):
        rounds.append([])
        for method in methods:
            start = time.process_time()
            for _ in apply.recover(method, portraits, torch.device("cpu")):
                pass
            rounds[-1].append((time.process_time() - start) / FACES * 1000)
    for place, path in enumerate(paths):
        own = statistics.median(times[place] for times in rounds[1:])
        ratio = statistics.median(times[place] / times[0] for times in rounds[1:])
        print(f"{path.stem}: {own:.2f} ms per face, {ratio:.2f} of {paths[0].stem}")


if __name__ == "__main__":
    main()
