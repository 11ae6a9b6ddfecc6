"""A model for other runtimes: one ONNX graph, or a folder in the layout of the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from ifrp.artifacts import atomic, require_suffix, require_writable
from ifrp.config.sections import SOURCES
from ifrp.errors import IfrpError
from ifrp.provenance import card_path, read_card
from ifrp.recovery import model, portrait
from ifrp.recovery.apply import recovered
from ifrp.recovery.portrait import Model

OPSET = 18  # the first in which torch's exporter writes the sampling of a spatial transformer as one operator
TASK = "image-to-image"
FRONT = {
    "license": "other",
    "license_name": "non-commercial-research",
    "library_name": "ifrp",
    "pipeline_tag": TASK,
    "tags": ["face-recovery", "style-removal", "portraits"],
}
METRICS = {
    "psnr": "PSNR (dB)", "ssim": "SSIM", "fsim": "FSIM", "fsimc": "FSIMc", "frr": "FRR (%)", "rank1": "rank-1 (%)",
    "rank1-distractors": "rank-1 among distractors (%)", "cosine": "cosine",
}  # fmt: skip
"""the scores of which a model card tells, and how it names them"""
CARD = """---
{front}---

# {name}

{method}, trained on portraits in the styles {styles}: a portrait of {size}×{size} pixels, cropped as in training, to the
photorealistic face. By `ifrp`, after *Identity-preserving Face Recovery from Stylized Portraits* (Shiri et al., IJCV 2019,
doi 10.1007/s11263-019-01169-1).

```python
import ifrp

ifrp.load("{name}").recover("painting.jpg").face.save("face.png")
```

A recovered face is a guess, and must not be used to identify anybody. Data, scores and limits: the model card of `ifrp`,
`docs/model-card.md`.
"""


class _Graph(nn.Module):
    """Bytes to bytes, so that who runs it needs to know of no scaling."""

    def __init__(self, recoverer: Model) -> None:
        super().__init__()
        self.method = recoverer.method
        self.networks = nn.ModuleDict({name: self.method.networks[name] for name in self.method.kept})

    def forward(self, portraits: Tensor) -> Tensor:
        return recovered(self.method, portraits)


def onnx(name: str, output: Path) -> None:
    """Writes a model as one ONNX graph: `portraits` to `faces`, uint8 (N, S, S, 3) RGB, any N.

    Args:
        name: see `portrait.find`.
        output: ends in .onnx.

    Raises:
        IfrpError: there is no such model, the output cannot be written, or the package that writes ONNX is not installed.
    """
    require_suffix(output, ".onnx", "--output")
    require_writable(output)
    recoverer = portrait.load(name, "cpu")
    example = torch.zeros(2, recoverer.size, recoverer.size, 3, dtype=torch.uint8)
    with atomic(output) as new:
        try:
            torch.onnx.export(
                _Graph(recoverer).eval(), (example,), new,
                input_names=["portraits"], output_names=["faces"], opset_version=OPSET, dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("portraits")},), external_data=False, verbose=False,
            )  # fmt: skip
        except (ModuleNotFoundError, torch.onnx.OnnxExporterError) as error:
            raise IfrpError(f"{name} cannot be exported ({error}): `pip install 'ifrp[onnx]'`.") from error


def huggingface(name: str, output: Path) -> None:
    """Writes a model as a folder that `ifrp.load` reads, here or from the hub: model.safetensors, config.json, README.md.

    The scores in the card of a released model are the README's model index.

    Args:
        name: see `portrait.find`.
        output: the folder.

    Raises:
        IfrpError: there is no such model, or the output cannot be written.
    """
    require_writable(output / "model.safetensors")
    source = portrait.find(name)
    header = model.header(source, "size", "styles")
    config = {key: _parsed(value) for key, value in header.items()}
    styles = ", ".join(json.loads(header["styles"]))
    front = yaml.safe_dump({**FRONT, **model_index(output.name, source)}, sort_keys=False)
    card = CARD.format(
        front=front, name=output.name, method=header["method"], styles=styles, size=header["size"]
    )
    with atomic(output / "model.safetensors") as new:
        new.write_bytes(source.read_bytes())
    for file, text in (("config.json", json.dumps(config, indent=2) + "\n"), ("README.md", card)):
        with atomic(output / file) as new:
            new.write_text(text)


def model_index(name: str, model: Path) -> dict[str, Any]:
    """The scores that the card of a model tells, as a model index of the Hugging Face hub; nothing, if it tells none.

    Args:
        name: of the model on the hub.
        model: its file.
    """
    facts = read_card(model)["facts"] if card_path(model).exists() else {}
    results = []
    for split, scores in facts.get("scores", {}).items():
        metrics = [
            {"type": metric, "name": METRICS[metric], "value": value}
            for metric, value in scores.items()
            if metric in METRICS
        ]
        styles = "all styles" if split == "all" else f"{split} styles"
        dataset = {"type": "portraits", "name": f"Portraits of {SOURCES[facts['scored_on']]}, {styles}"}
        dataset |= {"config": split, "split": "test"}
        task = {"type": TASK, "name": "Face recovery"}
        results.append({"task": task, "dataset": dataset, "metrics": metrics})
    return {"model-index": [{"name": name, "results": results}]} if results else {}


FORMATS: dict[str, Callable[[str, Path], None]] = {"onnx": onnx, "huggingface": huggingface}


def _parsed(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
