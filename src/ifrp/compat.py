"""Lets torchvision be imported beside a torch build that its compiled operators do not fit."""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

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
    torchvision::nms does not exist". Its import refers to two operators: one gets an implementation, for
    facenet-pytorch's MTCNN calls it, of the other the schema is enough. Does nothing where the native operators load.
    """
    global _library
    if _library is not None or _native_operators_load():
        return
    _library = torch.library.Library("torchvision", "DEF")
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.impl("nms", nms, "CompositeExplicitAutograd")
    import torchvision.extension

    torchvision.extension._has_ops = lambda: True  # asked by torchvision.ops before it calls one


def nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Non-maximum suppression, as torchvision.ops.nms: boxes that no better one covers by more than a threshold.

    Args:
        boxes: (N, 4): left, top, right, bottom.
        scores: (N,).
        threshold: largest intersection over union of two boxes that are both kept, 0–1.

    Returns:
        Indices of those kept, the best first.
    """
    order = scores.argsort(descending=True, stable=True)
    boxes, kept = boxes[order], []
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    left = torch.ones(len(boxes), dtype=torch.bool)
    for i in range(len(boxes)):
        if not left[i]:
            continue
        kept.append(i)
        low, high = torch.maximum(boxes[:, :2], boxes[i, :2]), torch.minimum(boxes[:, 2:], boxes[i, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        left &= (shared <= threshold * (area + area[i] - shared)).cpu()
    return order[torch.tensor(kept, dtype=torch.long)]
