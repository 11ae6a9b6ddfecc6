"""What every method must do, whichever it is: found by name, trained by the one loop, resumed bit for bit."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest
import recovery_project
import torch
import yaml
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision
from torch import Tensor
from training_project import told_to_stop, ungated

from ifrp import artifacts, paths, provenance, stacks
from ifrp.config import Config, experiments, merge, read
from ifrp.config import build as build_config
from ifrp.config import plain as as_plain
from ifrp.config.methods import METHODS
from ifrp.errors import IfrpError
from ifrp.recovery import methods, model
from ifrp.recovery.apply import apply
from ifrp.recovery.method import Batch, Clock, Gate, Method, Update
from ifrp.recovery.networks import stn
from ifrp.recovery.recognisers import recogniser
from ifrp.recovery.recognisers import training as recognition
from ifrp.recovery.recover import recover
from ifrp.recovery.release import release
from ifrp.recovery.training import experiment as training
from ifrp.recovery.training import perceptual
from ifrp.stacks import to_range
from ifrp.styles.features import Features
from ifrp.training.loop import Loop
from ifrp.training.trainee import Trainee

TRAINED = ("ifrp", "ifrp_plus", "faced", "johnson", "pix2pix", "cyclegan", "mgan")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return recovery_project.make(tmp_path)


def weights(name: str) -> dict[str, Tensor]:
    return artifacts.load_weights(paths.recovery_model(name))


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def build(project: Config, name: str) -> Method[Any]:
    torch.manual_seed(0)
    method = methods.build(project, experiments.resolve(project, name))
    method.prepare(project, torch.device("cpu"), training=True)
    return method


def batch(count: int = 4) -> Batch:
    torch.manual_seed(1)
    return Batch(
        torch.rand(count, 3, 128, 128) * 2 - 1,
        torch.rand(count, 3, 128, 128) * 2 - 1,
        torch.zeros(count, dtype=torch.long),
        torch.rand(count, 2, 3),
    )


def test_methods_are_found_by_file_name() -> None:
    assert {"input", *recovery_project.TINY} <= set(METHODS)
    with pytest.raises(IfrpError, match="did you mean faced"):
        methods.find("faceed")


def test_the_table_has_a_row_for_every_module_and_the_reverse() -> None:
    modules = {path.stem for path in Path(methods.__file__).parent.glob("[!_]*.py")}
    assert set(METHODS) == modules
    for name, facts in METHODS.items():
        cls = methods.find(name)
        assert facts.trained == bool(cls.kept) == (cls.updates is not Method.updates), name
        config = cls.settings_class.__pydantic_config__  # a plain dataclass would let unknown keys through
        assert config["extra"] == "forbid", name


def test_recognisers_are_those_that_the_losses_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """For every experiment of every preset, and every method as it is by itself; no network is built."""
    monkeypatch.chdir(Path(__file__).parents[1])
    loaded: list[str] = []
    monkeypatch.setattr(recogniser, "load", lambda config, name, device: loaded.append(name))
    monkeypatch.setattr(Features, "configured", MagicMock())
    monkeypatch.setattr(perceptual, "losses", MagicMock())
    plain = {name: {"method": name} for name in METHODS}
    for path in Path("config").glob("*.yaml"):
        given = {"preset": path.stem, "recovery": {"experiments": plain}}
        found = build_config(read(paths.CONFIG), str(path), given)
        for experiment in experiments.every(found).values():
            loaded.clear()
            cls = methods.find(experiment.method)
            method = object.__new__(cls)
            method.settings, method.size = methods.settings(found, experiment), experiment.size
            method.prepare(found, torch.device("cpu"), training=True)
            assert loaded == list(experiment.recognisers), f"{path}: {experiment.name}"


def test_knowing_of_methods_imports_none() -> None:
    code = "import sys; from ifrp.config import experiments; from ifrp.recovery import methods; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_settings_are_laid_over_one_another(project: Config) -> None:
    changed = build_config(
        merge(as_plain(project), {"recovery": {"experiments": {"x": {
            "method": "ifrp", "losses": {"adversarial": "0.5"}, "training": {"batch": 2}, "styles": ["wax"]}}}}), "here",
    )  # fmt: skip
    found = experiments.resolve(changed, "x")
    settings = methods.settings(changed, found)
    assert settings.losses.adversarial == 0.5  # the experiment's, converted from text
    assert settings.network.width == 0.1  # the method's entry in the configuration
    assert settings.network.kernel == 4  # the paper's
    assert (found.training.batch, found.training.steps, found.styles) == (2, 6, ("wax",))
    for entry, sentence in (
        ({"method": "ifrp", "losses": {"adversarail": 1}}, "did you mean adversarial"),
        ({"method": "ifrp", "training": {"step": 1}}, "did you mean steps"),
        ({"losses": {}}, "names no method"),
    ):
        wrong = merge(as_plain(project), {"recovery": {"experiments": {"x": entry}}})
        given = build_config(wrong, "here")
        with pytest.raises(IfrpError, match=sentence):
            methods.settings(given, experiments.resolve(given, "x"))


def test_defaults_are_the_papers() -> None:
    from ifrp.config.methods.ifrp import Settings

    found = Settings()
    assert (found.losses.pixel, found.losses.adversarial, found.losses.identity) == (1.0, 1e-2, 1e-3)
    assert (found.losses.identity_network, found.losses.identity_layer) == ("facenet", "conv2d_4a")
    assert (found.optimisation.learning_rate, found.optimisation.decay, found.optimisation.smoothing) == (
        1e-3,
        0.99,
        0.9,
    )
    assert (found.network.residual_blocks, found.network.stn, found.network.skips) == (3, True, (8, 16))
    assert METHODS["ifrp"].training.batch == 64


@pytest.mark.parametrize("name", METHODS)
def test_recover_keeps_shape_and_range(project: Config, name: str) -> None:
    method = build(project, name)
    method.prepare(project, torch.device("cpu"), training=False)
    for network in method.networks.values():
        network.eval()
    with torch.no_grad():
        found = method.recover(batch().portraits)
        assert found.shape == (4, 3, 128, 128)
        assert found.abs().max() <= 1
        assert torch.equal(found, method.recover(batch().portraits))
        alone = method.recover(batch().portraits[:1])
    torch.testing.assert_close(alone, found[:1], atol=1e-4, rtol=1e-4)  # one face does not depend on another


@pytest.mark.parametrize("name", TRAINED)
def test_updates_reach_their_own_networks_only(project: Config, name: str) -> None:
    method = build(project, name)
    method.prepare(project, torch.device("cpu"), training=True)
    groups = {
        name: {id(weight) for group in optimiser.param_groups for weight in group["params"]}
        for name, optimiser in method.optimisers().items()
    }
    names = []
    for update in ungated(method.updates(batch(), Clock(0, 0, 10))):
        names.append(update.optimiser)
        for network in method.networks.values():
            network.zero_grad()
        update.loss.backward()
        for network in method.networks.values():
            own = {id(weight) for weight in network.parameters()} <= groups[update.optimiser]
            reached = [p.grad is not None and bool((p.grad != 0).any()) for p in network.parameters()]
            assert any(reached) == own
    assert sorted(names) == sorted(groups)
    assert all(p.requires_grad for network in method.networks.values() for p in network.parameters())


def test_generator_loss_is_the_weighted_sum(project: Config) -> None:
    method = build(project, "ifrp")
    method.features = lambda images: 3 * images  # type: ignore[attr-defined]
    object.__setattr__(method.settings.losses, "identity", 0.5)
    object.__setattr__(method.settings.optimisation, "margin", 0.0)
    _, update = ungated(method.updates(batch(), Clock(1000, 1, 2000)))
    logs = {name: float(value) for name, value in update.logs.items()}
    assert logs["identity"] == pytest.approx(9 * logs["pixel"], rel=1e-5)
    expected = logs["pixel"] + 0.01 * 0.995 * logs["adversarial"] + 0.5 * 0.995 * logs["identity"]
    assert update.loss.item() == pytest.approx(expected, rel=1e-5)
    assert method.rate(Clock(1000, 1, 2000)) == pytest.approx(1e-3 * 0.99)


@pytest.mark.parametrize(
    ("error", "updated"), [(0.1, [False, True]), (0.9, [True, False]), (0.5, [True, True])]
)
def test_gated_steps_are_not_asked_for(project: Config, error: float, updated: list[bool]) -> None:
    gate = {"recovery": {"methods": {"ifrp": {"optimisation": {"margin": 0.3}}}}}
    method = build(build_config(merge(as_plain(project), gate), "here"), "ifrp")
    method.average = lambda scalars: torch.full_like(scalars, error)  # what all devices agree on
    updates = method.updates(batch(), Clock(0, 0, 1))
    asked = next(updates)
    assert isinstance(asked, Gate)
    assert asked.choose(*asked.values.tolist()) == tuple(updated)
    answer = dict(zip(asked.optimisers, updated, strict=True))
    found = [cast("Update", updates.send(answer)), *cast("Iterator[Update]", updates)]
    assert [update.optimiser for update in found] == [name for name, yes in answer.items() if yes]


def test_adversarial_weight_zero_leaves_the_discriminator_out(project: Config) -> None:
    values = merge(as_plain(project), {"recovery": {"experiments": {"pixel": {
        "method": "ifrp", "losses": {"adversarial": 0, "identity": 0}}}}})  # fmt: skip
    method = build(build_config(values, "here"), "pixel")
    assert list(method.networks) == ["generator"]
    (update,) = ungated(method.updates(batch(), Clock(0, 0, 1)))
    assert update.optimiser == "generator"


@pytest.mark.parametrize(("name", "copies"), [*((name, 1) for name in TRAINED), ("ifrp", 3), ("cyclegan", 2)])
def test_stopped_and_resumed_is_bit_for_bit_the_same(project: Config, name: str, copies: int) -> None:
    if copies > 1:
        recovery_project.make(Path.cwd(), copies=copies)
    training.train(project, name)
    whole, curve = weights(name), pd.read_csv(paths.training_curve(name))
    assert not paths.checkpoint(name).exists()
    paths.recovery_model(name).unlink()

    with told_to_stop(3), pytest.raises(KeyboardInterrupt):
        training.train(project, name)
    assert paths.checkpoint(name).exists()
    assert not paths.recovery_model(name).exists()

    training.train(project, name)
    assert same(weights(name), whole)
    again = pd.read_csv(paths.training_curve(name))
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), curve.drop(columns="seconds"))
    logged = min((paths.training_curve(name).parent / "dvclive/plots/metrics").glob("*.tsv"))  # some loss
    assert pd.read_csv(logged, sep="\t")["step"].tolist() == [2, 3, 4, 6]  # continued, not repeated


def test_running_mean_of_weights_is_what_recovers(project: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    step, seen = Loop._one_step, list[dict[str, Tensor]]()

    def watched(self: Loop) -> None:
        step(self)
        seen.append(
            {key: value.clone() for key, value in self.trainee.networks["generator"].state_dict().items()}
        )

    monkeypatch.setattr(Loop, "_one_step", watched)
    training.train(project, "ifrp")
    key = "decoder.0.0.weight"
    expected = seen[0][key]
    for state in seen[1:]:
        expected = 0.5 * expected + 0.5 * state[key]
    torch.testing.assert_close(weights("ifrp")[f"generator/{key}"], expected)
    assert not torch.equal(weights("ifrp")[f"generator/{key}"], seen[-1][key])


def test_killed_process_goes_on_where_it_was(project: Config, tmp_path: Path) -> None:
    values = merge(as_plain(project), {"recovery": {"experiments": {"long": {
        "method": "ifrp", "training": {"steps": 16, "checkpoint_minutes": 0.0}}}}})  # fmt: skip
    import yaml

    own = Path("own.yaml")  # for one step: it is not that of the paper
    own.write_text(yaml.safe_dump(values))
    dies = """if True:
        import os, signal
        from ifrp import portable
        portable.settle()  # before what computes is loaded, as the command line does
        from ifrp.training.loop import Loop
        save = Loop.save
        def once(self):
            save(self)
            if self.step == 5:
                os.kill(os.getpid(), signal.SIGKILL)
        Loop.save = once
    """
    run, words = "from ifrp.cli import main; main()", ["recovery", "train", "long", "--config", str(own)]
    killed = subprocess.run(
        [sys.executable, "-c", f"{dies}\n{run}", *words], stderr=subprocess.PIPE, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not paths.recovery_model("long").exists()
    made = []
    for told in ("long: 5/16", "long: 0/16"):
        done = subprocess.run(
            [sys.executable, "-c", run, *words], check=True, stderr=subprocess.PIPE, text=True
        )
        assert told in done.stderr
        made.append(weights("long"))
        paths.recovery_model("long").unlink()
    assert same(*made)


def test_other_settings_start_afresh(
    project: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiments.resolve(project, "faced")
    fabric = Fabric(accelerator="cpu", devices=1)
    loop, _ = training.prepared(project, experiment, fabric, "another training")
    loop.save()
    training.train(project, "faced")
    assert "made with other settings, data or networks, so training starts afresh" in capsys.readouterr().err


def test_a_network_that_was_changed_starts_afresh(
    project: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, fabric = experiments.resolve(project, "ifrp"), Fabric(accelerator="cpu", devices=1)
    with monkeypatch.context() as patch:
        patch.setitem(stn.LOCALISATION, "stn4", (64, 128, 200))
        training.prepared(project, experiment, fabric, "the same settings and data")[0].save()
    training.prepared(project, experiment, fabric, "the same settings and data")[0].run()
    assert "other settings, data or networks, so training starts afresh" in capsys.readouterr().err


def test_a_training_goes_on_in_another_precision(project: Config) -> None:
    """Half precision scales the loss, and a checkpoint of single precision says nothing of the scale."""
    experiment = experiments.resolve(project, "faced")
    single, _ = training.prepared(project, experiment, Fabric(accelerator="cpu", devices=1), "")
    single.step = 3
    half = MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu"))
    resumed, _ = training.prepared(
        project, experiment, Fabric(accelerator="cpu", devices=1, plugins=[half]), ""
    )
    resumed.load_state(single.state())
    assert resumed.step == 3


@pytest.mark.parametrize("name", TRAINED)
def test_the_seed_alone_decides(project: Config, name: str) -> None:
    training.train(project, name)
    first = weights(name)
    training.train(project, name)
    assert same(first, weights(name))
    other = build_config({**as_plain(project), "seed": 2}, "here")
    training.train(other, name)
    assert not same(first, weights(name))


def test_a_loss_that_is_not_finite_stops_training(project: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    updates = methods.find("faced").updates

    def poisoned(self: Method[Any], batch: Batch, clock: Clock) -> Any:
        for update in updates(self, batch, clock):
            if clock.step == 4 and isinstance(update, Update):
                yield Update(update.optimiser, update.loss * float("nan"))
            else:
                yield update

    monkeypatch.setattr(methods.find("faced"), "updates", poisoned)
    values = merge(
        as_plain(project), {"recovery": {"methods": {"faced": {"training": {"checkpoint_minutes": 0}}}}}
    )
    with pytest.raises(
        IfrpError, match=r"stopped at step 4: the loss of the \w+ is nan.*faced.ckpt of step 4"
    ):
        training.train(build_config(values, "here"), "faced")
    assert not paths.recovery_model("faced").exists()
    kept = torch.load(paths.checkpoint("faced"), weights_only=True)["state"]
    assert all(bool(v.isfinite().all()) for network in kept["networks"].values() for v in network.values())


def test_training_learns_and_writes_card_and_curve(project: Config) -> None:
    values = merge(as_plain(project), {"recovery": {"methods": {"ifrp": {
        "training": {"steps": 30, "batch": 4, "validate_every": 15, "log_every": 5},
        "optimisation": {"warm_up": 0}}}}})  # fmt: skip
    training.train(build_config(values, "here"), "ifrp")
    curve = pd.read_csv(paths.training_curve("ifrp"))
    assert curve["pixel"].iloc[-1] < 0.6 * curve["pixel"].iloc[0]
    assert curve["step"].tolist() == [5, 10, 15, 20, 25, 30]
    assert curve["validation_psnr"].notna().tolist() == [False, False, True, False, False, True]
    card = provenance.read_card(paths.recovery_model("ifrp"))
    assert card["facts"]["steps"] == 30
    assert card["facts"]["faces_per_second"] > 0
    assert str(paths.portraits("train", "wax")) in card["inputs"]


def test_a_model_file_alone_is_enough(project: Config) -> None:
    training.train(project, "ifrp")
    apply(project, "ifrp", ["ink"])
    apply(project, "input", ["ink"])
    portraits, recovered = (
        stacks.read(paths.portraits("test", "ink")),
        stacks.read(paths.recovered("ifrp", "ink")),
    )
    pd.testing.assert_frame_equal(recovered.table, portraits.table.assign(index=range(len(portraits))))
    assert np.array_equal(stacks.read(paths.recovered("input", "ink")).images, portraits.images)
    assert provenance.read_card(paths.recovered("ifrp", "ink"))["facts"]["ms_per_face"] > 0

    copy = paths.recovery_model("ifrp").rename("elsewhere.safetensors")
    method = model.load(copy)
    from ifrp.recovery.apply import recover

    again = np.concatenate(list(recover(method, portraits.images, torch.device("cpu"))))
    assert np.array_equal(again, recovered.images)
    copy.write_bytes(copy.read_bytes()[:-50])
    with pytest.raises(IfrpError, match="elsewhere"):
        model.load(copy)


def test_a_released_model_takes_half_the_room_and_recovers_the_same(project: Config) -> None:
    training.train(project, "ifrp")
    release("ifrp")
    whole, half = paths.recovery_model("ifrp"), paths.released("ifrp")
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    assert model.header(half) == model.header(whole)
    made, source = provenance.read_card(half), provenance.read_card(whole)
    assert made["inputs"][str(whole)] == source["sha256"]
    assert made["settings"] == source["settings"]
    portraits = to_range(torch.from_numpy(stacks.read(paths.portraits("test", "ink")).images.copy()))
    with torch.no_grad():
        found, exact = (model.load(path).recover(portraits) for path in (half, whole))
    assert (found - exact).abs().max() < 0.05  # of a range of 2


def test_a_released_model_tells_its_own_scores(project: Config) -> None:
    """Those that the evaluation measured of this file, and none that are of an earlier one."""
    training.train(project, "ifrp")
    whole, scores = paths.recovery_model("ifrp"), paths.metrics("ifrp")
    recovered = paths.recovered("ifrp", "ink")
    for path in (scores, recovered):
        path.parent.mkdir(parents=True)
    with provenance.card(paths.faces("test"), {"source": "rendered"}, 1):
        pass
    with provenance.card(recovered, {}, 1, [whole]):
        recovered.write_bytes(b"faces")
    with provenance.card(scores, {}, 1, [recovered]):
        scores.write_text("seen: {psnr: 20.5}\n")
    release("ifrp")
    facts = provenance.read_card(paths.released("ifrp"))["facts"]
    assert (facts["scored_on"], facts["scores"]) == ("rendered", {"seen": {"psnr": 20.5}})
    with provenance.card(recovered, {}, 1, [paths.faces("test")]):
        pass
    release("ifrp")
    assert "scores" not in provenance.read_card(paths.released("ifrp"))["facts"]


def test_a_model_is_released_beside_its_training_faces(project: Config) -> None:
    training.train(project, "ifrp")
    images = stacks.read(paths.faces("train")).images.copy()
    np.save(paths.faces("train"), 255 - images)
    with pytest.raises(IfrpError, match="is not what ifrp was trained on"):
        release("ifrp")


def test_a_model_beyond_half_precision_is_not_released(project: Config) -> None:
    training.train(project, "ifrp")
    path = paths.recovery_model("ifrp")
    tensors = artifacts.load_weights(path)
    name = next(name for name, value in tensors.items() if value.is_floating_point())
    artifacts.save_weights(path, tensors | {name: torch.full_like(tensors[name], 1e5)}, model.header(path))
    with pytest.raises(IfrpError, match=f"{name} is beyond half precision"):
        release("ifrp")
    assert not paths.released("ifrp").exists()


def test_identity_loss_uses_the_trained_recogniser(project: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trainee, "checkpoint_minutes", 0)
    small = {
        "network": "mobilefacenet",
        "weights": "trained",
        "size": [48, 48],
        "training": {"steps": 2, "batch": 4},
    }
    values = merge(as_plain(project), {"recovery": {
        "recognisers": {"facenet": small, "evaluator": small},
        "methods": {"ifrp": {"losses": {"identity": 1.0, "identity_layer": "block4"}, "training": {"steps": 2}}}}})  # fmt: skip
    changed = build_config(values, "here")
    with pytest.raises(IfrpError, match=r"models/recognisers/facenet.safetensors is missing"):
        training.train(changed, "ifrp")
    for name in ("facenet", "evaluator"):
        recognition.make(changed, name)
    assert not paths.checkpoint("recogniser-evaluator").exists(), "it goes when the weights are written"
    training.train(changed, "ifrp")
    evaluator, used = recogniser.load(changed, "evaluator"), recogniser.load(changed, "facenet")
    assert evaluator.fingerprint != used.fingerprint  # another name, another network
    assert used.fingerprint in model.header(paths.recovery_model("ifrp"))["recognisers"]
    assert "identity" in pd.read_csv(paths.training_curve("ifrp")).columns
    embedded = evaluator.embed(stacks.read(paths.faces("test")).images)
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, rtol=1e-5)
    assert (
        provenance.read_card(paths.recogniser("evaluator"))["facts"]["fingerprint"] == evaluator.fingerprint
    )


def test_a_recogniser_that_was_stopped_and_resumed_is_bit_for_bit_the_same(
    project: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    def configured(steps: int) -> Config:
        small = {"network": "mobilefacenet", "weights": "trained", "size": [48, 48],
                 "training": {"steps": steps, "batch": 4}}  # fmt: skip
        values = {"recovery": {"recognisers": {"evaluator": small}}}
        return build_config(merge(as_plain(project), values), "here")

    recognition.make(configured(6), "evaluator")
    whole = artifacts.load_weights(paths.recogniser("evaluator"))
    paths.recogniser("evaluator").unlink()
    for steps in (7, 6):
        with told_to_stop(3), pytest.raises(KeyboardInterrupt):
            recognition.make(configured(steps), "evaluator")
        assert paths.checkpoint("recogniser-evaluator").exists()
        assert not paths.recogniser("evaluator").exists()
    assert "other settings, data or networks, so training starts afresh" in capsys.readouterr().err
    recognition.make(configured(6), "evaluator")
    assert "recogniser evaluator: 4/6" in capsys.readouterr().err
    assert same(artifacts.load_weights(paths.recogniser("evaluator")), whole)
    assert provenance.read_card(paths.recogniser("evaluator"))["facts"]["steps"] == 6
    assert not list(paths.CHECKPOINTS.iterdir())


def test_a_recogniser_of_another_configuration_is_refused(project: Config) -> None:
    """After a change of the preset, a file of the same name is still there."""

    def configured(**more: object) -> Config:
        small = {"network": "mobilefacenet", "weights": "trained", "size": [48, 48],
                 "training": {"steps": 1, "batch": 4}, **more}  # fmt: skip
        values = {"recovery": {"recognisers": {"evaluator": small}}}
        return build_config(merge(as_plain(project), values), "here")

    made = configured()
    recognition.make(made, "evaluator")
    assert recogniser.load(made, "evaluator").settings == made.recovery.recognisers["evaluator"]
    for more, key, was, wanted in (
        ({"weights": "data/source/ms1m.pt"}, "weights", "trained", "data/source/ms1m.pt"),
        ({"training": {"steps": 2, "batch": 4}}, r"training\.steps", "1", "2"),
    ):
        told = (
            rf"^models/recognisers/evaluator\.safetensors was made with another recovery\.recognisers\.evaluator\.{key} "
            rf"\({was}\) than the configuration has \({wanted}\): make it again by "
            r"`snakemake --cores all --force models/recognisers/evaluator\.safetensors`, or name the preset"
        )
        with pytest.raises(IfrpError, match=told):
            recogniser.load(configured(**more), "evaluator")


def test_a_model_of_another_configuration_is_refused_by_name_and_usable_as_a_file(project: Config) -> None:
    training.train(project, "ifrp")
    file = str(paths.recovery_model("ifrp"))

    def recovered(values: dict[str, Any], given: str) -> int:
        changed = build_config(merge(as_plain(project), values), "here")
        paths.CONFIG.write_text(yaml.safe_dump(as_plain(changed)))
        return len(recover([paths.portraits("test", "ink")], given, Path("out"), paths.CONFIG, aligned=True))

    def entry(**keys: object) -> dict[str, Any]:
        return {"recovery": {"experiments": {"ifrp": keys}}}

    assert recovered(entry(training={"steps": 9}, portraits=2), "ifrp") == 12, "no part of the model"
    for values, key in (
        (entry(losses={"adversarial": 0.5}), r"recovery\.experiments\.ifrp\.losses\.adversarial"),
        (entry(styles=["ink"]), r"recovery\.experiments\.ifrp\.styles"),
        (entry(method="faced"), r"recovery\.experiments\.ifrp\.method"),
        (
            {"faces": {"size": 256}} | entry(network={"skips": [16, 32]}),
            r"[a-z.]*(network\.skips|faces\.size)",
        ),
    ):
        with pytest.raises(
            IfrpError, match=rf"^models/recovery/ifrp\.safetensors was made with another {key} "
        ):
            recovered(values, "ifrp")
        assert recovered(values, file) == 12


@pytest.mark.parametrize("name", TRAINED)
def test_training_in_bfloat16_stays_finite(project: Config, name: str) -> None:
    values = {
        "runtime": {"precision": "bf16-mixed"},
        "recovery": {"methods": {name: {"training": {"steps": 2}}}},
    }
    mixed = build_config(merge(as_plain(project), values), "here")
    training.train(mixed, name)
    assert all(bool(value.isfinite().all()) for value in weights(name).values())


@pytest.mark.parametrize("name", sorted({*METHODS} - {*TRAINED}))
def test_what_needs_nothing_is_not_trained(project: Config, name: str) -> None:
    assert not experiments.resolve(project, name).trained
    with pytest.raises(IfrpError, match="needs no training"):
        training.train(project, name)


def test_an_experiment_may_recover_some_portraits_only(project: Config) -> None:
    entries = {name: {"method": "input", "portraits": count} for name, count in (("some", 3), ("most", "99"))}
    values = merge(as_plain(project), {"recovery": {"experiments": entries}})
    chosen = build_config(values, "here")
    portraits = stacks.read(paths.portraits("test", "wax"))
    for name, places in (("some", [0, 6, 11]), ("most", list(range(12)))):  # 12 test faces: 0, 5.5 and 11
        apply(chosen, name, ["wax"])
        found = stacks.read(paths.recovered(name, "wax"))
        assert found.table["index"].tolist() == places
        assert found.table["file"].tolist() == portraits.table["file"][places].tolist()
        assert np.array_equal(found.images, portraits.images[places])
        assert provenance.read_card(paths.recovered(name, "wax"))["facts"]["faces"] == len(places)
    for count, sentence in ((0, "at least 1"), (2.5, "whole number"), ("few", "whole number")):
        wrong = merge(values, {"recovery": {"experiments": {"some": {"portraits": count}}}})
        with pytest.raises(IfrpError, match=f"some: portraits is .* must be .*{sentence}"):
            experiments.resolve(build_config(wrong, "here"), "some")
