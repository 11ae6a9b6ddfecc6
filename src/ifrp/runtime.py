"""Device, precision, seeds and progress: what depends on the machine and not on the paper."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ifrp import portable
from ifrp.errors import IfrpError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from lightning_fabric import Fabric
    from numpy.typing import NDArray

    from ifrp.config import Runtime

T = TypeVar("T")
ON_A_GPU = 16
"""times as many pictures at a time as on a processor, whose cache bounds what is fast there"""


def threads() -> int:
    """CPU threads of this process: OMP_NUM_THREADS, which Snakemake sets for each job, else all cores."""
    count = os.environ.get("OMP_NUM_THREADS", "")
    if count.isdigit() and int(count) > 0:
        return int(count)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # macOS


def expects_gpu(runtime: Runtime) -> bool:
    """Whether networks are to run on a GPU, by the configuration and by what this machine has; torch is not asked."""
    return runtime.device == "cuda" or (runtime.device == "auto" and shutil.which("nvidia-smi") is not None)


@contextmanager
def one_thread() -> Iterator[None]:
    """Runs torch with one thread on the processor, and gives it back those that it had."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device(runtime: Runtime) -> torch.device:
    """The configured device, for what is not trained; on a CPU, with the threads of this process.

    Raises:
        IfrpError: a GPU is asked for and there is none.
    """
    import torch

    if runtime.device == "cuda" and not torch.cuda.is_available():
        raise IfrpError(
            "runtime.device is cuda, but torch sees no GPU: set it to auto or cpu, or install a CUDA build of torch."
        )
    if runtime.device == "cuda" or (runtime.device == "auto" and torch.cuda.is_available()):
        return torch.device("cuda", 0)
    torch.set_num_threads(threads())
    portable.replace_approximations()
    return torch.device("cpu")


def batch(on_processor: int, device: torch.device) -> int:
    """How many pictures to compute at a time on a device, from how many do best on a processor."""
    return on_processor * (ON_A_GPU if device.type == "cuda" else 1)


def sent(values: NDArray[Any] | torch.Tensor, device: torch.device) -> torch.Tensor:
    """Values as a tensor on a device. A GPU takes them when it gets there: neither it nor the processor waits for the other."""
    import torch

    tensor = values if isinstance(values, torch.Tensor) else torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def fabric(runtime: Runtime, devices: int | None = None) -> Fabric:
    """Lightning Fabric for the configured device and precision, already launched.

    Args:
        runtime: section `runtime` of the configuration.
        devices: how many GPUs; none: as configured.

    Raises:
        IfrpError: a GPU is asked for and there is none.
    """
    from lightning_fabric import Fabric  # takes as long to import as torch does
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    kind = device(runtime).type
    count = devices or runtime.devices if kind == "cuda" else 1
    # In a step of a Slurm job Lightning would wait to be started once per GPU, and train with one: it starts them itself.
    alone = LightningEnvironment()
    found = Fabric(accelerator=kind, devices=count, precision=runtime.precision, plugins=[alone])
    found.launch()
    return found


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A NumPy generator that depends on the seed and on what it is for, and on nothing else."""
    import numpy as np

    return np.random.default_rng(subseed(seed, *purpose))


def subseed(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed derived from a seed and a purpose, the same on every machine."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogateescape")).digest()[:8], "big") >> 1


def progress(items: Iterable[T], what: str, total: int | None = None, initial: int = 0) -> Iterator[T]:
    """Shows progress and the time left: a bar on a terminal, a line every ten seconds elsewhere; may be nested."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    bar = tqdm(
        items, desc=what, total=total, initial=initial, file=_Lines() if not terminal else sys.stderr,
        position=None if terminal else 0, leave=None if terminal else True,
        mininterval=0.1 if terminal else 10, maxinterval=10 if not terminal else 1, ascii=not terminal,
        bar_format=None if terminal else "{desc}: {n_fmt}/{total_fmt} in {elapsed}, {remaining} left",
    )  # fmt: skip
    yield from bar


class _Lines:
    """Turns the carriage returns of a progress bar into lines, for logs."""

    def write(self, text: str) -> None:
        line = text.strip()
        if line:
            sys.stderr.write(line + "\n")

    def flush(self) -> None:
        sys.stderr.flush()
