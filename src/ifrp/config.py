"""The configuration: one dataclass per section, read strictly, with the paper's values as defaults.

The embedded default (config/config.yaml) and the presets beside it only say what differs from the defaults here.
This module needs nothing but the standard library and PyYAML, because the Snakefile reads the configuration through
it too.
"""

from __future__ import annotations

import csv
import dataclasses
import difflib
import functools
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import yaml

from ifrp.errors import IfrpError
from ifrp.paths import CONFIG

C = TypeVar("C")
Split = Literal["train", "val", "test"]
STYLE_SPLITS = ("seen", "unseen", "sketch")


@dataclass(frozen=True)
class Runtime:
    """What depends on the machine; changing it reruns nothing."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """where networks run; auto takes a GPU if there is one"""
    devices: int = 1
    """number of GPUs that one training uses"""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """number format of training; bf16-mixed pays on GPUs from Ampere on"""
    compile: bool = False
    """compile networks with torch.compile; pays for long trainings on a GPU"""


@dataclass(frozen=True)
class RenderedFaces:
    """The embedded source: parametric heads."""

    people: int = 100
    """number of people"""
    pictures: int = 6
    """pictures of each person"""
    canvas: int = 240
    """side of a rendered picture, in pixels; the central 128/240 of it are the aligned face"""


@dataclass(frozen=True)
class CelebAFaces:
    """CelebA (Liu et al., ICCV 2015), aligned release, 178×218 pixels."""

    folder: str = "data/source/celeba"
    """folder with the official files, or to download them to"""
    mirrors: tuple[str, ...] = ()
    """addresses of folders with the official files, tried in turn before the authors' Google Drive"""
    crop: tuple[float, float, float, float] | None = (34, 54, 107, 133)
    """left, top, width, height of the face, in pixels [inferred: the group's practice]; none: by the landmarks file"""
    official_splits: bool = False
    """keep CelebA's own partition of people into train, val and test, and only draw the faces within each"""
    exclude: tuple[str, ...] = ()
    """CelebA attributes whose faces are left out, such as Eyeglasses or Wearing_Hat"""


@dataclass(frozen=True)
class PhotoFaces:
    """Any folder or zip of face photos."""

    path: str = ""
    """folder (with all its folders) or zip archive of pictures"""
    identities: str | None = None
    """CSV with columns file (path or base name), person (or identity) and those of `landmarks`; none: a person per photo"""
    crop: tuple[float, float, float, float] | None = None
    """left, top, width, height of the face in every picture, upright, in pixels"""
    landmarks: tuple[str, ...] = ()
    """instead of `crop`: columns x, y, … of the eye on the left, the eye on the right and points of the mouth (averaged)"""
    find: bool = False
    """instead of both: find the largest face in each picture, by MTCNN"""


@dataclass(frozen=True)
class Warp:
    """In-plane misalignment (Sec. 4): a random similarity transform of each aligned face."""

    rotation: float = 30.0
    """largest rotation, in degrees, either way [inferred]"""
    angles: tuple[float, ...] = ()
    """draw the rotation from these angles instead (degrees), as in the rotation ablation"""
    scale: tuple[float, float] = (0.8, 1.0)
    """smallest and largest scale of the face [inferred]"""
    shift: float = 0.05
    """largest shift, as a fraction of the face's side, either way [inferred]"""
    copies: int = 1
    """misalignments of each training face, at least 1; validation and test faces have one. Disk, and what a GPU holds of
    it, grow linearly: at 128 pixels, 49 kB for each face and copy, unstylised and in each training style"""

    def __post_init__(self) -> None:
        at_least(1, self, "copies")


@dataclass(frozen=True)
class FaceCounts:
    """Faces in each split; people are never shared."""

    train: int = 110_000
    val: int = 1_000
    test: int = 2_000


