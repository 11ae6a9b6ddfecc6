# ruff: noqa: E501 - a row of a table of inputs stands in one line
"""Configurations as people really have them: keys twice, slips of numbers and names, parts that do not go together."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from unittest.mock import patch

import pytest
import torch
import yaml
from training_project import ungated
from workflow_project import Project

from ifrp.config import Config, Recogniser, build, load, read, typed
from ifrp.config.checking import PAPER, faults
from ifrp.config.methods import METHODS, fitting, settings_class, srn
from ifrp.config.sections import RECOGNISER_LAYERS
from ifrp.errors import IfrpError
from ifrp.forecast import Forecast
from ifrp.recovery import methods
from ifrp.recovery.method import Batch, Clock
from ifrp.recovery.recognisers import recogniser
from ifrp.workflow import run

ROOT = Path(__file__).parents[1]


BOMB = "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True))
"""each list holds the one before nine times"""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the project's folder."""
    monkeypatch.chdir(ROOT)


def whole(**values: Any) -> Config:
    """The configuration of the project, with changes."""
    return build(read(ROOT / "config/config.yaml"), "here", values)


def ifrp(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The command line, in the project's folder unless `cwd` is another."""
    command = [sys.executable, "-m", "ifrp", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **{"cwd": ROOT, **more})


# files


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed: 1\nseed: 2\n", "the key seed is there twice, in line 1 and in line 2"),
        (
            "styles:\n  training:\n    steps: 200\n    steps: 40000\n",
            "the key steps is there twice, in line 3 and in line 4",
        ),
        ("recovery: {ablations: {a: {x: 1, x: 2}}}", "the key x is there twice, in line 1"),
        ('{"seed": 1, "seed": 2}', "the key seed is there twice"),
        ("- a\n", "holds no configuration"),
        ("", "holds no configuration"),
        ("faces:\n\tsize: 3\n", "line 2, is not valid YAML: a tab"),
        ("a: [\n", "is not valid YAML"),
        ("a: b: c\n", "line 1, is not valid YAML"),
        ("a: \0\n", "is not valid YAML"),
        (f"seed: {'9' * 5000}\n", "is not valid YAML: Exceeds the limit"),
        ("[" * 5000, "too many brackets"),
        ("a: &a {b: *a}\n", "an alias stands for what it is part of"),
        ("a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + BOMB, "more than 100,000 values"),
        ("a: !!python/object/apply:os.system [ls]\n", "is not valid YAML"),
        ("--- {a: 1}\n--- {a: 2}\n", "is not valid YAML"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_configuration_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(IfrpError, match=re.escape(sentence)) as caught:
        load(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    with (
        patch.object(sys, "argv", ["snakemake"]),
        pytest.raises(IfrpError, match=re.escape(sentence)),
    ):
        run.command_line(SimpleNamespace(configfiles=[file], config={}))


def test_the_command_line_and_presets_are_read_as_strictly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/config.yaml").write_text("preset: big\n")
    Path("config/big.yaml").write_text("faces:\n  size: 64\n  size: 32\n")
    with pytest.raises(
        IfrpError, match=r"^config/big\.yaml: the key size is there twice, in line 2 and in line 3"
    ):
        load(Path("config/config.yaml"))
    words = ["snakemake", "-n", "--config", "evaluation={top: 3, top: 4}", "seed=3", "--cores", "1"]
    with (
        patch.object(sys, "argv", words),
        pytest.raises(IfrpError, match=r"^--config evaluation: the key top is there twice"),
    ):
        run.command_line(SimpleNamespace(configfiles=[], config={"seed": 3}))


def test_later_files_and_config_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("seed: 1\nfaces: {size: 64, source: rendered}\n")
    Path("b.yaml").write_text("faces: {size: 96}\n")
    with patch.object(sys, "argv", ["snakemake"]):
        said = run.command_line(
            SimpleNamespace(configfiles=[Path("a.yaml"), Path("b.yaml")], config={"seed": 5})
        )
    assert said == {"seed": 5, "faces": {"size": 96, "source": "rendered"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_plain_words_are_what_they_say(tmp_path: Path, encoding: str) -> None:
    """As in YAML 1.2, not 1.1, where these are False, 90, 8 and a date; what is merged in may be said again."""
    file = tmp_path / "mine.yaml"
    text = "a: no\nb: 1:30\nc: 010\nd: 2024-01-01\ne: 1.5e-3\nf: 0x1f\ng: ~\nh: true\ni: -3\nj: &j {k: 1, l: ü}\nm: {<<: *j, k: 2}\n"
    file.write_text(text, encoding=encoding)
    assert read(file) == {
        "a": "no", "b": "1:30", "c": "010", "d": "2024-01-01", "e": 1.5e-3, "f": 31, "g": None, "h": True, "i": -3,
        "j": {"k": 1, "l": "ü"}, "m": {"k": 2, "l": "ü"},
    }  # fmt: skip
    for value in ("010", "1e5", "no", "2024-01-01", True, 3, None, "~", ".5"):  # as the jobs of a run read it
        file.write_text(yaml.safe_dump({"a": value}))
        assert read(file) == {"a": value}
    assert build({"faces": {"photos": {"find": "yes"}}, "seed": "010"}, "here").seed == 10


# numbers


def numbers(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The path to each number of a section, and a mapping that puts a value there."""
    if dataclasses.is_dataclass(kind):
        for name, hint in get_type_hints(kind, include_extras=True).items():
            yield from numbers(hint, (*path, name))
        return
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from numbers(inner[0], path)
    elif origin in (Union, UnionType):
        for part in inner:
            yield from numbers(part, path)
    elif origin is tuple:
        count = 1 if inner[-1] is Ellipsis else len(inner)
        yield from (((*path, f"[{count}]"), kind) for _, kind in numbers(inner[0], path))
    elif origin is dict:
        yield from numbers(inner[1], (*path, "some"))
    elif kind in (int, float):
        yield path, kind


def nest(path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    first, *rest = path
    if first.startswith("["):
        return [value] * int(first[1:-1])
    return {first: nest(tuple(rest), value)}


SECTIONS = [("", Config), *((name, settings_class(name)) for name in METHODS)]
NUMBERS = [(name, cls, path, kind) for name, cls in SECTIONS for path, kind in dict(numbers(cls)).items()]


@pytest.mark.parametrize(
    ("name", "cls", "path", "kind"), NUMBERS, ids=[f"{name}:{'.'.join(path)}" for name, _, path, _ in NUMBERS]
)
def test_every_number_has_a_range(name: str, cls: Any, path: tuple[str, ...], kind: type) -> None:
    """At both ends, and what is no number at all; the weight of a loss ends with the numbers themselves."""
    wrong: list[Any] = [-201, 10**400, float("nan"), float("inf"), "1:30", True, [], {}]
    for value in [*wrong, 10**10] if kind is int else wrong:
        with pytest.raises(IfrpError) as caught:
            typed(cls, nest(path, value), "here")
        assert len(str(caught.value)) < 400
        assert "\n" not in str(caught.value)


def test_all_numbers_were_looked_at() -> None:
    found = {".".join(path) for name, _, path, _ in NUMBERS if not name}
    assert {"seed", "evaluation.top", "styles.distance.epsilon", "recovery.recognisers.some.size.[2]", "faces.warps.some.copies",
            "faces.warp.angles.[1]", "faces.celeba.crop.[4]"} <= found  # fmt: skip


# names

NAMED = [
    ("faces", "warps"), ("recovery", "recognisers"), ("recovery", "experiments"), ("recovery", "ablations"), ("paper", "ablations"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["a;touch X", "a b", "a/b", "../a", "{a}", "A", "", "-a", "é", "a\n", "a" * 61, 1, 1.5, None, True, "7", "1e5", "0x1f", "nan", "null", "true"])  # fmt: skip
@pytest.mark.parametrize("place", NAMED)
def test_one_rule_for_all_names(place: tuple[str, str], name: object) -> None:
    with pytest.raises(IfrpError, match=r"has the name .*; a name has lower-case letters, digits") as caught:
        build({place[0]: {place[1]: {name: {}}}}, "here")
    assert f"{place[0]}.{place[1]}" in str(caught.value)


@pytest.mark.parametrize("place", NAMED)
def test_names_that_are_in_use_are_names(place: tuple[str, str]) -> None:
    for name in ("ifrp-plus", "ifrp_plus", "evaluator2", "11-angles", "no", "on"):
        build({place[0]: {place[1]: {name: {}}}}, "here")


def test_what_goes_into_a_shell_is_quoted() -> None:
    for rules in (ROOT / "workflow/rules").glob("*.smk"):
        for command in re.findall(r"shell:\n\s+(.*)", rules.read_text()):
            assert all(field.endswith(":q") for field in re.findall(r"{(.*?)}", command)), command


# what goes together


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"recovery": {"experiments": {"ifrp": {"lossses": {}}}}}, "experiments.ifrp: unknown key lossses; did you mean losses?"),
        ({"recovery": {"experiments": {"ifrp": {"losses": {"pixl": 1}}}}}, "losses: unknown key pixl; did you mean pixel?"),
        ({"recovery": {"experiments": {"ifrp": {"wrap": "five"}}}}, "unknown key wrap; did you mean warp?"),
        ({"recovery": {"experiments": {"ifrp": {"training": 5}}}}, "experiments.ifrp: training is 5; it must be a mapping"),
        ({"recovery": {"experiments": {"ifrp": {"training": [1]}}}}, "training is [1]; it must be a mapping"),
        ({"recovery": {"experiments": {"ifrp": {"styles": 3}}}}, "experiments.ifrp: styles is 3; it must be a list"),
        ({"recovery": {"experiments": {"ifrp": {"method": ["ifrp"]}}}}, "There is no method ['ifrp']"),
        ({"recovery": {"experiments": {"ifrp": {"method": None}}}}, "There is no method None"),
        ({"recovery": {"ablations": {"x": {"model": ["ifrp"]}}}}, "model is ['ifrp'], which is no experiment"),
        ({"recovery": {"experiments": {"ifrp": {"network": {"depth": "deep"}}}}}, "network.depth is 'deep'; it must be a whole number"),
        ({"recovery": {"experiments": {"ifrp": {"network": {"skips": [7]}}}}}, "network.skips has 7; it must be none, all"),
        ({"recovery": {"experiments": {"ifrp": {"network": {"skips": "some"}}}}}, "network.skips is 'some'"),
        ({"recovery": {"experiments": {"ifrp": {"losses": {"identity_layer": "conv9"}}}}}, "identity_layer is 'conv9', which facenet has not"),
        ({"recovery": {"experiments": {"ifrp": {"losses": {"pixel": 0, "adversarial": 0, "identity": 0}}}}}, "must be above 0"),
        ({"recovery": {"experiments": {"ifrp": {"training": {"batch": 5000}}}}}, "faces.split.train gives 1350 pairs"),
        ({"recovery": {"experiments": {"johnson": {"content_layer": "relu9_9"}}}}, "content_layer is 'relu9_9'; VGG-19 has"),
        ({"recovery": {"experiments": {"johnson": {"face": 450}}}}, "face is 450; it must be below faces.split.train"),
        ({"recovery": {"methods": {"ifrq": {}}}}, "recovery.methods.ifrq: There is no method ifrq; did you mean ifrp?"),
        ({"recovery": {"methods": {"ifrp_plus": {"aligner": 1}}}}, "recovery.methods.ifrp_plus: unknown key aligner; did you mean"),
        ({"recovery": {"recognisers": {"evaluator": {"size": [72, 72]}}}}, "mobilefacenet needs sides of at least 16 pixels and multiples"),
        ({"recovery": {"recognisers": {"facenet": {"size": [64, 64]}}}}, "facenet needs sides of at least 75 pixels"),
        ({"recovery": {"recognisers": {"evaluator": {"weights": "vggface2"}}}}, "the weights vggface2 are of facenet"),
        ({"recovery": {"recognisers": {"evaluator": {"crop": [0, 0, 0.001, 1]}}}}, "less than a pixel"),
        ({"recovery": {"recognisers": {"evaluator": {"weights": "gone.pt"}}}}, "recovery.recognisers.evaluator.weights names gone.pt, which does not exist"),
        ({"faces": {"size": 100}}, "faces.size 100 must be divisible by"),
        ({"faces": {"size": 64}}, "experiments.pix2pix: faces.size 64 must be divisible by 2^depth (128)"),
        ({"faces": {"size": 64}, "recovery": {"experiments": {"pix2pix": None}}}, "experiments.ifrp: Faces are too small: faces.size is 64; it must be at least 96"),
        ({"faces": {"split": {"train": 451}}}, "which are 101 people of 6 pictures each; faces.rendered.people is 100"),
        ({"faces": {"source": "celeba", "split": {"train": 300_000}}}, "CelebA has 202599"),
        ({"faces": {"source": "photos"}}, "faces.photos.path names no photos"),
        ({"faces": {"source": "photos", "photos": {"path": "gone"}}}, "faces.photos.path names gone, which does not exist"),
        ({"styles": {"training": {"crop": 132}}}, "styles.training.crop is 132; it must be at most faces.size"),
        ({"styles": {"training": {"crop": 66}}}, "styles.training.crop is 66; it must be a multiple of 4"),
        ({"styles": {"features": {"weights": "imagenet"}}}, "styles.features.width is 0.25; other than 1 it needs weights: random"),
        ({"styles": {"table": "gone.csv"}}, "styles.table names gone.csv, which does not exist"),
        ({"evaluation": {"top": 120}}, "evaluation.top is 120; it must be below the number of test faces that are compared, 120"),
        ({"evaluation": {"recogniser": "facenet"}}, "evaluation.recogniser names facenet, whose weights are in the loss of"),
        ({"evaluation": {"others": ["facenet"]}}, "evaluation.others names facenet, whose weights are in the loss of"),
        ({"evaluation": {"recogniser": "none-such"}}, "none-such, which is not in recovery.recognisers"),
        ({"paper": {"own": "gone"}}, "paper.own names gone, which does not exist"),
        ({"paper": {"experiment": "ifrp-pixel"}}, "paper.experiment is ifrp-pixel, which is not in recovery.experiments"),
        ({"paper": {"seeds": {"ifrp": ["ifrp-9"]}}}, "paper.seeds.ifrp names ifrp-9, which is no experiment"),
        ({"paper": {"tuning": ["ifrp-9"]}}, "paper.tuning names ifrp-9, which is no experiment"),
    ],
)  # fmt: skip
def test_what_could_be_told_at_the_start_is(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(IfrpError) as caught:
        run.Run(values)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("splits", "sentence"),
    [
        (["seen"], "has no style with the split unseen"),
        (["seen", "sketch"], "has no style with the split unseen"),
        (["unseen", "sketch"], "no style to train on"),
        (["seen", "unseen"], None),
    ],
)
def test_a_paper_has_seen_and_unseen_styles(tmp_path: Path, splits: list[str], sentence: str | None) -> None:
    table = tmp_path / "styles.csv"
    rows = "".join(f"style-{number},{split},drawn:whirl,,MIT\n" for number, split in enumerate(splits))
    table.write_text(f"name,split,address,sha256,licence\n{rows}")
    plain = read(ROOT / "config/config.yaml")
    plain["recovery"]["ablations"], plain["paper"], plain["styles"]["table"] = {}, {}, str(table)
    found = [str(fault) for fault in faults(build(plain, "here"), PAPER)]
    assert len(found) == (1 if sentence else 0), found
    assert all(sentence in fault for fault in found if sentence)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("preset", ["config", "paper", "photos", "gpu"])
def test_shipped_configurations_go_together(preset: str) -> None:
    assert not list(faults(whole(preset=preset), PAPER))


def test_a_file_for_one_step_need_not_be_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("styles.csv").write_text("name,split,address,sha256,licence\nmine,seen,drawn:whirl,,MIT\n")
    values = {"styles": {"table": "styles.csv"}, "recovery": {"experiments": {"mine": {"method": "faced"}}}}
    Path("one.yaml").write_text(yaml.safe_dump(values))
    assert load(Path("one.yaml")).styles.table == "styles.csv"
    Path("one.yaml").write_text(yaml.safe_dump({**values, "preset": "config"}))
    with pytest.raises(IfrpError, match=r"paper\.experiment is ifrp"):
        load(Path("one.yaml"))


NARROW: dict[str, dict[str, Any]] = {
    "ifrp": {"network": {"width": 0.05, "skips": "none"}, "discriminator_width": 0.05, "losses": {"identity": 0}},
    "ifrp without transformers": {"network": {"width": 0.05, "stn": False, "skips": "none", "encoder_norm": "instance"},
                                  "discriminator_width": 0.05, "losses": {"identity": 0}},
    "ifrp_plus": {"network": {"width": 0.05, "skips": "none"}, "discriminator_width": 0.05, "losses": {"identity": 0}},
    "faced": {"width": 0.05, "discriminator_width": 0.05},
    "pix2pix": {"width": 0.05, "depth": 4, "discriminator_width": 0.05},
    "cyclegan": {"blocks": 1, "width": 0.05, "discriminator_width": 0.05},
    "mgan": {"width": 0.05, "discriminator_width": 0.05, "features": {"weights": "random", "width": 0.05}},
}  # fmt: skip


@pytest.mark.parametrize("name", NARROW)
def test_fitting_is_what_the_networks_take(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of the training and a recovery succeed, with finite losses, for the sizes that fit, and for no others."""
    method = name.split()[0]
    settings = typed(settings_class(method), NARROW[name], "here")
    sizes, said = (16, 20, 24, 32, 40, 48, 64, 96, 100), []
    for size in sizes:
        try:
            settings.fit(size)
        except IfrpError:
            continue
        said.append(size)
    for cls in (*settings_class(method).__mro__[:-1], srn.Network):
        if "fit" in vars(cls):
            monkeypatch.setattr(cls, "fit", lambda self, size: None)
    monkeypatch.setattr("ifrp.recovery.networks.unet.levels", lambda *of: None)
    assert [size for size in sizes if works(method, settings, size)] == said


def works(name: str, settings: fitting.Settings, size: int) -> bool:
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, size, size) * 2 - 1
    batch = Batch(pictures, pictures.flip(0), torch.zeros(2, dtype=torch.long), torch.rand(2, 2, 3))
    try:
        method = methods.find(name)(settings, size, ("ink",))
        method.prepare(Config(), torch.device("cpu"), training=True)
        for update in ungated(method.updates(batch, Clock(0, 0, 10))):
            update.loss.backward()
            if not bool(update.loss.isfinite()):
                return False
        for network in method.networks.values():
            network.eval()
        with torch.no_grad():
            return method.recover(pictures[:1]).shape == (1, 3, size, size)
    except (RuntimeError, ValueError, IfrpError):
        return False


@pytest.mark.parametrize("network", RECOGNISER_LAYERS)
def test_layers_of_recognisers_are_those_of_their_networks(
    network: Literal["facenet", "mobilefacenet"],
) -> None:
    built = recogniser.build(Recogniser(network=network, size=(80, 80)))
    assert tuple(name for name, _ in built.named_children()) == RECOGNISER_LAYERS[network]


# commands


@pytest.mark.usefixtures("here")
def test_check_says_what_a_run_takes(tmp_path: Path) -> None:
    done = ifrp("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "600 (450 train, 30 val, 120 test)" in done.stdout
    assert "2,640 in 10 styles" in done.stdout  # 3·(450 + 30) + 10·120
    file = tmp_path / "my file.yaml"
    file.write_text("evaluation: {top: 120}\npaper: {own: gone}\n")
    done = ifrp("check", "--config", str(file))
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 2, "all that is wrong"
    assert "Traceback" not in done.stderr
    file.write_text("paper: {own: null}\n")
    assert f"--configfile '{file}'" in ifrp("check", "--config", str(file)).stdout


@pytest.mark.usefixtures("here")
def test_a_forecast_is_of_the_measured_size() -> None:
    """10 to 20 minutes, beside other work; three and a half hours; the paper's training portraits have 16 GB."""
    assert 8 * 60 < Forecast(whole()).seconds(gpu=False, cores=2) < 40 * 60
    assert 1.5 * 3600 < Forecast(whole(preset="photos")).seconds(gpu=False, cores=2) < 7 * 3600
    full = Forecast(whole(preset="paper"))
    assert full.disk > 16e9
    assert 330_000 < full.portraits < 360_000


@pytest.mark.parametrize("module", ["ifrp", "ifrp.cli"])
def test_the_package_is_the_command_line(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "why", "nothing.png"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("ifrp: nothing.png has no provenance card")


@pytest.mark.slow
def test_a_project_may_lie_in_a_folder_with_blanks_and_braces(tmp_path: Path) -> None:
    project = Project(tmp_path / "a b {c}")
    assert "styles_artwork whirl" in project.pending("data/styles/whirl.png")
    project.make("data/styles/whirl.png")
    assert (project.root / "data/styles/whirl.png").exists()
    photos = project.root / "my {photos} 1"
    photos.mkdir()
    project.edit(faces={"source": "photos", "photos": {"path": photos.name, "crop": [1, 2, 3, 4]}})
    assert "faces_prepare" in project.pending("faces")
