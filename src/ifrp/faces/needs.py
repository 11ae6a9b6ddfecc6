"""What the faces are made from, for the rules of the workflow, with Snakemake alone installed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ifrp.faces.pictures import Files
from ifrp.steps import looks


def folder_digest(path: str | None) -> str | None:
    """A hash of names, sizes and times of the files in a folder of pictures; none for what is no folder."""
    if not path or not Path(path).is_dir():
        return None
    told = [(name, looks(Path(path, name))) for name in Files(Path(path)).names]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