@dataclass(frozen=True)
class Faces:
    """Real faces (RF): source, crop, split by person, warp."""

    source: Literal["rendered", "celeba", "photos"] = "rendered"
    """where faces come from"""
    size: int = 128
    """side of a face, in pixels"""
    split: FaceCounts = field(default_factory=FaceCounts)
    warp: Warp = field(default_factory=Warp)
    warps: dict[str, Warp] = field(default_factory=dict)
    """other misalignments of the training faces by name, for experiments that name one as their `warp`"""
    rendered: RenderedFaces = field(default_factory=RenderedFaces)
    celeba: CelebAFaces = field(default_factory=CelebAFaces)
    photos: PhotoFaces = field(default_factory=PhotoFaces)


@dataclass(frozen=True)
class Features:
    """Perceptual features: torchvision's VGG-19."""

    weights: str = "imagenet"
    """imagenet, random, or a file in the layout of torchvision's vgg19"""
    width: float = 1.0
    """fraction of VGG-19's channels; other than 1 only with random weights"""


@dataclass(frozen=True)
class StyleDistance:
    """Log-Euclidean distance between Gram matrices (Sec. 1 and 4)."""

    layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    """VGG-19 layers [inferred]"""
    size: int = 512
    """shorter side of a picture when its features are taken, in pixels [inferred]"""
    epsilon: float = 1e-4
    """ridge added to a Gram matrix, as a fraction of its mean eigenvalue [inferred]"""
    faces: int = 1_000
    """training faces in the average Gram matrix [inferred]"""
    rule: str = "diverse"
    """how styles for training are chosen from the distances; see docs/styles.md"""


@dataclass(frozen=True)
class PerceptualLosses:
    """Content, style and total variation losses on VGG-19 features (Johnson et al., ECCV 2016, Sec. 3.2)."""

    content_layer: str = "relu2_2"
    """VGG-19 layer of the content loss"""
    style_layers: tuple[str, ...] = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    """VGG-19 layers of the style loss"""
    content_weight: float = 1.0
    """weight of the content loss, relative to the size of its target"""
    style_weight: float = 5.0
    """weight of the style loss (mean over layers), relative to the size of its target"""
    variation_weight: float = 1e-6
    """weight of the mean squared difference between neighbouring pixels (values -1 to 1)"""


@dataclass(frozen=True)
class StyleTraining(PerceptualLosses):
    """One feed-forward style network (Johnson et al., ECCV 2016) per artwork."""

    width: float = 1.0
    """fraction of the network's channels"""
    keep: float = 0.0
    """share of the face itself in the network's output before its tanh; above 0 a short training suffices"""
    steps: int = 40_000
    """optimiser steps"""
    batch: int = 4
    """faces per step"""
    crop: int | None = None
    """side of the random square of each face that a step sees, in pixels; none: whole faces"""
    learning_rate: float = 1e-3
    """Adam's step size; it falls linearly to 0"""
    artwork_size: int = 256
    """shorter side of the artwork while training, in pixels: smaller means finer strokes on the face"""

    def __post_init__(self) -> None:
        at_least(1, self, "steps", "batch")
        at_least(32, self, "artwork_size")


@dataclass(frozen=True)
class Styles:
    """Artworks, their distance from faces, and their style networks."""

    table: str = "config/styles.csv"
    """CSV with columns name, split (seen, unseen, sketch), address, sha256, licence"""
    features: Features = field(default_factory=Features)
    distance: StyleDistance = field(default_factory=StyleDistance)
    training: StyleTraining = field(default_factory=StyleTraining)


@dataclass(frozen=True)
class Portraits:
    """Stylised faces (SF)."""

    batch: int = 64
    """faces stylised at a time"""


@dataclass(frozen=True)
class RecogniserTraining:
    """How a recogniser is trained on the people of the training split, if its weights are `trained`."""

    steps: int = 20_000
    """optimiser steps"""
    batch: int = 64
    """faces per step"""
    learning_rate: float = 1e-3
    """largest step size of AdamW; it rises for a tenth of the steps and falls to 0 along a cosine"""
    scale: float = 24.0
    """factor on the cosines before the softmax (CosFace's s)"""
    margin: float = 0.2
    """subtracted from the cosine of the right person (CosFace's m), 0–1"""
    shift: float = 0.05
    """largest random shift, and change of scale, as a fraction of the face's side"""
    rotation: float = 8.0
    """largest random rotation, in degrees"""
    colour: float = 0.2
    """largest random change of brightness, contrast and of each colour channel, as a fraction"""

    def __post_init__(self) -> None:
        at_least(1, self, "steps", "batch")


