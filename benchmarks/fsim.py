"""FSIM and FSIMc of the evaluation against two calls of piq.fsim, in one run: `python benchmarks/fsim.py`."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from ifrp.compat import prepare_torchvision
from ifrp.evaluation import fsim


def seconds(task: Callable[[], object], repeats: int = 5) -> float:
    """Least CPU time of several runs, in seconds."""
    task()
    found = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    """Prints milliseconds per face of both, and their ratio."""
    prepare_torchvision()
    import piq

    torch.set_num_threads(1)
    torch.manual_seed(0)
    truth, recovered = torch.rand(2, 48, 3, 128, 128) * 255
    truths = fsim.features(truth)

    def peer() -> None:
        for chromatic in (False, True):
            piq.fsim(truth, recovered, data_range=255, reduction="none", chromatic=chromatic)

    ours, theirs = seconds(lambda: fsim.compare(truths, fsim.features(recovered))), seconds(peer)
    print(
        f"ours {ours / 48e-3:.1f} ms, piq {theirs / 48e-3:.1f} ms per face: {theirs / ours:.1f} times faster"
    )


if __name__ == "__main__":
    main()
