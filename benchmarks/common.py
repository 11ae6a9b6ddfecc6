"""What the benchmarks share: timing in alternating rounds, and one table of figures for all of them."""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil
import torch

from ifrp.provenance import processor


@dataclass(frozen=True)
class Figure:
    """One measured figure, and where there is a peer, the peer's from the same run.

    Attributes:
        what: was measured.
        unit: of the values, such as "ms per face".
        value: ours.
        machine: processor and threads, or GPU.
        peer: the name of what it is compared with.
        peer_value: its value.
        ratio: how many times ours is better.
        note: what a reader must know beside that.
    """

    what: str
    unit: str
    value: float
    machine: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    note: str = ""


def alternating(
    tasks: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each task over rounds in which they take turns, after one round that is not counted."""
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            start = clock()
            task()
            if turn:
                found[name].append(clock() - start)
    return {name: statistics.median(times) for name, times in found.items()}


def private(process: psutil.Process) -> int:
    """Memory of a process that is its own, in bytes: maps of files are not, save on macOS, which does not tell them apart."""
    seen = process.memory_info()
    return int(seen.rss - getattr(seen, "shared", 0))


def machine(device: torch.device | None = None) -> str:
    """What a figure was measured on: the GPU, or the processor and the threads of torch."""
    if device is not None and device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{processor()}, {torch.get_num_threads()} threads"


def report(figures: list[Figure], output: Path | None) -> None:
    """Prints figures; if a CSV is named, writes them to it, and as a table for the documentation to a .md beside it."""
    for figure in figures:
        against = f"; {figure.peer} {figure.peer_value:.4g}: {figure.ratio:.2f} times" if figure.ratio else ""
        note = f" ({figure.note})" if figure.note else ""
        print(f"{figure.what}: {figure.value:.4g} {figure.unit}{against}{note}")
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("w", newline="") as file:
            columns = [entry.name for entry in fields(Figure)]
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(figure) for figure in figures)
        output.with_suffix(".md").write_text("\n".join(table(figures)) + "\n")


def table(figures: list[Figure]) -> list[str]:
    """Lines of a Markdown table of figures, with the machines below it."""
    rows = [("what", "measured", "peer", "times", "")]
    for figure in figures:
        peer = f"{figure.peer}: {_short(figure.peer_value)}" if figure.peer_value is not None else ""
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
        rows.append((figure.what, f"{_short(figure.value)} {figure.unit}", peer, ratio, figure.note))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "| --- | ---: | --- | ---: | --- |")
    return [*lines, "", "; ".join(dict.fromkeys(figure.machine for figure in figures)) + "."]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