@dataclass(frozen=True)
class Recogniser:
    """A face recogniser: a network, its weights and what it takes in."""

    network: Literal["facenet", "mobilefacenet"] = "facenet"
    """facenet is facenet-pytorch's InceptionResnetV1"""
    weights: str = "vggface2"
    """vggface2 or casia-webface (facenet only, published), trained (on the training people), or a file"""
    size: tuple[int, int] = (160, 160)
    """height and width of the network's input, in pixels"""
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """left, top, width, height of the part of a face that it sees, as fractions of the face's side"""
    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    """subtracted from red, green and blue, 0–255"""
    deviation: tuple[float, float, float] = (128.0, 128.0, 128.0)
    """divides red, green and blue after that"""
    activation: Literal["prelu", "relu6"] = "prelu"
    """of mobilefacenet; relu6 is a published variant"""
    training: RecogniserTraining = field(default_factory=RecogniserTraining)


def _recognisers() -> dict[str, Recogniser]:
    return {"facenet": Recogniser(), "judge": Recogniser(weights="casia-webface")}


@dataclass(frozen=True)
class Recovery:
    """Experiments: each is a method and what it changes."""

    recognisers: dict[str, Recogniser] = field(default_factory=_recognisers)
    """face recognisers by name: one for the identity loss, another that judges"""
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    """settings of a method for all its experiments, by method; defaults are in the method's module"""
    experiments: dict[str, dict[str, Any]] = field(default_factory=dict)
    """rows of the main tables, by name: `method`, and settings that differ from the method's; `styles` are the training
    styles (default: all seen), `warp` names other training portraits (one of `faces.warps`), `aligned` warps portraits back
    by their true parameters before anything sees them, `portraits` is how many test portraits of each style it recovers
    (default: all), `calibrate` lets it look at portraits of each style first (see `ifrp.recovery.calibration`), `model` names
    another experiment, whose trained networks it takes: then only `portraits` and `calibrate` may differ; null in place of
    all that is a row that is not run"""
    not_run: tuple[str, ...] = ()
    """the rows that are null in `experiments`; filled in by itself"""
    ablations: dict[str, dict[str, Any]] = field(default_factory=dict)
    """more experiments, for the tables of `paper.ablations`; `snakemake ablations` makes them"""
    ablation: dict[str, Any] = field(default_factory=dict)
    """settings of all ablations, under their own"""


@dataclass(frozen=True)
class Evaluation:
    """Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR)."""

    recogniser: str = "judge"
    """which of `recovery.recognisers` judges; never one whose weights were in a loss"""
    others: tuple[str, ...] = ()
    """more judges, for the table that compares them; `snakemake ablations` asks them"""
    top: int = 5
    """a face counts as retrieved if its person is among so many nearest [recalled]"""
    faces: int = 1_000
    """test faces in query and gallery of FRR and FCR [recalled]"""
    resamples: int = 1_000
    """bootstrap resamples over identities for the 95 % intervals"""

    def __post_init__(self) -> None:
        at_least(1, self, "top", "faces", "resamples")


@dataclass(frozen=True)
class Paper:
    """Tables and figures."""

    examples: int = 6
    """faces shown in a comparison figure"""
    experiment: str = "ifrp"
    """the one of `recovery.experiments` that the teaser, the network's drawing and your own portraits show"""
    own: str | None = None
    """folder or zip archive of portraits of your own (paintings, sketches), for the figure `own`; none: no such figure"""
    seeds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """experiments that are one training with several seeds, by row (a name in config/published.csv); a table of ablations"""
    tuning: tuple[str, ...] = ()
    """experiments that were compared on the validation people, the one they started from first; a table of ablations"""
    worst: int = 24
    """faces of each experiment in the worst-case figure"""
    ablations: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """tables of ablations: by table, the experiment of each row; none is a row that is not run. A row's name is that in
    config/published.csv"""


