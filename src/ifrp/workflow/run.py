"""The run that a Snakefile describes: its resolved configuration, and what each rule asks of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import yaml

from ifrp import paths
from ifrp.artifacts import atomic
from ifrp.config import Config, build, experiments, merge, plain, read, selected, styles
from ifrp.config.checking import RUN, TRAINED, check
from ifrp.config.reading import refuse_twins
from ifrp.faces.files import Files
from ifrp.paper import documents, figures, tables
from ifrp.paper.part import Part
from ifrp.paths import files
from ifrp.provenance import card_path
from ifrp.workflow import code
from ifrp.workflow.resources import Resources


def command_line(settings: Any) -> dict[str, Any]:
    """What the command line says of the configuration: its files, read here once more and strictly, under `--config`.

    Args:
        settings: Snakemake's `ConfigSettings`.

    Raises:
        IfrpError: a file cannot be read, or a key comes twice in it or in a value of `--config`.
    """
    from snakemake.cli import get_argument_parser

    options, _ = get_argument_parser().parse_known_args(sys.argv[1:])
    for entry in options.config or ():
        refuse_twins(entry.partition("=")[2], f"--config {entry.partition('=')[0]}")
    layers = [read(Path(os.path.relpath(path))) for path in settings.configfiles]
    return reduce(merge, [*layers, settings.config], dict[str, Any]())


def resolve(overrides: Mapping[str, Any], *, alone: bool = False, by: str = "the command line") -> Config:
    """The configuration of a run: config/config.yaml, under the preset, under what the command line says.

    Args:
        overrides: plain values from `--configfile` and `--config`.
        alone: `overrides` is the whole configuration (`--replace-workflow-config`).
        by: what says so, for a sentence.

    Raises:
        IfrpError: a file is missing or a value does not fit.
    """
    where = by if alone else f"{paths.CONFIG}{f' under {by}' if overrides else ''}"
    return build({} if alone else read(paths.CONFIG), where, overrides)


def write(config: Config, path: Path) -> None:
    """Writes a configuration as YAML."""
    with atomic(path) as new:
        new.write_text(yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True))


def fingerprint(path: Path) -> list[int] | None:
    """Size and time of a file, none if it is gone."""
    if not path.exists():
        return None
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def card(artifact: Path) -> str:
    """The provenance card of an artifact."""
    return str(card_path(artifact))


def with_cards(artifacts: Iterable[Path]) -> list[str]:
    """Artifacts and their provenance cards."""
    return [file for path in artifacts for file in (str(path), card(path))]


def local_file(value: str | None) -> list[str]:
    """The file that a setting names, if it names one."""
    return seen([value] if value and Path(value).is_file() else [])


def seen(paths: Iterable[str]) -> list[str]:
    """Those of the user's files that can be inputs of a rule: jobs read the others as well, but their changes are not seen.

    Snakemake takes {word} in the path of an input for a wildcard, and has no other way to write it.
    """
    return [path for path in paths if not re.search(r"{\s*\w", path)]


def literal(text: str) -> str:
    """Text as Snakemake reads it where it would take {word} for a wildcard: a brace is doubled."""
    return text.replace("{", "{{").replace("}", "}}")


class Run:
    """The configuration of one run of Snakemake, and what follows from it.

    What is not the same for all jobs of a rule is a method of the job's wildcards, for `input:` and `params:`.

    Args:
        overrides: plain values from `--configfile` and `--config`.
        alone: they are the whole configuration.

    Raises:
        IfrpError: the configuration does not fit, or an experiment or figure in it cannot be.
    """

    def __init__(self, overrides: Mapping[str, Any], *, alone: bool = False) -> None:
        self.began = time.time()
        self.config = resolve(overrides, alone=alone)
        check(self.config, RUN)
        self.styles = {style.name: style for style in styles(self.config)}
        self.splits = {name: style.split for name, style in self.styles.items()}
        self.every = experiments.every(self.config)
        self.experiments = list(self.config.recovery.experiments)
        self.recovered = [experiment.name for experiment in experiments.main(self.config)]
        self.trained = [name for name in self.recovered if self.every[name].trained]
        self.evaluator = self.config.evaluation.recogniser
        self.recognisers = experiments.recognisers(self.config)
        self.resources = Resources(self.config, self.every)
        self.tables = Parts(self, "table", tables.find)
        self.figures = Parts(self, "figure", figures.find)
        self.printed = {name: files(of.products(self.config)) for name, of in documents.DOCUMENTS.items()}

    # the run as a whole

    @cached_property
    def frozen(self) -> Path:
        """Where the resolved configuration is kept for the jobs: a file named by its content and the style table's."""
        text = json.dumps([plain(self.config), plain(self.styles)])
        return Path(".snakemake/config", f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml")

    def freeze(self) -> None:
        """Writes the resolved configuration, before the first job."""
        if not self.frozen.exists():
            write(self.config, self.frozen)

    def ending(self, steps: int) -> str:
        """What to say when that many jobs are done: how long it took, and where to look."""
        minutes, seconds = divmod(round(time.time() - self.began), 60)
        lines = [f"{steps} steps in {minutes}:{seconds:02} minutes."]
        printed = [paths.document(name) for name in documents.DOCUMENTS]
        if new := [str(path) for path in printed if path.exists() and path.stat().st_mtime >= self.began]:
            lines.append(
                f"Look at {' and '.join(new)}; the tables and figures lie beside it, and notebooks open with "
                "`jupyter lab notebooks/`."
            )
            lines.append(f"`ifrp why {paths.table('quality')}` says where a file comes from.")
        return "\n".join(lines) + "\n"

    @property
    def shell_prefix(self) -> str:
        """Lets jobs find their configuration, this clone's code, and the command `ifrp` of the environment or of this Python.

        An environment may have been made from another clone: with `--conda-prefix`, or one `.venv` for several.
        """
        beside, own = (shlex.quote(str(path)) for path in (Path(sys.executable).parent, code.PACKAGE.parent))
        return literal(
            f"set -euo pipefail; export IFRP_CONFIG={self.frozen} PATH=$PATH:{beside} "
            f"PYTHONPATH={own}${{PYTHONPATH:+:$PYTHONPATH}}; "
        )

    @property
    def environment(self) -> str:
        """The conda environment of all rules, by its absolute path."""
        return literal(str(code.PACKAGE.parents[1] / "environment.yml"))

    @staticmethod
    def any_of(names: Iterable[str]) -> str:
        """A pattern that these names alone match, for a wildcard: Snakemake then has no rule for another one."""
        return "|".join(map(re.escape, names)) or "(?!)"

    def settings(self, *keys: str) -> dict[str, Any]:
        """Values of configuration keys such as `faces.warp`, so that a change of them reruns the step.

        Raises:
            IfrpError: there is no such key.
        """
        return selected(self.config, *keys)

    def code(self, group: str, verb: str, *modules: str) -> list[str]:
        """Source files that a verb runs, and with them what it finds by name: `modules`."""
        package = Path(os.path.relpath(code.PACKAGE))
        return [str(package / path) for path in code.sources(group, verb, *modules)]

    # faces

    @property
    def faces(self) -> list[Path]:
        """Stacks of faces, aligned and warped."""
        return [of(split) for split in ("train", "val", "test") for of in (paths.faces, paths.warped)]

    @cached_property
    def warped(self) -> list[tuple[str, str, str]]:
        """Split, warp and style of the portraits of main experiments with a warp of their own."""
        return experiments.warped_portraits(self.config)

    @property
    def celeba(self) -> str:
        """The provenance card of CelebA's local copy."""
        return str(Path(self.config.faces.celeba.folder, "img_align_celeba.json"))

    @property
    def face_source(self) -> list[str]:
        """What faces are prepared from."""
        photos = self.config.faces.photos
        return {
            "rendered": files([paths.RENDERED]),
            "celeba": [self.celeba],
            "photos": seen(path for path in (photos.path, photos.identities) if path),
        }[self.config.faces.source]

    @property
    def face_settings(self) -> dict[str, Any]:
        """Configuration of faces, of the source in use alone."""
        keys = ("seed", "faces.source", "faces.size", "faces.split", "faces.warp")
        return self.settings(*keys, f"faces.{self.config.faces.source}")

    def pictures(self, wildcards: object) -> str | None:
        """What the photos look like, if they lie in a folder, whose own time does not tell."""
        return folder_digest(self.config.faces.photos.path) if self.config.faces.source == "photos" else None

    def warp_settings(self, wildcards: Any) -> dict[str, Any]:
        """Configuration of one more misalignment."""
        return self.settings("seed", f"faces.warps.{wildcards.warp}")

    # styles and portraits

    @property
    def features(self) -> list[str]:
        """The file of weights for perceptual features, if they come from one."""
        return local_file(self.config.styles.features.weights)

    @property
    def portraits(self) -> list[tuple[str, str]]:
        """Split and style of the portraits of the main experiments."""
        return experiments.portraits(self.config)

    def style_row(self, wildcards: Any) -> Any:
        """The style's row of the style table."""
        return plain(self.styles[wildcards.style])

    def artwork(self, wildcards: Any) -> list[str]:
        """The artwork's picture, if the style table names a file rather than an address."""
        return local_file(self.styles[wildcards.style].address)

    # recovery

    def recogniser_settings(self, wildcards: Any) -> dict[str, Any]:
        """Configuration of one recogniser."""
        return self.settings(f"recovery.recognisers.{wildcards.name}")

    @property
    def recognisers_given(self) -> bool:
        """Whether no recogniser is trained: weights are then downloaded, or read from files."""
        used = {*self.recognisers, *self.config.evaluation.others}
        return all(self.config.recovery.recognisers[name].weights != TRAINED for name in used)

    def recogniser_inputs(self, wildcards: Any) -> list[str]:
        """Training faces for a recogniser that the workflow trains, else its file of weights."""
        weights = self.config.recovery.recognisers[wildcards.name].weights
        return files([paths.faces("train")]) if weights == TRAINED else local_file(weights)

    def train_code(self, wildcards: Any) -> list[str]:
        """Code of a training, that of its method included."""
        return self.code("recovery", "train", self.every[wildcards.experiment].module)

    def apply_code(self, wildcards: Any) -> list[str]:
        """Code of a recovery, that of its method included."""
        return self.code("recovery", "apply", self.every[wildcards.experiment].module)

    def experiment_settings(self, wildcards: Any) -> dict[str, Any]:
        """All that an experiment goes by."""
        return self.every[wildcards.experiment].depends

    def training_settings(self, wildcards: Any) -> dict[str, Any]:
        """The same, without what only recovery goes by."""
        return self.every[wildcards.experiment].training_depends

    def pairs(self, wildcards: Any) -> list[str]:
        """Portraits and faces that an experiment is trained and validated on."""
        experiment = self.every[wildcards.experiment]
        portraits = [paths.portraits(split, style, experiment.warp) for split, style in experiment.seen]
        return files([paths.faces("train"), paths.faces("val"), *portraits])

    def loss_networks(self, wildcards: Any) -> list[str]:
        """Weights of the recognisers in an experiment's losses, and of perceptual features if from a file."""
        return files(map(paths.recogniser, self.every[wildcards.experiment].recognisers)) + self.features

    def networks(self, wildcards: Any) -> list[str]:
        """The trained networks of an experiment, if its method has any."""
        return files(self.every[wildcards.experiment].networks)

    def recovers_with(self, wildcards: Any) -> list[str]:
        """What an experiment recovers with: its networks, or the faces and features that its method looks at."""
        experiment = self.every[wildcards.experiment]
        return files(experiment.recovers_with) + (self.features if experiment.facts.reference else [])

    # evaluation

    def scores(self, experiment: str) -> list[Path]:
        """What the summary of an experiment is made of."""
        by_evaluator = [of(experiment, self.evaluator) for of in (paths.identity, paths.consistency)]
        return [paths.quality(experiment), *by_evaluator]

    # paper

    @property
    def documents(self) -> dict[str, str]:
        """The documents, by the name of the file of their numbers."""
        return {paths.numbers(name).stem: name for name in documents.DOCUMENTS}

    def numbered(self, wildcards: Any) -> str:
        """The document that quotes these numbers."""
        return self.documents[wildcards.numbers]

    def numbers_inputs(self, wildcards: Any) -> list[str]:
        """What the numbers of a document are taken from."""
        return files(documents.find(self.numbered(wildcards)).counts(self.config))

    def numbers_rows(self, wildcards: Any) -> list[str]:
        """The experiments that a document tells of."""
        return documents.find(self.numbered(wildcards)).experiments(self.config)

    def document(self, name: str) -> list[str]:
        """The tables, figures and numbers of a document."""
        return files(documents.find(name).reads(self.config))

    def document_inputs(self, wildcards: Any) -> list[str]:
        """The same, by wildcards."""
        return self.document(wildcards.document)

    def document_order(self, wildcards: Any) -> dict[str, list[str]]:
        """The tables and figures of a document, as it shows them."""
        return documents.find(wildcards.document).order(self.config)

    @property
    def texts(self) -> list[str]:
        """The text of all documents."""
        return files(paths.texts())

    @property
    def notebooks(self) -> list[str]:
        """Names of the notebooks."""
        return sorted(path.stem for path in paths.notebook("").parent.glob("*.ipynb"))


class Parts:
    """What the rule of tables, or of figures, asks: each says it of itself, see `ifrp.paper.part`.

    Args:
        run: the run.
        verb: of `ifrp paper`, that makes one.
        find: one by its name.
    """

    def __init__(self, run: Run, verb: str, find: Callable[[Config, str], Part]) -> None:
        self._run, self._verb, self._find = run, verb, find

    def inputs(self, wildcards: Any) -> list[str]:
        """What it is made from."""
        return seen(self._part(wildcards).files(self._run.config))

    def code(self, wildcards: Any) -> list[str]:
        """Code that makes it; of figures that run a network, its method's too."""
        return self._run.code("paper", self._verb, *self._part(wildcards).modules(self._run.config))

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """The experiments that it shows, and what else it goes by."""
        return self._part(wildcards).depends(self._run.config)

    def shows(self, wildcards: Any) -> str:
        """What the report says of it."""
        return self._part(wildcards).description

    def _part(self, wildcards: Any) -> Part:
        return self._find(self._run.config, wildcards.name)


def folder_digest(path: str | None) -> str | None:
    """A hash of names, sizes and times of the files in a folder of pictures; none for what is no folder."""
    if not path or not Path(path).is_dir():
        return None
    files = [(name, fingerprint(Path(path, name))) for name in Files(Path(path)).names]
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()
