"""Losses, schedules and balance by hand; RMSprop by its formula; the order of data; recognition; `ifrp recover`."""

from __future__ import annotations

import dataclasses
import math
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import recovery_project
import torch
import yaml
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from ifrp import artifacts, paths, provenance, stacks
from ifrp.config import RecogniserTraining, experiments
from ifrp.config.methods.ifrp import Losses, Settings
from ifrp.config.methods.srn import Network
from ifrp.errors import IfrpError
from ifrp.faces import geometry, rendered, warp
from ifrp.faces.commands import prepare, render
from ifrp.recovery import apply, model
from ifrp.recovery.method import Batch, Clock
from ifrp.recovery.methods import ifrp
from ifrp.recovery.networks.stn import resample
from ifrp.recovery.recognisers import mobilefacenet
from ifrp.recovery.recognisers import training as recognition
from ifrp.recovery.recover import recover
from ifrp.recovery.training import losses, schedules
from ifrp.recovery.training.adversarial import AdversarialMethod
from ifrp.recovery.training.augmentation import recoloured
from ifrp.recovery.training.pairs import Pairs, Source, places
from ifrp.stacks import to_bytes, to_range


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    recovery_project.make(tmp_path)
    return tmp_path


def test_losses_by_hand() -> None:
    ones, halves = torch.ones(2, 3, 4, 4), torch.full((2, 3, 4, 4), 0.5)
    assert losses.pixel(ones, halves).item() == 0.25
    assert losses.identity(lambda x: 4 * x, ones, halves).item() == 4.0
    logits = torch.tensor([0.0, 2.0])
    sigmoid = 1 / (1 + math.exp(-2))
    assert losses.adversarial(logits, True).item() == pytest.approx((math.log(2) - math.log(sigmoid)) / 2)
    assert losses.adversarial(logits, False).item() == pytest.approx(
        (math.log(2) - math.log(1 - sigmoid)) / 2
    )


def test_losses_stay_finite_in_bfloat16() -> None:
    logits = torch.tensor([200.0, -200.0], dtype=torch.bfloat16, requires_grad=True)
    found = losses.adversarial(logits, True)
    found.backward()
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(100.0)
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


def test_identity_loss_leaves_the_real_face_alone() -> None:
    recovered, faces = torch.ones(1, 3, 2, 2, requires_grad=True), torch.zeros(1, 3, 2, 2, requires_grad=True)
    losses.identity(lambda x: x * x, recovered, faces).backward()
    assert faces.grad is None
    assert recovered.grad is not None
    assert recovered.grad.mean().item() == pytest.approx(4 / 12)  # d/dx of mean((x²)²) at 1, 12 values


def test_schedules_have_the_papers_values() -> None:
    assert [schedules.weight(0.01, n) for n in (0, 1)] == [0.01, pytest.approx(0.00995)]
    assert schedules.weight(0.01, 138) > 0.005  # the floor is reached after 138 epochs
    assert schedules.weight(0.01, 139) == 0.005
    assert schedules.learning_rate(1e-3, 2) == pytest.approx(9.801e-4)
    assert schedules.learning_rate(1e-3, 10_000) == 1e-6
    assert [schedules.warm_up(n) for n in (0, 49, 50, 99, 100)] == [0.02, 0.02, 0.2, 0.2, 1.0]


@pytest.mark.parametrize(
    ("real", "fake", "updates"),
    [
        (0.5, 0.5, (True, True)),
        (0.29, 0.5, (False, True)),
        (0.5, 0.29, (False, True)),
        (0.71, 0.5, (True, False)),
        (0.5, 0.71, (True, False)),
        (0.1, 0.9, (True, True)),  # both would wait
        (0.9, 0.1, (True, True)),
        (0.1, 0.1, (False, True)),
        (0.9, 0.9, (True, False)),
        (0.3, 0.7, (True, True)),  # on the margins
    ],
)
def test_balance_truth_table(real: float, fake: float, updates: tuple[bool, bool]) -> None:
    assert schedules.balance(real, fake) == updates


