"""The provenance card beside each artifact: how it came to be, and from what."""

from __future__ import annotations

import functools
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from ifrp import portable
from ifrp.artifacts import atomic, checksum, hexdigest, require_writable
from ifrp.errors import IfrpError, brief, sentence

COMPUTING: Final = {
    "facenet_pytorch": "facenet-pytorch", "lightning_fabric": "lightning-fabric", "matplotlib": "matplotlib", "numba": "numba",
    "numpy": "numpy", "pandas": "pandas", "PIL": "pillow", "scipy": "scipy", "skimage": "scikit-image", "torch": "torch",
    "torchvision": "torchvision", "typst": "typst",
}  # fmt: skip
"""modules of which results may depend on the version, and the packages that they come in"""
CARD: dict[str, type | tuple[type, ...]] = {
    "artifact": str, "command": str, "code": str, "settings": dict, "packages": dict, "machine": dict, "seconds": (int, float),
    "inputs": dict, "facts": dict,
}  # fmt: skip
"""entries of a provenance card that others go by, and what each is"""


def _code_version() -> str:
    from ifrp import __version__

    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return f"{__version__}+{described.stdout.strip()}" if described.returncode == 0 else __version__


def card_path(artifact: Path) -> Path:
    """The provenance card of an artifact: `<name>.json` beside it.

    Raises:
        IfrpError: the path has no name, such as `.` or `/`.
    """
    if not artifact.name:
        raise IfrpError(f"{artifact} is a folder: name a file that was made, such as a table or a model.")
    return artifact.with_suffix(".json")


@contextmanager
def card(
    artifact: Path, settings: Mapping[str, Any], seed: int, inputs: Sequence[Path] = ()
) -> Iterator[dict[str, Any]]:
    """Writes the provenance card of `artifact` when the block ends well, with the block's duration and peak memory.

    Yields:
        A dictionary for further facts (counts, scores), kept under "facts". A .json artifact is a card itself.

    Raises:
        OSError: the artifact cannot be written where it is to lie; that is tried before the block.
    """
    require_writable(artifact)
    start, facts = time.monotonic(), dict[str, Any]()
    yield facts
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peak *= 1 if sys.platform == "darwin" else 1024  # bytes on macOS, kilobytes elsewhere
    content = {
        "artifact": str(artifact),
        "sha256": hexdigest(artifact) if artifact.exists() and artifact != card_path(artifact) else None,
        "command": " ".join(["ifrp", *sys.argv[1:]]),
        "code": _code_version(),
        "settings": dict(settings),
        "seed": seed,
        "packages": {name: installed(name) for module, name in COMPUTING.items() if module in sys.modules},
        "machine": {
            "system": platform.system(),
            "processor": processor(),
            "cores": os.cpu_count(),
            "portable": portable.settled(),
            **_torch(),
        },
        "seconds": round(time.monotonic() - start, 2),
        "peak_memory_mb": round(peak / 2**20),
        "inputs": {str(path): checksum(path) for path in inputs},
        "facts": facts,
    }
    with atomic(card_path(artifact)) as new:
        new.write_text(json.dumps(content, indent=2, default=str) + "\n")


@functools.cache
def installed(package: str) -> str | None:
    """The version of a package that is installed here, none if it is not."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """The processor's name, where the system tells it; else its architecture."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _torch() -> dict[str, Any]:
    if "torch" not in sys.modules:
        return {}
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"threads": torch.get_num_threads(), "gpu": gpu}


class Entries(dict[str, Any]):
    """What a provenance card says, or a part of it: an entry that it lacks is a sentence, not a KeyError."""

    path: Path

    def __missing__(self, key: str) -> Any:
        raise IfrpError(f"{self.path} does not say {key}: make what it belongs to again, with this version.")


def read_card(artifact: Path) -> dict[str, Any]:
    """The provenance card of an artifact.

    Raises:
        IfrpError: there is none, or it is damaged, or of something else; and later, when an entry is asked for that it lacks.
    """
    path = card_path(artifact)
    if not path.exists():
        raise IfrpError(f"{artifact} has no provenance card ({path}): it was not made by this workflow.")

    def entries(values: dict[str, Any]) -> Entries:
        found = Entries(values)
        found.path = path
        return found

    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_hook=entries)
    except OSError as error:
        raise IfrpError(sentence(error, path)) from error
    except (ValueError, RecursionError) as error:
        raise IfrpError(f"{path} is no provenance card ({brief(error)}): make {artifact} again.") from error
    if not isinstance(found, Entries):
        raise IfrpError(f"{path} is no provenance card, a mapping of names: make {artifact} again.")
    for key, kind in CARD.items():
        if key in found and not isinstance(found[key], kind):
            raise IfrpError(
                f"{path} is no provenance card of this workflow, by its entry {key}: make {artifact} again."
            )
    return found
