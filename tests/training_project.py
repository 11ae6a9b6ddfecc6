"""Interrupting a training, and asking for all of its updates."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from unittest.mock import patch

from ifrp.training.loop import Loop
from ifrp.training.trainee import Gate, Update, Updates


@contextmanager
def told_to_stop(step: int) -> Iterator[None]:
    """Meanwhile each training gets a SIGTERM after so many steps, at the start of the next one."""
    one_step = Loop._one_step

    def interrupted(self: Loop) -> None:
        if self.step == step:
            os.kill(os.getpid(), signal.SIGTERM)
        one_step(self)

    with patch.object(Loop, "_one_step", interrupted):
        yield


def ungated(updates: Updates) -> Iterator[Update]:
    """All updates of a batch, as if every gate said yes to everything."""
    answer: dict[str, bool] | None = None
    with suppress(StopIteration):
        while True:
            asked = next(updates) if answer is None else updates.send(answer)
            answer = dict.fromkeys(asked.optimisers, True) if isinstance(asked, Gate) else None
            if isinstance(asked, Update):
                yield asked
