"""Lets torchvision be imported beside a torch build that its compiled operators do not fit."""

from importlib.util import find_spec
from pathlib import Path

import torch

_library: torch.library.Library | None = None


def _native_operators_load() -> bool:
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    for name in ("_C.so", "_C.pyd"):
        path = Path(spec.origin).parent / name
        if path.exists():
            try:
                torch.ops.load_library(str(path))
            except OSError:
                return False
            return True
    return False


def prepare_torchvision() -> None:
    """Makes `import torchvision` safe, and with it facenet-pytorch and piq.

    PyPI's torchvision is a CUDA build; beside a CPU-only torch its import fails with "operator
    torchvision::nms does not exist". Registering the schema of the two operators that its import refers to
    is enough: nothing in this project calls them. Does nothing where the native operators load.
    """
    global _library
    if _library is not None or _native_operators_load():
        return
    _library = torch.library.Library("torchvision", "DEF")
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