@dataclass(frozen=True)
class Config:
    """The whole configuration, one section per name."""

    preset: str | None = None
    """config/<preset>.yaml is laid over config/config.yaml; config, or none: no preset"""
    seed: int = 1
    """seed of everything that is drawn at random"""
    runtime: Runtime = field(default_factory=Runtime)
    faces: Faces = field(default_factory=Faces)
    styles: Styles = field(default_factory=Styles)
    portraits: Portraits = field(default_factory=Portraits)
    recovery: Recovery = field(default_factory=Recovery)
    evaluation: Evaluation = field(default_factory=Evaluation)
    paper: Paper = field(default_factory=Paper)


@dataclass(frozen=True)
class Style:
    """One row of the style table."""

    name: str
    split: str
    address: str
    sha256: str
    licence: str


def load(path: Path) -> Config:
    """Reads a configuration file, with what it says of a preset.

    config/config.yaml lies under the preset that it names. Any other file has the last word, as by `snakemake
    --configfile`: it is laid over config/config.yaml and the preset that it names; without one, or with `config`, it
    is the whole configuration.

    Raises:
        IfrpError: a file is missing or is not YAML, a key is unknown, or a value has the wrong type.
    """
    values = read(path)
    whole = (values.get("preset") or CONFIG.stem) == CONFIG.stem
    if whole or (CONFIG.exists() and path.samefile(CONFIG)):
        return build(values, str(path))
    return build(read(CONFIG), str(path), values)


def read(path: Path) -> dict[str, Any]:
    """The plain content of a configuration file."""
    if not path.exists():
        raise IfrpError(
            f"There is no configuration file {path}: run from the project's root, or name one with --config."
        )
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise IfrpError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    except OSError as error:
        raise IfrpError(f"{path} cannot be read as a configuration file: {error.strerror}.") from error
    if not isinstance(found, dict):
        raise IfrpError(
            f"{path} holds no configuration: it must be a mapping of sections such as faces and styles."
        )
    return found


def build(values: Mapping[str, Any], where: str, over: Mapping[str, Any] | None = None) -> Config:
    """Checks and types plain values under the preset that they name, under `over`, which may name another.

    Raises:
        IfrpError: there is no such preset, a key is unknown, or a value has the wrong type.
    """
    over = over or {}
    below = presets(over.get("preset", values.get("preset")))
    found = functools.reduce(merge, [values, *below.values(), over], dict[str, Any]())
    return typed(
        Config, {**_without_null_rows(found), "preset": None}, " with ".join([where, *map(str, below)])
    )


def _without_null_rows(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same, with experiments that are null moved to `recovery.not_run`."""
    recovery = values.get("recovery") or {}
    experiments = recovery.get("experiments") if isinstance(recovery, Mapping) else None
    if not isinstance(experiments, Mapping) or None not in experiments.values():
        return values
    run = {name: entry for name, entry in experiments.items() if entry is not None}
    not_run = [*recovery.get("not_run", ()), *(name for name in experiments if name not in run)]
    return {**values, "recovery": {**recovery, "experiments": run, "not_run": not_run}}


def presets(name: str | None, files: Mapping[str, Any] | None = None) -> dict[Path, dict[str, Any]]:
    """Path and values of a preset and of those that it extends, in the order in which each is laid over the ones before.

    Args:
        name: config, and none, are no preset.
        files: values by path, to be used in place of the files.

    Raises:
        IfrpError: a preset is missing, or extends itself.
    """
    found: dict[Path, dict[str, Any]] = {}
    while name and name != CONFIG.stem:
        path = CONFIG.with_name(f"{name}.yaml")
        names = f"{next(reversed(found))} extends" if found else "The configuration names the preset"
        if path in found:
            raise IfrpError(f"{names} {name}, which extends it in turn: extend another preset, or none.")
        if files is None and not path.exists():
            known = ", ".join(sorted(of.stem for of in CONFIG.parent.glob("*.yaml")))
            raise IfrpError(f"{names} {name}, but there is no {path}; there are {known or 'none'}.")
        found[path] = dict(read(path) if files is None else files.get(str(path), {}))
        name = found[path].pop("extends", None)
    return dict(reversed(found.items()))


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lays `over` on `base`, mapping by mapping."""
    found = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merge(found[key], value) if both else value
    return found


def typed(cls: type[C], values: Mapping[str, Any], where: str) -> C:
    """Builds a dataclass from plain values.

    Text is converted where the field is a number, because `snakemake --config` passes nested numbers as text.

    Raises:
        IfrpError: an unknown key (with the nearest known one), or a value of the wrong type or beyond its range.
    """
    hints = typing.get_type_hints(cls)
    known = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}."
            raise IfrpError(f"{where}: unknown key {key}; {hint}")
    given = {key: _convert(hints[key], value, f"{where}: {key}") for key, value in values.items()}
    try:
        return cls(**given)
    except ValueError as error:
        raise IfrpError(f"{where}: {error}") from error


