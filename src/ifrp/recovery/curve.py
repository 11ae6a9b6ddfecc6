"""The training curve: a tidy CSV, and the same numbers in DVCLive's layout beside it."""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Any

from ifrp.artifacts import atomic

Row = dict[str, float]
FIRST = ("step", "epoch", "seconds")


class Curve:
    """Logs rows with step, epoch, seconds, losses by name, and validation_psnr (dB) where it was measured.

    Starts both logs anew from the history given, so that a resumed training continues them and repeats nothing.
    DVCLive's files serve `dvc plots` and editors; neither Git nor dvc.yaml is touched.

    Args:
        path: of the CSV; DVCLive's folder is beside it.
        history: rows of an earlier run.
    """

    def __init__(self, path: Path, history: list[Row]) -> None:
        from dvclive.live import Live

        logging.getLogger("dvclive").setLevel(logging.ERROR)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.history = path, list[Row]()
        self._live: Any = Live(str(path.parent / "dvclive"), report=None, save_dvc_exp=False, dvcyaml=None)
        for row in history:
            self._log(row)
        self._write()

    def add(self, row: Row) -> None:
        """Appends one row to both logs."""
        self._log(row)
        self._write()

    def close(self) -> None:
        """Ends DVCLive's log."""
        self._live.end()

    def _log(self, row: Row) -> None:
        self.history.append(row)
        self._live.step = int(row["step"])
        for name, value in row.items():
            if name not in FIRST:
                self._live.log_metric(name, value)
        self._live.make_summary()

    def _write(self) -> None:
        names = [*FIRST, *sorted({name for row in self.history for name in row} - set(FIRST))]
        with atomic(self.path) as new, new.open("w", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            for row in self.history:
                writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