def test_rmsprop_is_the_published_formula() -> None:
    class Tiny(AdversarialMethod[Any]):
        def __init__(self) -> None:
            super().__init__(recovery_settings(), 128, ("ink",))
            self.networks["generator"] = torch.nn.Linear(1, 1, bias=False)

    method = Tiny()
    weight = next(method.networks["generator"].parameters())
    optimiser = method.optimisers()["generator"]
    expected, mean_square = weight.item(), 0.0
    for gradient in (0.5, -2.0, 1e-9):
        weight.grad = torch.tensor([[gradient]])
        optimiser.step()
        mean_square = 0.9 * mean_square + 0.1 * gradient**2
        expected -= 1e-3 * gradient / (math.sqrt(mean_square) + 1e-8)  # ε outside the root
    assert weight.item() == pytest.approx(expected, rel=1e-6)


def recovery_settings() -> Any:
    from ifrp.config.methods import adversarial

    return adversarial.Settings(losses=adversarial.Losses(adversarial=0))


def test_bytes_to_range_and_back() -> None:
    images = torch.arange(256, dtype=torch.uint8).repeat(3).reshape(1, 16, 16, 3)
    found = to_range(images)
    assert (found.min().item(), found.max().item()) == (-1.0, 1.0)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(to_bytes(found), images)


def pairs(aligned: bool = False, **changes: Any) -> Pairs:
    given: dict[str, Any] = {
        "batch": 5,
        "seed": 3,
        "paired": True,
        "flip": False,
        "recolour": 0.0,
        "device": torch.device("cpu"),
    } | changes
    portraits = tuple(paths.portraits("train", style) for style in recovery_project.STYLES)
    return Pairs(Source(paths.faces("train"), portraits, aligned), **given)


def test_an_epoch_shows_every_pair_once_and_no_face_twice_in_a_pass(project: Path) -> None:
    data = pairs()
    faces, styles, rows = data.order(7)
    assert np.array_equal(rows, faces)  # each face has one portrait of each style
    assert sorted(zip(faces.tolist(), styles.tolist(), strict=True)) == [
        (f, s) for f in range(12) for s in range(2)
    ]
    assert sorted(faces[:12]) == sorted(faces[12:]) == list(range(12))
    again = pairs().order(7)
    assert np.array_equal(faces, again[0])
    assert np.array_equal(styles, again[1])
    assert not np.array_equal(faces, data.order(8)[0])


@pytest.mark.parametrize("copies", [2, 3])
def test_an_epoch_shows_every_copy_once_and_a_pass_every_face_in_one(project: Path, copies: int) -> None:
    recovery_project.make(project, copies=copies)
    data = pairs()
    assert data.per_epoch == 24 * copies // 5
    faces, styles, rows = data.order(7)
    index = stacks.read(paths.portraits("train", "wax")).table["index"].to_numpy()
    assert np.array_equal(index[rows], faces)
    assert sorted(zip(rows.tolist(), styles.tolist(), strict=True)) == [
        (row, style) for row in range(12 * copies) for style in range(2)
    ]
    shown = [slice(start, start + 12) for start in range(0, len(faces), 12)]
    assert all(sorted(faces[one]) == list(range(12)) for one in shown)
    first, second = (
        dict(zip(faces[i], zip(rows[i], styles[i], strict=True), strict=True)) for i in shown[:2]
    )
    for face in range(12):  # the next time in another copy and in another style
        assert first[face][0] != second[face][0]
        assert first[face][1] != second[face][1]
    again = pairs()
    assert all(np.array_equal(a, b) for a, b in zip(data.order(7), again.order(7), strict=True))