def at_least(least: float, of: Any, *names: str) -> None:
    """Checks the range of numbers, for a dataclass's `__post_init__`.

    Raises:
        ValueError: one is smaller.
    """
    for name in names:
        if getattr(of, name) < least:
            raise ValueError(f"{name} is {getattr(of, name)}; it must be at least {least}")


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, Mapping):
            return typed(hint, value, where)
    elif origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _convert(next(a for a in args if a is not type(None)), value, where)
    elif origin is Literal:
        if value in args:
            return value
        raise IfrpError(f"{where} is {value!r}; it must be one of {', '.join(map(str, args))}.")
    elif origin is tuple:
        if isinstance(value, list | tuple):
            hints = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
            if len(hints) == len(value):
                return tuple(_convert(h, v, where) for h, v in zip(hints, value, strict=True))
    elif origin is dict:
        if isinstance(value, Mapping):
            return {key: _convert(args[1], inner, f"{where}.{key}") for key, inner in value.items()}
    elif hint is Any:
        return value
    else:
        return _plain(hint, value, where)
    raise IfrpError(f"{where} is {value!r}, which does not fit {_describe(hint)}.")


def _plain(hint: type, value: Any, where: str) -> Any:
    if hint is bool and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if hint in (int, float):
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if math.isfinite(number) and (hint is float or number == int(number)):
            return hint(number)
    elif isinstance(value, hint):
        return value
    raise IfrpError(f"{where} is {value!r}; it must be {_describe(hint)}.")


