"""What `dvc metrics` and `dvc plots` show: `python -m ifrp.dvcfile` writes it into dvc.yaml, from the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ifrp import paths
from ifrp.artifacts import atomic
from ifrp.config import STYLE_SPLITS, Config, experiments, load

FILE = Path("dvc.yaml")
START = "\nmetrics:\n"


class _Indented(yaml.SafeDumper):
    """Sets lists off from their key, as the rest of dvc.yaml does."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def generate(config: Config) -> dict[str, Any]:
    """The sections `metrics` and `plots`: means, validation and retrieval curves of the main experiments."""
    every, evaluator = list(config.recovery.experiments), config.evaluation.recogniser
    trained = [experiment.name for experiment in experiments.main(config) if experiment.trained]
    validation = {str(paths.validation_curve(name)): "validation_psnr" for name in trained}
    curves = [str(paths.retrieval(name, evaluator)) for name in every]
    plots = [_plot("training", "PSNR of validation faces", "step", "dB", validation)]
    for split in STYLE_SPLITS:
        title = f"Faces whose person is among the nearest, {split} styles"
        plots.append(_plot(f"retrieval-{split}", title, "rank", "%", dict.fromkeys(curves, split)))
    return {"metrics": [str(paths.metrics(name)) for name in every], "plots": plots}


def _plot(name: str, title: str, x: str, y_label: str, y: dict[str, str]) -> dict[str, Any]:
    return {name: {"title": title, "x": x, "x_label": x, "y_label": y_label, "y": y}}


def rewritten(text: str, config: Config) -> str:
    """A dvc.yaml with these sections at its end; what is before them stays as it is."""
    before = text.partition(START)[0].rstrip("\n")
    parts = ({key: value} for key, value in generate(config).items())
    sections = [
        yaml.dump(part, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=1000) for part in parts
    ]
    return "\n".join([f"{before}\n", *sections])


def write() -> None:
    """Rewrites dvc.yaml by config/config.yaml and the preset that it names."""
    text = rewritten(FILE.read_text(), load(paths.CONFIG))
    with atomic(FILE) as new:
        new.write_text(text)


if __name__ == "__main__":
    write()