def test_batches_of_copies_hold_what_the_order_says(project: Path) -> None:
    recovery_project.make(project, copies=3)
    data = pairs()
    whole, parts = data(3), [pairs(share=(rank, 2))(3) for rank in range(2)]
    faces, styles, rows = (found[15:20] for found in data.order(0))
    truth = stacks.read(paths.faces("train")).images
    for place in range(5):
        portrait = stacks.read(paths.portraits("train", recovery_project.STYLES[styles[place]]))
        assert np.array_equal(to_bytes(whole.portraits)[place].numpy(), portrait.images[rows[place]])
        assert np.array_equal(to_bytes(whole.faces)[place].numpy(), truth[faces[place]])
        assert whole.places[place, 1, 2].item() == pytest.approx(2 * 4 * (rows[place] // 12) / 128)
        assert torch.equal(parts[place % 2].portraits[place // 2], whole.portraits[place])


@pytest.mark.parametrize("wrong", [[*range(11), 10], range(1, 13), None])
def test_portraits_that_do_not_tell_their_faces_are_refused(project: Path, wrong: Any) -> None:
    path = paths.portraits("train", "ink")
    opened = stacks.read(path)
    table = opened.table.drop(columns="index") if wrong is None else opened.table.assign(index=wrong)
    table.to_csv(path.with_suffix(".csv"), index=False)
    with pytest.raises(IfrpError, match=r"train/ink\.csv does not tell .*12 faces.*make it again"):
        pairs()


def test_stacks_of_other_numbers_of_portraits_are_refused(project: Path) -> None:
    few = stacks.read(paths.portraits("train", "ink"))
    recovery_project.make(project, copies=2)
    with stacks.create(paths.portraits("train", "wax"), few.images.shape[:3]) as (images, rows):
        images[:] = few.images
        rows.extend(stacks.rows_of(few.table))
    with pytest.raises(IfrpError, match=r"wax\.npy is \(12, .*but \(24, .*make it again"):
        pairs()


def test_places_lead_from_a_face_to_each_of_its_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On rendered heads as they are prepared, whose unaligned faces stand for portraits here."""
    monkeypatch.chdir(tmp_path)
    values = {"faces": {"size": 64, "rendered": {"people": 4, "pictures": 2, "canvas": 120},
                        "split": {"train": 4, "val": 1, "test": 1}, "warp": {"copies": 3}}}  # fmt: skip
    Path("config.yaml").write_text(yaml.safe_dump(values))
    render(Path("config.yaml"))
    prepare(Path("config.yaml"))
    source = Source(paths.faces("train"), (paths.warped("train"),))
    data = Pairs(source, 4, 3, True, True, 0, torch.device("cpu"))
    assert (data.count, data.copies, data.per_epoch) == (4, 3, 3)
    for step in range(data.per_epoch):
        batch = data(step)
        upright, inside = resample(batch.portraits, batch.places), slice(16, 48)
        for portrait, back, face in zip(batch.portraits, upright, batch.faces, strict=True):
            missed = (back - face)[:, inside, inside].abs().mean()
            assert missed < 0.06
            assert missed < 0.6 * (portrait - face)[:, inside, inside].abs().mean()


def test_batches_hold_what_the_order_says(project: Path) -> None:
    data = pairs()
    assert data.per_epoch == 24 // 5
    batch = data(data.per_epoch + 1)  # second batch of the second epoch
    faces, styles, _ = data.order(1)
    for place in range(5):
        face, style = faces[5 + place], recovery_project.STYLES[styles[5 + place]]
        portrait = stacks.read(paths.portraits("train", style)).images[face]
        assert np.array_equal(to_bytes(batch.portraits)[place].numpy(), portrait)
        assert np.array_equal(
            to_bytes(batch.faces)[place].numpy(), stacks.read(paths.faces("train")).images[face]
        )


def test_aligned_portraits_are_warped_back_by_their_true_parameters(project: Path) -> None:
    plain = pairs()(0)
    for style in recovery_project.STYLES:
        path = paths.portraits("train", style)
        opened = stacks.read(path)
        turn = [90.0 * (row % 4) for row in range(len(opened))]
        quarters = np.stack([np.rot90(i, row % 4) for row, i in enumerate(opened.images)])
        with stacks.create(path, quarters.shape[:3]) as (images, rows):
            images[:] = quarters
            rows.extend(
                stacks.rows_of(opened.table.assign(rotation=turn, scale=1.0, shift_x=0.0, shift_y=0.0))
            )
    found = pairs(aligned=True)(0)
    assert torch.equal(found.faces, plain.faces)
    torch.testing.assert_close(found.portraits, plain.portraits)
    assert not torch.equal(pairs()(0).portraits, plain.portraits)


def test_flips_mirror_portrait_and_face_together(project: Path) -> None:
    plain, flipped = pairs()(0), pairs(flip=True)(0)
    mirrored = [bool((a != b).any()) for a, b in zip(plain.portraits, flipped.portraits, strict=True)]
    assert 0 < sum(mirrored) < 5
    for place, mirror in enumerate(mirrored):
        for name in ("portraits", "faces"):
            before, after = getattr(plain, name)[place], getattr(flipped, name)[place]
            assert torch.equal(before.flip(2) if mirror else before, after)


@pytest.mark.parametrize("mirror", [False, True])
def test_a_portrait_sampled_at_its_places_is_upright(mirror: bool) -> None:
    size, random = 64, np.random.default_rng(0)
    coarse = torch.rand(3, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    faces = torch.nn.functional.interpolate(coarse, size, mode="bicubic").clamp(0, 1)
    turn, scale, shift = (
        random.uniform(-30, 30, 3),
        random.uniform(0.8, 1, 3),
        random.uniform(-0.05, 0.05, (3, 2)),
    )
    warped = geometry.sample((255 * faces).byte(), warp.backward(turn, scale, shift, size), size)
    table = pd.DataFrame({"rotation": turn, "scale": scale, "shift_x": shift[:, 0], "shift_y": shift[:, 1]})
    portraits = torch.from_numpy(warped).permute(0, 3, 1, 2) / 255
    if mirror:
        faces, portraits = faces.flip(3), portraits.flip(3)
    found = places(table, np.full(3, mirror), aligned=False)
    upright = resample(portraits, torch.from_numpy(found))
    inside = slice(16, 48)
    assert (upright - faces)[:, :, inside, inside].abs().mean() < 0.02
    assert (portraits - faces)[:, :, inside, inside].abs().mean() > 0.06


def test_the_identity_loss_may_look_at_some_pairs() -> None:
    given = Settings(losses=Losses(adversarial=0, identity=1, identity_pairs=2))
    method = ifrp.Method(dataclasses.replace(given, network=Network(width=0.1)), 128, ("ink",))
    method.features = lambda images: images
    faces, recovered = torch.zeros(3, 3, 8, 8), torch.arange(3.0).view(3, 1, 1, 1).expand(3, 3, 8, 8)
    batch = Batch(faces, faces, torch.zeros(3), torch.zeros(3, 2, 3))
    assert (
        method.further_losses(batch, recovered, Clock(0, 0, 1))["identity"][1].item() == 0.5
    )  # of 0 and 1, not of 2


def test_the_loss_of_places_is_a_mean_over_the_square() -> None:
    random = torch.Generator().manual_seed(0)
    one, other = torch.rand(2, 5, 2, 3, generator=random)
    points = torch.rand(200_000, 2, generator=random) * 2 - 1
    ends = [points @ matrix[:, :, :2].mT + matrix[:, None, :, 2] for matrix in (one, other)]
    missed = (ends[0] - ends[1]).square().sum(2).mean()
    assert float(losses.places(one, other)) == pytest.approx(float(missed), rel=0.01)


def test_recolouring_leaves_shapes_in_place() -> None:
    halves = torch.full((6, 3, 32, 32), -0.5)
    halves[:, :, :, 16:] = torch.tensor([0.2, 0.7, -0.1])[:, None, None]
    assert torch.equal(recoloured(halves, 0.0, 1), halves)
    found = recoloured(halves, 1.0, 1)
    assert torch.equal(found, recoloured(halves, 1.0, 1))
    assert not torch.equal(found, recoloured(halves, 1.0, 2))
    assert all(not torch.equal(one, two) for one, two in zip(found, halves, strict=True))
    assert found.abs().max() <= 1
    for flat in (found[:, :, :, :12], found[:, :, :, 20:]):  # further from the edge than any kernel reaches
        assert (flat - flat[:, :, :1, :1]).abs().max() < 1e-5


def test_devices_share_a_batch_without_overlap(project: Path) -> None:
    whole = pairs(batch=6)(1)
    parts = [pairs(batch=6, share=(rank, 2))(1) for rank in range(2)]
    assert torch.equal(parts[0].portraits, whole.portraits[::2])
    assert torch.equal(parts[1].faces, whole.faces[1::2])


def test_unpaired_batches_draw_faces_independently(project: Path) -> None:
    paired, unpaired = pairs()(0), pairs(paired=False)(0)
    assert torch.equal(paired.portraits, unpaired.portraits)
    assert not torch.equal(paired.faces, unpaired.faces)


def test_too_few_pairs_for_a_batch_are_refused(project: Path) -> None:
    with pytest.raises(IfrpError, match="24 pairs, fewer than a batch of 25"):
        pairs(batch=25)


def test_rank1_by_hand() -> None:
    angles = np.deg2rad([0, 10, 90, 95, 91, 200])
    embedded = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    people = np.array(["a", "a", "b", "b", "c", "d"])
    # Of the four that ask, a finds a twice; 90° finds 91° (c); 95° finds 91° (c).
    assert recognition.rank1(embedded, people) == 0.5
    assert recognition.rank1(embedded[:3], np.array(["x", "y", "z"])) is None


def test_augmentation_keeps_the_face_and_its_range() -> None:
    torch.manual_seed(0)
    images = torch.rand(8, 3, 32, 32) * 2 - 1
    still = RecogniserTraining(shift=0, rotation=0, colour=0)
    found = recognition.augment(images, still)
    for before, after in zip(images, found, strict=True):
        assert torch.allclose(after, before, atol=1e-5) or torch.allclose(after, before.flip(2), atol=1e-5)
    moved = recognition.augment(images, RecogniserTraining())
    assert moved.shape == images.shape
    assert moved.abs().max() <= 1


def test_recogniser_rate_rises_and_falls() -> None:
    rates = [recognition.rate(step, 100) for step in range(100)]
    assert rates[0] == 0.1
    assert max(rates) == 1.0 == rates[10]
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01


def test_recover_takes_odd_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = project / "inbox"
    (inbox / "deep").mkdir(parents=True)
    red = Image.new("RGB", (200, 100), "red")
    red.save(inbox / "a.png")
    red.save(inbox / "deep/A.jpg")
    Image.new("L", (30, 50), 100).save(inbox / "grey.png")
    (inbox / "note.txt").write_text("no picture")
    found = recover(
        [inbox, paths.portraits("test", "ink")], "input", project / "out", paths.CONFIG, aligned=True
    )
    names = sorted(path.relative_to(project / "out").as_posix() for path in found)
    assert {"a.png", "deep/A.png", "grey.png", "ink-00.png"} < set(names)
    assert len(names) == 3 + 12
    assert Image.open(project / "out/a.png").size == (128, 128)
    assert "note.txt: not a picture" in capsys.readouterr().err
    original = stacks.read(paths.portraits("test", "ink")).images[3]
    assert np.array_equal(np.asarray(Image.open(project / "out/ink-03.png")), original)


def test_faces_lie_as_their_portraits_do(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every face has a name of its own, even where a disk does not tell a from A, and it is that of its portrait."""
    colours = {
        "Ann/0001.png": 10, "Bob/0001.png": 20, "a.png": 30, "a.jpg": 40, "A.PNG": 50, "b.jpg": 60, "b-compared.jpg": 70,
        f"{'x' * 230}.png": 80, "two\nlines.png": 90,
    }  # fmt: skip
    with zipfile.ZipFile(project / "all.zip", "w") as archive:
        for name, grey in {**colours, "/etc/out.png": 99}.items():
            where = project / "all" / name
            where.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (128, 128), grey).save(where, format="PNG")
            archive.write(where, name)
    table = project / "t.csv"

    def faces(*given: Path, compare: bool = False) -> dict[str, str]:
        out = project / "out"
        shutil.rmtree(out, ignore_errors=True)
        recover(given, "input", out, paths.CONFIG, aligned=True, compare=compare, table=table)
        rows = pd.read_csv(table)
        assert rows["face"].str.lower().is_unique
        for file, face in zip(rows["file"], rows["face"], strict=True):
            assert (
                np.asarray(Image.open(face)).mean()
                == {**colours, "/etc/out.png": 99}[file.partition("/all/")[2]]
            )
            assert Path(face).resolve().is_relative_to(out)
        return {
            file.partition("/all/")[2]: Path(face).relative_to(out).as_posix()
            for file, face in zip(rows["file"], rows["face"], strict=True)
        }

    found = faces(project / "all", compare=True)
    assert (found["Ann/0001.png"], found["Bob/0001.png"]) == ("Ann/0001.png", "Bob/0001.png")
    assert found["a.jpg"] == "a.jpg.png"
    stems = {face.removesuffix(".png").lower() for face in found.values()}
    assert not stems & {f"{stem}-compared" for stem in stems}
    assert f"a.jpg: its face is {project / 'out/a.jpg.png'}" in capsys.readouterr().err
    for given in (("Ann", "Bob"), ("Ann/0001.png", "Bob/0001.png")):
        found = faces(*(project / "all" / each for each in given))
        assert list(found.values()) == ["Ann/0001.png", "Bob/0001.png"]
    recover([project / "all.zip"], "input", project / "zipped", paths.CONFIG, aligned=True)
    assert (project / "zipped/Bob/0001.png").exists()
    assert (project / "zipped/etc/out.png").exists()


def test_recover_writes_over_no_picture_and_tries_the_output_first(project: Path) -> None:
    given = project / "out/Ann/0001.png"
    given.parent.mkdir(parents=True)
    (project / "in/Ann").mkdir(parents=True)
    for path, grey in ((given, 10), (project / "in/Ann/0001.jpg", 200)):
        Image.new("L", (128, 128), grey).save(path)
    before = given.read_bytes()
    recover([given, project / "in"], "input", project / "out", paths.CONFIG, aligned=True)
    assert given.read_bytes() == before
    assert len(list((project / "out").rglob("*.png"))) == 3
    for how, sentence in (
        ({"output": project / "new", "table": given}, r"--table .*: name a file that ends in \.csv"),
        (
            {"output": project / "new", "calibrated": given},
            r"--calibrate .*: name a file that ends in \.safetensors",
        ),
    ):
        with pytest.raises(IfrpError, match=sentence):
            recover([project / "in"], "input", **how, aligned=True)  # type: ignore[arg-type]
    for output in (given / "below", Path("/proc/none")):
        with pytest.raises(OSError, match=str(output.name)):
            recover([project / "in"], "input", output, aligned=True)
    assert given.read_bytes() == before
    assert not (project / "new").exists()


def test_a_face_that_cannot_have_its_name_is_skipped_and_others_go_on(project: Path) -> None:
    (project / "in/Ann").mkdir(parents=True)
    (project / "out").mkdir()
    (project / "out/Ann").write_text("a file where a folder would be")
    for name in ("Ann/1.png", "2.png"):
        Image.new("L", (128, 128)).save(project / "in" / name)
    table = project / "t.csv"
    found = recover([project / "in"], "input", project / "out", paths.CONFIG, aligned=True, table=table)
    assert found == [project / "out/2.png"]
    assert "cannot be written" in pd.read_csv(table).set_index("file")["note"][str(project / "in/Ann/1.png")]


def test_recover_says_when_there_is_nothing(project: Path) -> None:
    (project / "note.txt").write_text("no picture")
    with pytest.raises(IfrpError, match="No portrait was recovered"):
        recover([project / "note.txt"], "input", project / "out", paths.CONFIG, aligned=True)
    with pytest.raises(IfrpError, match="There is no nowhere"):
        recover([Path("nowhere")], "input", project / "out", paths.CONFIG, aligned=True)
    known = ", ".join(sorted(["input", *recovery_project.TINY]))
    with pytest.raises(
        IfrpError,
        match=rf"nor an experiment nor a model that comes with ifrp; experiments: {known}; models: ifrp-plus, small",
    ):
        recover([project / "note.txt"], "other", project / "out", paths.CONFIG, aligned=True)
    with pytest.raises(IfrpError, match="train it with `ifrp recovery train ifrp`"):
        recover([project / "note.txt"], "ifrp", project / "out", paths.CONFIG, aligned=True)


def test_recover_never_writes_among_the_portraits(project: Path) -> None:
    (project / "inbox").mkdir()
    picture = project / "inbox/a.png"
    Image.new("RGB", (200, 100), "red").save(picture)
    before = picture.read_bytes()
    for given, output in (
        (picture, project / "inbox"), (project / "inbox", project / "inbox"), (project / "inbox", project / "inbox/out"),
    ):  # fmt: skip
        with pytest.raises(IfrpError, match="lies where the portraits"):
            recover([given], "input", output, paths.CONFIG, aligned=True)
    with pytest.raises(IfrpError, match="is a file"):
        recover([picture], "input", picture, paths.CONFIG, aligned=True)
    (project / "broken.npy").write_bytes(b"no stack")
    with pytest.raises(IfrpError, match="not an image stack"):
        recover([picture, project / "broken.npy"], "input", project / "out", paths.CONFIG, aligned=True)
    assert picture.read_bytes() == before
    assert sorted(path.name for path in (project / "inbox").iterdir()) == ["a.png"]
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"training": {"steps": 0}}, "steps is 0; it must be at least 1"),
        ({"training": {"batch": 0}}, "training.batch is 0; it must be at least 1"),
        ({"training": {"batch": 1}}, "batch is 1; ifrp needs at least 2"),
        ({"training": {"log_every": 0}}, "log_every is 0"),
        ({"training": {"average": 1}}, "training.average is 1; it must be below 1"),
        ({"styles": []}, "no style to train on"),
        ({"aligned": "perhaps"}, "aligned is 'perhaps'; it must be true or false"),
    ],
)
def test_an_experiment_that_cannot_be_trained_is_refused(
    project: Path, entry: dict[str, object], sentence: str
) -> None:
    config = recovery_project.make(project, ablations={"odd": {"method": "ifrp", **entry}})
    with pytest.raises(IfrpError, match=sentence):
        experiments.resolve(config, "odd")


