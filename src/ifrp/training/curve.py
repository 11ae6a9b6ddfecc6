"""The training curve: a tidy CSV, and where it is asked for the same numbers in DVCLive's layout beside it."""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Any

from ifrp.artifacts import atomic
from ifrp.training.trainee import Row

FIRST = ("step", "epoch", "seconds")


class Curve:
    """Logs rows: step, what tells the time (epoch, seconds), and losses and measures by name.

    Starts anew from the history given, so that a resumed training continues its curve and repeats nothing. DVCLive's
    files serve `dvc plots` and editors; neither Git nor dvc.yaml is touched.

    Args:
        path: of the CSV.
        live: whether DVCLive's folder is beside it.
    """

    def __init__(self, path: Path, live: bool = False) -> None:
        self.path, self.live = path, live
        self.history: list[Row] = []
        self._live: Any = None

    def open(self, history: list[Row]) -> None:
        """Starts with the rows of an earlier run."""
        if self.live:
            from dvclive.live import Live

            logging.getLogger("dvclive").setLevel(logging.ERROR)
            folder = self.path.parent / "dvclive"
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._live = Live(str(folder), report=None, save_dvc_exp=False, dvcyaml=None)
        self.history = []
        for row in history:
            self._log(row)
        self._write()

    def add(self, row: Row) -> None:
        """Appends one row."""
        self._log(row)
        self._write()

    def close(self) -> None:
        """Ends DVCLive's log."""
        if self._live is not None:
            self._live.end()

    def _log(self, row: Row) -> None:
        self.history.append(row)
        if self._live is None:
            return
        self._live.step = int(row["step"])
        try:
            for name, value in row.items():
                if name not in FIRST:
                    self._live.log_metric(name, value)
            self._live.make_summary()
        except OSError as error:
            error.filename = error.filename or str(self.path.parent)
            raise

    def _write(self) -> None:
        columns = {name for row in self.history for name in row}
        names = [*(name for name in FIRST if name in columns), *sorted(columns - set(FIRST))]
        with atomic(self.path) as new, new.open("w", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            for row in self.history:
                writer.writerow({name: _text(value) for name, value in row.items()})


def _text(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"  # all digits of a step