def _describe(hint: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    return names.get(hint, str(hint).replace("typing.", ""))


def plain(value: Any) -> Any:
    """Dataclasses and tuples as plain dictionaries and lists, for cards and rules."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def styles(config: Config) -> list[Style]:
    """The artworks of the style table.

    Raises:
        IfrpError: the table is missing, lacks a column, repeats a name, or has an unknown split.
    """
    path = Path(config.styles.table)
    if not path.exists():
        raise IfrpError(f"styles.table names {path}, which does not exist.")
    columns = [f.name for f in dataclasses.fields(Style)]
    with path.open(newline="", encoding="utf-8-sig") as file:  # as spreadsheets write it
        reader = csv.DictReader(file)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise IfrpError(f"{path} lacks the column {missing[0]}; it needs {', '.join(columns)}.")
        rows = [Style(**{name: (row[name] or "").strip() for name in columns}) for row in reader]
    for number, row in enumerate(rows, start=2):
        if row.split not in STYLE_SPLITS:
            raise IfrpError(
                f"{path}, line {number}: split {row.split!r} must be one of {', '.join(STYLE_SPLITS)}."
            )
        if [other.name for other in rows].count(row.name) > 1:
            raise IfrpError(f"{path}, line {number}: the style {row.name} is there twice; names must differ.")
    return rows


def experiments(config: Config) -> dict[str, dict[str, Any]]:
    """All experiments by name, ablations last, each with what it says over its method's settings.

    One that names another's `model` says all that the other says.

    Raises:
        IfrpError: one has no method, two have the same name, or one names a `model` that it cannot take.
    """
    given = config.recovery
    ablations = {
        name: entry if "model" in entry else merge(given.ablation, entry)
        for name, entry in given.ablations.items()
    }
    for name in ablations:
        if name in given.experiments:
            raise IfrpError(
                f"{name} is in recovery.experiments and in recovery.ablations; names must differ."
            )
    own = {**given.experiments, **ablations}
    found = {name: _with_model(own, name, entry) for name, entry in own.items()}
    for name, entry in found.items():
        if "method" not in entry:
            raise IfrpError(f"The experiment {name} names no method.")
    return found


def _with_model(own: Mapping[str, dict[str, Any]], name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """An experiment's entry, over that of the experiment whose model it takes."""
    model = entry.get("model")
    if model is None:
        return entry
    where = f"recovery.experiments.{name}"
    if "model" in own.get(model, {"model": None}):
        known = ", ".join(other for other, theirs in own.items() if "model" not in theirs)
        raise IfrpError(
            f"{where}: model is {model!r}, which is no experiment with a model of its own; there are {known}."
        )
    changed = sorted(set(entry) - {"model", "portraits", "calibrate"})
    if changed:
        raise IfrpError(
            f"{where} takes the model of {model}, so it cannot change {changed[0]}: leave out one of the two."
        )
    return {**own[model], **entry}


def model_of(config: Config, experiment: str) -> str:
    """The experiment whose trained networks an experiment recovers with: itself, unless it names a `model`."""
    return str(entry(config, experiment).get("model", experiment))


def entry(config: Config, experiment: str) -> dict[str, Any]:
    """What the configuration says of an experiment, over its method's settings.

    Raises:
        IfrpError: there is no such experiment.
    """
    known = experiments(config)
    if experiment not in known:
        raise IfrpError(
            f"There is no experiment {experiment} in recovery.experiments; there are {', '.join(known)}."
        )
    return known[experiment]


def training_styles(config: Config, experiment: str) -> list[str]:
    """The styles that an experiment is trained on: its own list, else all seen styles.

    Raises:
        IfrpError: the experiment or a style is unknown.
    """
    chosen = entry(config, experiment).get("styles")
    if chosen is None:
        return [row.name for row in styles(config) if row.split == "seen"]
    return known_styles(config, experiment, chosen)


def known_styles(config: Config, experiment: str, names: Sequence[str]) -> list[str]:
    """Names of styles that an experiment gives, if all are in the style table.

    Raises:
        IfrpError: one is not.
    """
    known = [row.name for row in styles(config)]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise IfrpError(
            f"Experiment {experiment} names the style {unknown[0]}, which is not in {config.styles.table}."
        )
    return list(names)


def training_warp(config: Config, experiment: str) -> str | None:
    """Name of the misalignment of an experiment's training portraits in `faces.warps`; none is `faces.warp`.

    Raises:
        IfrpError: there is none of that name.
    """
    warp: str | None = entry(config, experiment).get("warp")
    if warp is not None and warp not in config.faces.warps:
        known = ", ".join(config.faces.warps) or "none"
        raise IfrpError(
            f"recovery.experiments.{experiment}: warp is {warp!r}, which is not in faces.warps; there are {known}."
        )
    return warp


def sees_aligned(config: Config, experiment: str) -> bool:
    """Whether portraits are warped back by their true parameters before an experiment sees them.

    Raises:
        IfrpError: neither true nor false.
    """
    given = entry(config, experiment).get("aligned", False)
    found: bool = _plain(bool, given, f"recovery.experiments.{experiment}: aligned")
    return found


def portrait_count(config: Config, experiment: str) -> int | None:
    """How many test portraits of each style an experiment recovers; none: all.

    Raises:
        IfrpError: not a whole number of at least 1.
    """
    given = entry(config, experiment).get("portraits")
    if given is None:
        return None
    where = f"recovery.experiments.{experiment}: portraits"
    found: int = _plain(int, given, where)
    if found < 1:
        raise IfrpError(f"{where} is {found}; it must be at least 1, or absent for all.")
    return found