def test_an_ablation_recovers_by_its_name(project: Path) -> None:
    config = recovery_project.make(project, ablations={"bare": {"method": "input"}})
    assert list(config.recovery.ablations) == ["bare"]
    found = recover([paths.portraits("test", "ink")], "bare", project / "out", paths.CONFIG, aligned=True)
    assert len(found) == len(stacks.read(paths.faces("test")))


@pytest.mark.parametrize(("name", "size", "left"), [("small", 2e6, 0.8), ("ifrp-plus", 25e6, 0.9)])
def test_released_weights_set_heads_upright_and_keep_who_is_who(name: str, size: float, left: float) -> None:
    """On heads that are rendered, which they never saw: tilted and upright, a person comes out the nearest to themselves."""
    path = paths.shipped(name)
    assert path.stat().st_size < size
    assert {value.dtype for value in artifacts.load_weights(path).values()} <= {torch.float16, torch.int64}
    assert provenance.read_card(path)["sha256"] == artifacts.hexdigest(path)
    method = model.load(path)
    heads = [Image.fromarray(picture) for picture, _, _ in rendered.pictures(people=6, pictures=1)]
    upright, tilted = (
        np.stack([np.asarray(head.rotate(angle).crop((56, 56, 184, 184))) for head in heads])
        for angle in (0, 20)
    )

    def apart(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = ((first[:, None].astype(float) - second[None]) ** 2).mean((2, 3, 4))
        return np.sqrt(found)  # (6, 6)

    recovered = (next(apply.recover(method, images, torch.device("cpu"))) for images in (tilted, upright))
    before, after = apart(tilted, upright), apart(*recovered)
    assert after.argmin(1).tolist() == list(range(6))
    assert after.trace() / after.mean() < left * before.trace() / before.mean()


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_prelu_is_torchs_bit_by_bit(frozen: bool, layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    images = torch.randn(2, 5, 9, 7).to(memory_format=layout)
    images[0, 0, 0] = 0
    weights, gradient, found = torch.linspace(-0.5, 1.5, 5), torch.randn_like(images), []
    for kind in (nn.PReLU, mobilefacenet.PReLU):
        layer, maps = kind(5).requires_grad_(not frozen), images.clone().requires_grad_()
        layer.weight.data.copy_(weights)
        made = layer(maps)
        made.backward(gradient)
        found.append((made, maps.grad, layer.weight.grad))
    for one, other in zip(*found, strict=True):
        assert (one is other is None) or torch.equal(one, other)
