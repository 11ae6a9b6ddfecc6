"""The configuration reader: strict, typed, helpful."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ifrp import paths
from ifrp.config import Config, FaceCounts, Faces, Styles, experiments, load, merge, read, styles
from ifrp.config import build as build_config
from ifrp.config import plain as as_plain
from ifrp.config.methods import METHODS
from ifrp.errors import IfrpError
from ifrp.paper import tables
from ifrp.recovery import methods
from ifrp.workflow import run

ROOT = Path(__file__).parents[1]


def build(**values: object) -> Config:
    return build_config(values, "test.yaml")


def test_main_ablations_are_tables_of_ablations_and_their_experiments_are_made_with_the_paper() -> None:
    rows = {"one": "ifrp-2", "all": "ifrp", "not run": None}
    of = {
        "recovery": {
            "experiments": {"ifrp": {"method": "ifrp"}},
            "ablations": {"ifrp-2": {"method": "ifrp"}, "ifrp-3": {"method": "ifrp"}},
        },
        "styles": {"table": str(ROOT / "config/styles-drawn.csv")},
    }
    tables = {"losses": rows, "seeds": {"three": "ifrp-3"}}
    config = build(**of, paper={"main_ablations": ["losses"], "ablations": tables})
    assert [experiment.name for experiment in experiments.main(config)] == ["ifrp", "ifrp-2"]
    with pytest.raises(IfrpError, match=r"losess is not in paper\.ablations; there are losses, seeds\.$"):
        build(**of, paper={"main_ablations": ["losess"], "ablations": tables})


@pytest.mark.parametrize(
    "preset", [None, *(p.stem for p in (ROOT / "config").glob("*.yaml") if p.stem != "config")]
)
def test_every_shipped_configuration_is_valid(preset: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    plain = yaml.safe_load(Path("config/config.yaml").read_text())
    found = build_config({**plain, "preset": preset}, "config.yaml")
    splits = [style.split for style in styles(found)]
    assert (splits.count("seen"), splits.count("unseen"), splits.count("sketch")) == (3, 6, 1)
    assert {"input", "ifrp", "faced"} <= set(found.recovery.experiments)


def test_the_full_scale_is_the_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Styles and methods have the defaults of their classes, whatever the miniature has, save what an ablation changes."""
    monkeypatch.chdir(ROOT)
    plain = yaml.safe_load(Path("config/config.yaml").read_text())
    found = build_config({**plain, "preset": "paper"}, "config.yaml")
    assert found.styles == Styles()
    for name, experiment in experiments.every(found).items():
        cls = methods.find(experiment.method)
        settings = cls.complete(cls.settings_class(), found)
        ours = flat(
            {**as_plain(methods.settings(found, experiment)), "training": as_plain(experiment.training)}
        )
        theirs = flat({**as_plain(settings), "training": as_plain(METHODS[experiment.method].training)})
        differ = {key for key, value in ours.items() if value != theirs[key]} - {"training.validate_every"}
        given = {**found.recovery.experiments, **found.recovery.ablations}
        entry = merge(found.recovery.ablation, given[given[name].get("model", name)])
        assert differ <= set(flat(entry)), name


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found = dict[str, Any]()
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def test_a_misspelt_key_names_its_neighbour() -> None:
    with pytest.raises(IfrpError, match=r"test\.yaml: faces: unknown key sorce; did you mean source\?"):
        build(faces={"sorce": "celeba"})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": "one"}, "seed is 'one'; it must be a whole number"),
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"seed": True}, "seed is True; it must be a whole number"),
        ({"faces": {"source": "flickr"}}, "must be one of rendered, celeba, photos"),
        ({"faces": {"warp": {"scale": [1]}}}, r"faces.warp.scale is \[1\]; it must be a list of 2"),
        ({"faces": {"warp": {"scale": [1], "shift": 3}}}, "it must be a list of 2"),
        ({"faces": {"warp": {"scale": [1, 2, 3]}}}, "it must be a list of 2"),
        ({"faces": {"warp": {"scale": [1.0, 0.8]}}}, r"faces.warp.scale is \[1.0, 0.8\]; it must rise"),
        ({"faces": {"warp": {"scale": [0, 0.8]}}}, "faces.warp.scale.0 is 0; it must be above 0"),
        ({"faces": {"warp": {"angles": 3}}}, "faces.warp.angles is 3; it must be a list"),
        ({"faces": {"warp": {"rotation": -3}}}, "faces.warp.rotation is -3; it must be at least 0"),
        ({"faces": {"warp": {"rotation": ".inf"}}}, "faces.warp.rotation is '.inf'; it must be a number"),
        ({"faces": {"warp": {"rotation": float("inf")}}}, "faces.warp.rotation is inf; it must be a number"),
        ({"faces": {"warp": {"shift": 1.5}}}, "faces.warp.shift is 1.5; it must be at most 1"),
        ({"faces": {"warp": {"shift": False}}}, "faces.warp.shift is False; it must be a number"),
        ({"faces": {"split": {"val": 0}}}, "faces.split.val is 0"),
        ({"faces": {"size": 0}}, "faces.size is 0; it must be at least 16"),
        ({"faces": {"rendered": {"people": 0}}}, "faces.rendered.people is 0"),
        (
            {"faces": {"photos": {"find": "perhaps"}}},
            "faces.photos.find is 'perhaps'; it must be true or false",
        ),
        ({"portraits": {"batch": 0}}, "portraits.batch is 0; it must be at least 1"),
        ({"styles": {"table": 3}}, "styles.table is 3; it must be text"),
        ({"styles": {"distance": {"faces": 0}}}, "styles.distance.faces is 0"),
        ({"styles": {"distance": {"epsilon": 0}}}, "styles.distance.epsilon is 0; it must be above 0"),
        ({"styles": {"distance": {"rule": "fartest"}}}, "must be one of farthest, nearest, spread"),
        (
            {"styles": {"training": {"style_layers": []}}},
            "style_layers is \\[\\]; it must be a list of at least 1",
        ),
        (
            {"recovery": {"recognisers": {"a": {"crop": [0.5, 0, 0.6, 1]}}}},
            "left \\+ width .* must be at most 1",
        ),
        (
            {"recovery": {"recognisers": {"a": {"sise": 3}}}},
            "recognisers.a: unknown key sise; did you mean size",
        ),
        (
            {"recovery": {"recognisers": {1: {}}}},
            "recovery.recognisers has the name 1; a name has lower-case letters",
        ),
        ({"recovery": {"experiments": {"a": 3}}}, "recovery.experiments.a is 3; it must be a mapping"),
        ({"faces": {"warp": {"copies": 0}}}, "test.yaml: faces.warp.copies is 0; it must be at least 1"),
        ({"faces": {"warp": {"copies": 1.5}}}, "faces.warp.copies is 1.5; it must be a whole number"),
        ({"faces": {"warps": {"four": {"copies": -4}}}}, "faces.warps.four.copies is -4"),
        ({"faces": 3}, "faces is 3"),
        ({"faces": {"warp": {"shift": "nan"}}}, "shift is 'nan'"),
        ({"evaluation": {"resamples": 0}}, "evaluation.resamples is 0; it must be at least 1"),
        ({"evaluation": {"top": "-1"}}, "evaluation.top is -1; it must be at least 1"),
        ({"styles": {"training": {"steps": 0}}}, "styles.training.steps is 0"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(values: dict[str, object], message: str) -> None:
    with pytest.raises(IfrpError, match=message) as caught:
        build(**values)
    assert "\n" not in str(caught.value)


def test_numbers_that_arrive_as_text_are_numbers() -> None:
    found = build(faces={"warp": {"rotation": "20", "scale": ["0.9", 1]}}, runtime={"graphs": "false"})
    assert found.faces.warp.rotation == 20.0
    assert found.faces.warp.scale == (0.9, 1.0)
    assert found.runtime.graphs is False


def test_a_preset_is_laid_over_and_the_rest_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/big.yaml").write_text("faces: {split: {train: 9}}\n")
    found = build(preset="big", seed=7, faces={"split": {"train": 1, "test": 5}})
    assert (found.seed, found.faces.split.train, found.faces.split.test) == (7, 9, 5)


@pytest.fixture
def presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in which config/config.yaml names the preset `big`."""
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/config.yaml").write_text("preset: big\nseed: 7\nfaces: {size: 32, split: {train: 1}}\n")
    Path("config/big.yaml").write_text("faces: {size: 64, split: {train: 9, test: 5}}\n")


@pytest.mark.usefixtures("presets")
@pytest.mark.parametrize("name", ["config/config.yaml", "./config/../config/config.yaml"])
def test_the_configuration_lies_under_its_preset(name: str) -> None:
    found = load(Path(name))
    assert (found.seed, found.faces.size, found.faces.split) == (7, 64, FaceCounts(9, 1000, 5))
    assert found == run.resolve({})


@pytest.mark.usefixtures("presets")
@pytest.mark.parametrize("preset", ["", "preset: config\n", "preset: null\n"])
def test_a_named_file_without_a_preset_is_the_whole_configuration(preset: str) -> None:
    Path("mine.yaml").write_text(f"{preset}faces: {{size: 48}}\n")
    found = load(Path("mine.yaml"))
    assert found == Config(faces=Faces(size=48))
    assert found == run.resolve(read(Path("mine.yaml")), alone=True)


@pytest.mark.usefixtures("presets")
def test_a_named_file_wins_over_the_preset_that_it_names() -> None:
    Path("mine.yaml").write_text("preset: big\nfaces: {size: 48}\n")
    Path("config/config.yaml").write_text("seed: 7\nfaces: {split: {train: 1, val: 2}}\n")
    found = load(Path("mine.yaml"))
    assert (found.seed, found.faces.size, found.faces.split) == (7, 48, FaceCounts(9, 2, 5))
    assert found == run.resolve(read(Path("mine.yaml"))), "as snakemake --configfile"


def test_an_edited_copy_of_the_default_says_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    text = Path("config/config.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("people: 100", "people: 50"))
    before, found = load(Path("config/config.yaml")), load(tmp_path / "mine.yaml")
    assert (before.faces.rendered.people, found.faces.rendered.people) == (100, 50)
    assert found.recovery == before.recovery


@pytest.mark.usefixtures("presets")
def test_a_preset_lies_over_those_that_it_extends() -> None:
    Path("config/huge.yaml").write_text("extends: big\nfaces: {size: 128}\nruntime: {device: cpu}\n")
    Path("config/giant.yaml").write_text("extends: huge\nfaces: {split: {test: 6}}\n")
    Path("config/plain.yaml").write_text("extends: config\nfaces: {split: {test: 6}}\n")
    found = run.resolve({"preset": "giant"})
    assert (found.seed, found.faces.size, found.faces.split) == (7, 128, FaceCounts(9, 1000, 6))
    assert found.runtime.device == "cpu"
    assert run.resolve({"preset": "plain"}).faces.split == FaceCounts(1, 1000, 6)
    Path("mine.yaml").write_text("preset: giant\n")
    assert load(Path("mine.yaml")) == found


@pytest.mark.usefixtures("presets")
@pytest.mark.parametrize(
    ("big", "message"),
    [
        ("huge", r"config/huge\.yaml extends big, which extends it in turn"),
        ("big", r"config/big\.yaml extends big, which extends it in turn"),
        (
            "small",
            r"config/big\.yaml extends small, but there is no config/small\.yaml; there are big, config, huge",
        ),
    ],
)
def test_a_preset_that_extends_none_is_one_sentence(big: str, message: str) -> None:
    Path("config/huge.yaml").write_text("extends: big\nfaces: {size: 128}\n")
    Path("config/big.yaml").write_text(f"extends: {big}\n")
    with pytest.raises(IfrpError, match=message):
        run.resolve({})
    with pytest.raises(IfrpError, match=message):
        load(paths.CONFIG)


def test_a_missing_preset_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IfrpError, match=r"config/giant\.yaml"):
        build(preset="giant")


def test_plain_and_typed_are_inverse() -> None:
    found = build(faces={"warp": {"angles": [-30, 0, 30]}})
    assert build_config(as_plain(found), "again") == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,split\na,seen\n", "lacks the column address"),
        (
            "name,split,address,sha256,licence\na,known,x,,\n",
            "line 2: split is 'known'; it must be one of seen, unseen, sketch",
        ),
        ("name,split,address,sha256,licence\na\n", "line 2, has 1 values for 5 columns"),
        ("name,split,address,sha256,licence\na,seen,x,,\na,seen,y,,\n", "the style a is there twice"),
        ("name,split,address,sha256,licence\nA b,seen,x,,\n", "line 2: name is 'A b'"),
        ("name,split,address,sha256,licence\na,seen,http://[bad/x.png,,\n", "line 2: address is 'http://"),
        (
            "name,split,address,sha256,licence\na,seen,https://,,\n",
            "line 2: address is 'https://'; an address names",
        ),
        ("name,split,address,sha256,licence\na,seen,x,12,\n", "line 2: sha256 is '12'"),
    ],
)
def test_a_wrong_style_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    table = tmp_path / "styles.csv"
    table.write_text(text)
    with pytest.raises(IfrpError, match=message):
        styles(build(styles={"table": str(table)}))


def test_a_style_table_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    table = tmp_path / "styles.csv"
    table.write_text("name,split,address,sha256,licence\na,seen,x,,\n", encoding="utf-8-sig")
    assert [row.name for row in styles(build(styles={"table": str(table)}))] == ["a"]


def test_what_is_no_configuration_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(IfrpError, match="cannot be read as a configuration file"):
        load(tmp_path)
    (tmp_path / "config.yaml").write_bytes("seed: 1  # für".encode("latin-1"))
    with pytest.raises(IfrpError, match="line 1, is not UTF-8"):
        load(tmp_path / "config.yaml")


def test_training_styles_default_to_the_seen_ones(tmp_path: Path) -> None:
    table = tmp_path / "styles.csv"
    table.write_text("name,split,address,sha256,licence\na,seen,x,,\nb,unseen,x,,\nc,seen,x,,\n")
    given = {
        "all": {"method": "ifrp"},
        "one": {"method": "ifrp", "styles": ["b"]},
        "empty": {"method": "ifrp", "training": None},
        "typo": {"method": "ifrp", "training": {"validation_styles": ["y"]}},
        "bad": {"method": "ifrp", "styles": ["z"]},
    }
    found = build(styles={"table": str(table)}, recovery={"experiments": given})
    assert experiments.resolve(found, "all").styles == ("a", "c")
    seen = experiments.resolve(found, "empty").seen
    assert seen == [("train", "a"), ("train", "c"), ("val", "a"), ("val", "c")]
    assert experiments.resolve(found, "one").styles == ("b",)
    with pytest.raises(IfrpError, match="names the style y"):
        experiments.resolve(found, "typo")
    with pytest.raises(IfrpError, match="names the style z"):
        experiments.resolve(found, "bad")
    with pytest.raises(IfrpError, match="no experiment none"):
        experiments.resolve(found, "none")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "The experiment x names no method"),
        ({"method": "facd"}, r"recovery.ablations.x: There is no method facd; did you mean faced\?"),
        (
            {"method": "ifrp", "warp": "far"},
            "recovery.ablations.x: warp is 'far', which is not in faces.warps",
        ),
        ({"method": "ifrp", "training": {"step": 1}}, "x: training: unknown key step; did you mean steps"),
        (
            {"method": "ifrp", "losses": {"identity_network": "face"}},
            "identity_network is 'face'; it must be one of",
        ),
        (
            {"method": "ifrp", "losses": {"identity": -1}},
            r"ablations\.x: losses\.identity is -1; it must be at least 0",
        ),
        ({"method": "ifrp", "losses": 3}, r"ablations\.x: losses is 3; it must be a mapping of keys"),
        ({"method": "input", "calibrate": {}}, "there is nothing to calibrate"),
    ],
)
def test_a_wrong_experiment_is_refused_without_its_networks(
    entry: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(IfrpError, match=message):
        experiments.every(build(recovery={"ablations": {"x": entry}}))


def test_numbers_do_not_depend_on_how_they_are_written() -> None:
    """Nor on whether they are defaults: a run compares them by what they look like as text."""
    spelled = build(faces={"celeba": {"crop": ["34", 54, 107.0, 133]}, "size": "128.0"}, seed="1e0")
    assert json.dumps(as_plain(spelled)) == json.dumps(as_plain(Config()))
    again = build_config(as_plain(Config()), "again")
    assert json.dumps(as_plain(again)) == json.dumps(as_plain(Config()))


def test_a_row_that_is_null_is_not_run(tmp_path: Path) -> None:
    values = {"recovery": {"experiments": {"input": {"method": "input"}, "ifrp": None, "faced": None}}}
    found = build_config(values, "here")
    assert list(found.recovery.experiments) == ["input"]
    assert found.recovery.not_run == ("ifrp", "faced")
    again = build_config(as_plain(found), "here")  # as the jobs of a run read it
    assert again == found
    assert tables.find(found, "quality").rows(found) == {"input": "input", "ifrp": None, "faced": None}


def test_a_checksum_may_be_in_capitals(tmp_path: Path) -> None:
    table = tmp_path / "styles.csv"
    table.write_text(f"name,split,address,sha256,licence\na,seen,x,{'AB' * 32},\n")
    (row,) = styles(Config(styles=Styles(table=str(table))))
    assert row.sha256 == "ab" * 32
