"""Interrupting a training."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from ifrp.training.loop import Loop


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
