"""`ifrp demo`: a page for the browser on which a face is recovered from a picture; served and computed on this machine alone."""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

LOCAL = "127.0.0.1"


def serve(
    model: str = "ifrp-plus", host: str = LOCAL, port: int | None = None, *, browser: bool = True
) -> None:
    """Serves the page until it is interrupted; its files are deleted at the end.

    Args:
        model: see `Desk`.
        host: address to listen at; 0.0.0.0 lets others on the network use the page.
        port: to listen at; none takes the first that is free from 7860.
        browser: open the page in it.

    Raises:
        IfrpError: there is no such model, or the page cannot be served there.
    """
    with tempfile.TemporaryDirectory(prefix="ifrp-demo-") as folder:
        # Gradio reads it when it is imported, and again where components are made.
        os.environ["GRADIO_TEMP_DIR"] = folder
        from ifrp.recovery.demo.page import Desk, launch, page

        blocks = page(Desk(model, Path(folder)))
        address = launch(blocks, host, port, browser=browser)
        # Pictures are to be deleted then, too.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            print(f"Open {address} in a browser; Ctrl+C ends it.", flush=True)
            signal.pause()
        signal.signal(signal.SIGTERM, before)
        blocks.close(verbose=False)
