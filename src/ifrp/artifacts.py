"""Artifacts that are never half-written, weights that load strictly, and a provenance card beside each."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifrp.errors import IfrpError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn


HEADER = "ifrp"
"""the entry of a safetensors file's header in which the metadata are, as JSON"""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yields a temporary path in the same folder, with the same suffix; renames it when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def writable(path: Path, suffix: str, option: str) -> None:
    """Checks, before hours of work, that something can be written: its name says what it is, and its folder takes files.

    Args:
        path: what is going to be written; a file, or with no suffix wanted a folder. Nothing of it is made yet.
        suffix: how the name of the file must end, which no file of another kind does.
        option: what names it on the command line, for the message.

    Raises:
        IfrpError: it ends otherwise, is a folder where a file is wanted or the reverse, or nothing can be written there.
    """
    if suffix and (path.suffix.lower() != suffix or path.is_dir()):
        raise IfrpError(f"{option} {path}: name a file that ends in {suffix}.")
    folder = path.parent if suffix else path
    try:
        there = next(above for above in (folder, *folder.absolute().parents) if above.exists())
        if not there.is_dir():
            raise IfrpError(f"{option} {path}: {there} is a file: name another folder.")
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise IfrpError(
            f"{option} {path} cannot be written ({error.strerror}): name another place."
        ) from error


def save_weights(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Writes tensors as safetensors, atomically.

    Args:
        path: ends in .safetensors.
        tensors: name to tensor; moved to the CPU and made contiguous.
        metadata: short strings kept in the file's header.
    """
    from safetensors.torch import save_file

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic(path) as new:
        # One entry, because safetensors writes several in an order that differs from run to run.
        save_file(plain, new, metadata={HEADER: json.dumps(dict(metadata or {}), sort_keys=True)})
        new.chmod(0o644)  # safetensors makes files that only their owner can read


def load_weights(path: Path) -> dict[str, Tensor]:
    """Reads weights from .safetensors, or from a torch file with `weights_only=True` (nothing is executed).

    Raises:
        IfrpError: the file is missing, damaged, or holds something else than a dictionary of tensors.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.exists():
        raise IfrpError(f"There are no weights at {path}: check the path, or run the step that trains them.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, EOFError, RuntimeError, ValueError, KeyError) as error:
        raise IfrpError(
            f"{path} cannot be read as weights ({error}): it may be damaged; fetch or train it again."
        ) from error
    except Exception as error:  # pickle.UnpicklingError is private to weights_only loading
        raise IfrpError(
            f"{path} is not a file of plain weights and was not opened ({type(error).__name__})."
        ) from error
    for key in ("state_dict", "net_state_dict"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        raise IfrpError(
            f"{path} does not hold a plain dictionary of tensors: export its state_dict and try again."
        )
    return content


def load_into(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Loads a state dictionary strictly.

    Raises:
        IfrpError: a tensor is missing, unexpected, or has another shape; `path` is named in the message.
    """
    try:
        module.load_state_dict(dict(tensors), strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise IfrpError(f"{path} does not fit {type(module).__name__}: {reason}") from error


def read_header(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file, see `save_weights`.

    Raises:
        IfrpError: the file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            found: dict[str, str] = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            return found
    except (SafetensorError, OSError) as error:
        raise IfrpError(f"{path} cannot be read as a model ({error}): fetch it or train it again.") from error


def save_table(path: Path, table: pd.DataFrame, numbers: str = "%.6g") -> None:
    """Writes a table as CSV, atomically; `numbers` is the printf format of its floats."""
    with atomic(path) as new:
        table.to_csv(new, index=False, float_format=numbers, lineterminator="\n")


def read_table(path: Path) -> pd.DataFrame:
    """Reads a table of faces back: people and files are text (and may be called NA), only what is empty is missing."""
    import pandas as pd

    text = {"person": str, "file": str}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])


def require(paths: Iterable[Path]) -> None:
    """Checks that all inputs of a step exist.

    Raises:
        IfrpError: one does not.
    """
    for path in paths:
        if not path.exists():
            raise IfrpError(f"{path} does not exist: run `snakemake --cores all {path}`.")


def require_settings(
    path: Path, saved: Mapping[str, Any], wanted: Mapping[str, Any], where: str = ""
) -> None:
    """Checks that an artifact that is found by its name was made with the settings of the configuration at hand.

    Args:
        path: of the artifact.
        saved: plain settings that it was made with.
        wanted: those of the configuration, with the same keys in the same order.
        where: what stands before these keys in the configuration, with a dot at its end.

    Raises:
        IfrpError: one differs.
    """
    for key, value in wanted.items():
        other = saved.get(key)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            require_settings(path, other, value, f"{where}{key}.")
        elif other != value:
            raise IfrpError(
                f"{path} was made with another {where}{key} ({other}) than the configuration has ({value}): make it again "
                f"by `snakemake --cores all --force {path}`, or name the preset that it was made with."
            )


def hexdigest(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal checksum of a file, read in blocks; `algorithm` is one of hashlib's."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


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
    """The provenance card of an artifact: `<name>.json` beside it."""
    return artifact.with_suffix(".json")


@contextmanager
def card(
    artifact: Path, settings: Mapping[str, Any], seed: int, inputs: Sequence[Path] = ()
) -> Iterator[dict[str, Any]]:
    """Writes the provenance card of `artifact` when the block ends well, with the block's duration and peak memory.

    Yields:
        A dictionary for further facts (counts, scores), kept under "facts". A .json artifact is a card itself.
    """
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
        "machine": {
            "system": platform.system(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            **_torch(),
        },
        "seconds": round(time.monotonic() - start, 2),
        "peak_memory_mb": round(peak / 2**20),
        "inputs": {str(path): hexdigest(path) for path in inputs},
        "facts": facts,
    }
    with atomic(card_path(artifact)) as new:
        new.write_text(json.dumps(content, indent=2, default=str) + "\n")


def _processor() -> str:
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
    return {"torch": torch.__version__, "threads": torch.get_num_threads(), "gpu": gpu}


def read_card(artifact: Path) -> dict[str, Any]:
    """The provenance card of an artifact.

    Raises:
        IfrpError: there is none.
    """
    path = card_path(artifact)
    if not path.exists():
        raise IfrpError(f"{artifact} has no provenance card ({path}): it was not made by this workflow.")
    found: dict[str, Any] = json.loads(path.read_text())
    return found
