"""Faces: splits by person, warps against other implementations, determinism, and the verbs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import yaml
from PIL import Image
from scipy import ndimage
from skimage import transform

from ifrp import paths, provenance, stacks, why
from ifrp.config import FaceCounts, Faces, PhotoFaces, Warp
from ifrp.errors import IfrpError
from ifrp.faces import geometry, splits, warp
from ifrp.faces.commands import prepare as prepare_faces
from ifrp.faces.commands import render
from ifrp.faces.pairs import make
from ifrp.faces.photos import photos
from ifrp.faces.pictures import Skip
from ifrp.faces.prepare import prepare, rewarp
from ifrp.faces.warp import Misalignment

SIZE = 64


def smooth(seed: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    """A picture without detail finer than a few pixels, so that good interpolators agree on it."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    blurred = ndimage.gaussian_filter(noise, (4, 4, 0), mode="reflect")
    found: npt.NDArray[np.uint8] = np.clip(128 + 400 * blurred, 0, 255).astype(np.uint8)
    return found


def table(drawn: list[Misalignment]) -> pd.DataFrame:
    return pd.DataFrame([vars(one) for one in drawn])


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Faces:
    """Forty photos of ten people (pictures 120×140 with the face in the middle), in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    rows = []
    for index in range(40):
        Image.fromarray(smooth(index, 140, 120)).save(f"photos/{index:02}.png")
        rows.append({"file": f"{index:02}.png", "identity": f"person {index % 10}"})
    pd.DataFrame(rows).to_csv("people.csv", index=False)
    return Faces(
        source="photos",
        size=SIZE,
        split=FaceCounts(train=13, val=3, test=6),
        photos=PhotoFaces(path="photos", identities="people.csv", crop=(30, 35, 60, 70)),
    )


# Geometry


def test_a_crop_is_pillows_resize_of_the_box() -> None:
    picture = Image.fromarray(smooth(1, 218, 178))
    ours = geometry.cut(picture, geometry.crop((34, 54, 107, 133), 128), 128)
    theirs = np.asarray(picture.resize((128, 128), Image.Resampling.BICUBIC, box=(34, 54, 141, 187)))
    assert np.abs(ours.astype(int) - theirs).max() <= 2


@pytest.mark.parametrize("side", [130, 250, 330, 900])
def test_shrinking_does_not_alias(side: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 1)).repeat(3, axis=2).astype(np.uint8)
    ours = geometry.cut(Image.fromarray(noise), geometry.crop((0, 0, side, side), 100), 100)
    theirs = np.asarray(Image.fromarray(noise).resize((100, 100), Image.Resampling.BOX))
    assert ours.std() < 1.1 * theirs.std()  # what aliases keeps the noise of the single pixels


def test_a_large_picture_is_pillows_resize_of_the_box() -> None:
    picture = Image.fromarray(smooth(1, 900, 1100)).resize((2200, 1800), Image.Resampling.BICUBIC)
    ours = geometry.cut(picture, geometry.crop((301, 203, 1280, 1410), 128), 128)
    theirs = np.asarray(picture.resize((128, 128), Image.Resampling.BICUBIC, box=(301, 203, 1581, 1613)))
    assert np.abs(ours.astype(int) - theirs).max() <= 6


def test_landmarks_are_brought_to_their_places_by_the_similarity_that_scikit_image_estimates() -> None:
    rng = np.random.default_rng(5)
    goal = 128 * np.array([geometry.LEFT_EYE, geometry.RIGHT_EYE, geometry.MOUTH])
    points = goal @ np.array([[1.9, 0.6], [-0.6, 1.9]]) + (40, 25) + rng.normal(size=(3, 2))
    theirs = transform.SimilarityTransform.from_estimate(goal, points).params[:2]
    np.testing.assert_allclose(geometry.aligned(points, 128), theirs, atol=1e-8)
    corners = np.array([points[0], points[1], points[2] - (9, 4), points[2] + (9, 4)])
    np.testing.assert_allclose(geometry.aligned(corners, 128), theirs, atol=1e-8)


def test_the_mean_celeba_face_lies_where_the_crop_puts_it() -> None:
    # mean of the landmarks of CelebA's aligned release; the paper's crop is not square, hence the tolerance
    mean = np.array([[69.4, 111.1], [107.7, 111.1], [71.1, 152.2], [105.6, 152.2]])
    centre = geometry.aligned(mean, 128) @ (64, 64, 1)
    np.testing.assert_allclose(centre, (34 + 107 / 2, 54 + 133 / 2), atol=2)


# Warps


def test_a_warp_rotates_counter_clockwise_as_scipy_does() -> None:
    picture = smooth(2, 200, 200)
    place = geometry.crop((68, 68, SIZE, SIZE), SIZE)
    there = geometry.compose(place, warp.backward(np.array([25.0]), np.ones(1), np.zeros((1, 2)), SIZE))[0]
    ours = geometry.cut(Image.fromarray(picture), there, SIZE)
    turned = ndimage.rotate(picture.astype(float), 25, order=3, reshape=False)
    theirs = turned[68:132, 68:132]
    assert np.abs(ours - theirs).max() < 3


@pytest.mark.parametrize(
    ("angle", "scale", "shift"), [(0, 1, (0.1, -0.05)), (90, 1, (0, 0)), (-17, 0.83, (0.04, 0.03))]
)
def test_a_point_of_the_face_moves_as_documented(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    there = warp.forward(np.array([angle]), np.array([scale]), np.array([shift]), SIZE)[0]
    right = there @ (SIZE, SIZE / 2, 1)  # the middle of the right edge
    turn = np.exp(-1j * np.radians(angle))  # y points down
    goal = complex(SIZE / 2, SIZE / 2) + scale * turn * SIZE / 2 + SIZE * complex(*shift)
    np.testing.assert_allclose(right, (goal.real, goal.imag), atol=1e-9)


def test_unwarping_gives_the_aligned_face_back() -> None:
    picture = smooth(3, 240, 240)
    place = geometry.crop((56, 56, 128, 128), 128)
    rng = np.random.default_rng(0)
    drawn = [warp.draw(rng, Warp(), place, 128, (240, 240)) for _ in range(5)]
    warped = np.stack([geometry.cut(Image.fromarray(picture), there, 128) for _, there in drawn])
    back = warp.unwarp(warped, table([one for one, _ in drawn]), batch=2)
    inner = slice(32, 96)  # within every warp of these ranges
    error = back[:, inner, inner].astype(int) - picture[56:184, 56:184][inner, inner]
    assert np.abs(error).max() <= 4
    assert np.abs(error).mean() < 0.6


def test_no_corner_is_invented() -> None:
    """The warped window of a white picture on a black ground shows no black, however narrow the margins."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        width, height = (int(side) for side in rng.integers(150, 200, 2))
        left, top = (int(side) for side in rng.integers(5, 30, 2))
        place = geometry.crop((left, top, 107, 110), SIZE)
        drawn, there = warp.draw(rng, Warp(), place, SIZE, (width, height))
        yx = there[::-1, [1, 0, 2]]  # scipy counts rows first, and from pixel centres
        offset = yx @ (0.5, 0.5, 1) - 0.5
        ground = np.pad(np.ones((height, width)), 300)
        shown = ndimage.affine_transform(ground, yx[:, :2], offset + 300, (SIZE, SIZE), order=0)
        assert shown.min() == 1, (drawn, width, height)


def test_rotations_stay_uniform_where_the_margins_allow_and_angles_are_drawn_from_a_list() -> None:
    rng = np.random.default_rng(2)
    place = geometry.crop((34, 54, 107, 133), 128)  # the paper's crop in CelebA's 178×218 pixels
    drawn = [warp.draw(rng, Warp(), place, 128, (178, 218))[0] for _ in range(1500)]
    found = table(drawn)
    counts, _ = np.histogram(found["rotation"], bins=6, range=(-30, 30))
    assert np.abs(counts / 1500 - 1 / 6).max() < 0.04  # four standard deviations
    assert found["scale"].between(0.8, 1).all()
    assert found[["shift_x", "shift_y"]].abs().to_numpy().max() <= 0.05
    listed = [
        warp.draw(rng, Warp(angles=(-30, 0, 15)), place, 128, (178, 218))[0].rotation for _ in range(300)
    ]
    assert set(listed) == {-30, 0, 15}
    assert min(listed.count(angle) for angle in (-30, 0, 15)) > 60


def test_a_crop_without_margins_takes_no_warp() -> None:
    with pytest.raises(Skip, match=r"no warp of the configured ranges"):
        warp.draw(
            np.random.default_rng(),
            Warp(scale=(0.8, 0.9)),
            geometry.crop((0, 0, 100, 100), 100),
            100,
            (100, 100),
        )


# Splits


def test_nobody_is_in_two_splits_whatever_the_table() -> None:
    rng = np.random.default_rng(3)
    for trial in range(300):
        people = [str(person) for person in rng.integers(0, rng.integers(3, 30), rng.integers(10, 200))]
        counts = dict(zip(splits.ORDER, rng.integers(1, 30, 3).tolist(), strict=True))
        order = splits.shuffled(people, trial)
        assert sorted(order) == list(range(len(people)))
        dealt = list(splits.deal(((people[index], index) for index in order), counts))
        owners = {split: {people[index] for name, index in dealt if name == split} for split in counts}
        assert sum(map(len, owners.values())) == len(set().union(*owners.values()))
        assert len({index for _, index in dealt}) == len(dealt)
        found = {split: sum(name == split for name, _ in dealt) for split in counts}
        short = [split for split in counts if found[split] < counts[split]]
        assert all(found[split] <= counts[split] for split in counts)
        if short:  # only because everybody has been asked: each person is in a split
            assert set().union(*owners.values()) == set(people)
            assert short == list(splits.ORDER)[-len(short) :]


# The whole step


def test_prepare_writes_six_stacks_that_fit_each_other(album: Faces) -> None:
    facts = prepare(photos(album.photos), album, seed=4)
    people = []
    for split, count in vars(album.split).items():
        face, unaligned = stacks.read(paths.faces(split)), stacks.read(paths.warped(split))
        assert face.images.shape == unaligned.images.shape == (count, SIZE, SIZE, 3)
        assert list(face.table["file"]) == list(unaligned.table["file"])
        people.append(set(face.table["person"]))
        assert facts[split]["people"] == len(people[-1])
        source = Image.open(f"photos/{face.table['file'][0]}")
        theirs = source.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=(30, 35, 90, 105))
        assert np.abs(face.images[0].astype(int) - np.asarray(theirs)).max() <= 3
        back = warp.unwarp(unaligned.images[:], unaligned.table)
        inner = slice(20, 44)
        assert np.abs(back[:, inner, inner].astype(int) - face.images[:, inner, inner]).mean() < 1.5
        card = provenance.read_card(paths.warped(split))
        assert card["facts"][split] == facts[split]
        assert list(card["inputs"]) == ["people.csv"]
    assert not set.intersection(*people)
    assert sum(map(len, people)) == len(set().union(*people))
    assert paths.SKIPPED.read_text() == "file,reason\n"


def test_other_warps_misalign_the_same_faces(album: Faces) -> None:
    prepare(photos(album.photos), album, seed=4)
    other = replace(album, warps={"two": replace(album.warp, angles=(-15, 15))})
    counts = rewarp(photos(other.photos), other, "two", seed=4)
    for split in ("train", "val"):
        face, turned = stacks.read(paths.faces(split)), stacks.read(paths.warped(split, "two"))
        assert counts[split] == len(face) == len(turned)
        assert list(face.table["file"]) == list(turned.table["file"])
        assert set(turned.table["rotation"]) <= {-15, 15}
        back, inner = warp.unwarp(turned.images[:], turned.table), slice(20, 44)
        assert np.abs(back[:, inner, inner].astype(int) - face.images[:, inner, inner]).mean() < 1.5
    assert not paths.warped("test", "two").exists()
    with pytest.raises(IfrpError, match=r"no warp three in faces\.warps; there are two"):
        rewarp(photos(other.photos), other, "three", seed=4)


def test_copies_misalign_training_faces_again_and_change_nothing_else(album: Faces) -> None:
    opened = list[str]()
    source = photos(album.photos)

    def load(file: str) -> Image.Image:
        opened.append(file)
        return source.load(file)

    prepare(source, album, seed=4)
    names = [*map(paths.faces, splits.ORDER), *map(paths.warped, splits.ORDER)]
    single = {path: np.array(stacks.read(path).images) for path in names}
    tables = {path: stacks.read(path).table for path in names}
    bytes_of_one = paths.warped("train").stat().st_size
    facts = prepare(replace(source, load=load), replace(album, warp=Warp(copies=3)), seed=4)
    assert len(opened) == len(set(opened))
    for path in names:
        found = stacks.read(path)
        assert np.array_equal(found.images[: len(single[path])], single[path])
        assert found.table[: len(single[path])].equals(tables[path])
        assert len(found) == len(single[path]) * (3 if path == paths.warped("train") else 1)
    header = bytes_of_one - single[paths.warped("train")].nbytes
    assert paths.warped("train").stat().st_size - header == 3 * (bytes_of_one - header)
    faces, unaligned = stacks.read(paths.faces("train")), stacks.read(paths.warped("train"))
    index = unaligned.table["index"].to_numpy()
    assert np.array_equal(index, np.tile(np.arange(13), 3))
    for column in ("file", "person"):
        assert list(unaligned.table[column]) == list(faces.table[column][index])
    assert unaligned.table["rotation"].nunique() == 39
    back, inner = warp.unwarp(unaligned.images[:], unaligned.table), slice(20, 44)
    assert np.abs(back[:, inner, inner].astype(int) - faces.images[index][:, inner, inner]).mean() < 1.5
    assert [facts[split]["copies"] for split in ("train", "val", "test")] == [3, 1, 1]
    assert facts["train"]["faces"] == 13
    assert facts["train"]["rotation"]["0 %"] == round(unaligned.table["rotation"].min(), 3)
    assert facts["train"]["scale"]["50 %"] == round(unaligned.table["scale"].median(), 3)


def test_a_warp_may_have_copies_of_its_own(album: Faces) -> None:
    prepare(photos(album.photos), album, seed=4)
    other = replace(album, warps={"four": Warp(copies=4)})
    assert rewarp(photos(other.photos), other, "four", seed=4) == {"train": 52, "val": 3}
    for split, copies in (("train", 4), ("val", 1)):
        one, more = stacks.read(paths.warped(split)), stacks.read(paths.warped(split, "four"))
        assert len(more) == copies * len(one)
        assert np.array_equal(more.images[: len(one)], one.images)  # of the same ranges
        assert np.array_equal(more.table["index"], np.tile(np.arange(len(one)), copies))
        facts = provenance.read_card(paths.warped(split, "four"))["facts"]
        assert (facts["faces"], facts["copies"]) == (len(one), copies)


def test_a_picture_that_takes_one_warp_only_is_there_with_copies_of_it(
    album: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, drawn = warp.draw, list[int]()

    def once(rng: np.random.Generator, *rest: Any) -> Any:
        drawn.append(1)
        if len(drawn) % 2 == 0:
            raise Skip("no warp")
        return draw(rng, *rest)

    monkeypatch.setattr(warp, "draw", once)
    face = make(photos(album.photos), 0, replace(album, warp=Warp(copies=2)), 4)
    first, second = face.copies
    assert first.misalignment == second.misalignment
    assert np.array_equal(first.image, second.image)


def test_a_face_depends_on_the_seed_and_its_file_alone(album: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> dict[str, tuple[object, ...]]:
        found = [stacks.read(paths.warped(split)) for split in splits.ORDER]
        frame = pd.concat([stack.table.assign(pixels=[i.tobytes() for i in stack.images]) for stack in found])
        return {str(row.file): tuple(row[3:]) for row in frame.itertuples(index=False)}

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    prepare(photos(album.photos), album, seed=4)
    first = rows()
    assert len({row[1] for row in first.values()}) == len(first)  # no two rotations are the same
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    prepare(photos(album.photos), album, seed=4)
    assert rows() == first
    for name in ("00.png", "11.png", "35.png"):
        Path("photos", name).unlink()  # others go, and the people are dealt anew; the rest stays as it is
    prepare(photos(album.photos), album, seed=4)
    again = rows()
    common = again.keys() & first.keys()
    assert len(common) > 5
    assert {name: again[name] for name in common} == {name: first[name] for name in common}
    prepare(photos(album.photos), album, seed=5)
    assert not set(rows().values()) & set(first.values())


def test_too_few_people_leave_what_was_there(album: Faces) -> None:
    prepare(photos(album.photos), album, seed=4)
    before = paths.faces("test").read_bytes()
    greedy = replace(album, split=FaceCounts(train=30, val=3, test=6))
    with pytest.raises(IfrpError, match=r"30 train faces.*40 pictures of 10 people in photos"):
        prepare(photos(greedy.photos), greedy, seed=5)
    assert paths.faces("test").read_bytes() == before
    assert not list(paths.FACES.glob(".*"))


def test_a_crop_that_takes_no_warp_is_named(album: Faces) -> None:
    tight = PhotoFaces(path="photos", identities="people.csv", crop=(0, 0, 120, 140))
    faces = replace(album, photos=tight, warp=Warp(scale=(0.5, 0.9)))
    with pytest.raises(
        IfrpError,
        match=r"40 were skipped \(40 because: no warp .*120×140.*crop \[0, 0, 120, 140\].*such as .*\.png",
    ):
        prepare(photos(tight), faces, seed=1)
    assert len(pd.read_csv(paths.SKIPPED)) == 40


# The verbs


def ifrp(config: dict[str, object]) -> subprocess.CompletedProcess[str]:
    Path("config.yaml").write_text(yaml.safe_dump({"faces": config}))
    run = "import sys; from ifrp.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", run, "faces", "prepare", "--config", "config.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_verb_ends_with_a_summary(album: Faces) -> None:
    Path("photos/notes.txt").write_text("no picture")
    settings = {"source": "photos", "size": 32, "split": {"train": 8, "val": 1, "test": 2}}
    done = ifrp({**settings, "photos": {"path": "photos", "crop": [30, 35, 60, 70]}})
    assert done.returncode == 0, done.stderr
    assert "train 8 faces of 8 people; val 1 faces of 1 people; test 2 faces of 2 people" in done.stdout


def test_rendered_people_are_cropped_from_the_middle_of_the_canvas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(
        yaml.safe_dump(
            {"faces": {"size": 64, "rendered": {"people": 3, "pictures": 2, "canvas": 120},
                       "split": {"train": 2, "val": 1, "test": 1}}}
        )
    )  # fmt: skip
    render(Path("config.yaml"))
    prepare_faces(Path("config.yaml"))
    source, faces = stacks.read(paths.RENDERED), stacks.read(paths.faces("train"))
    assert sorted(source.table["file"]) == [
        f"0000{person}-00{view}" for person in range(3) for view in range(2)
    ]
    for image, file in zip(faces.images, faces.table["file"], strict=True):
        row = int(np.flatnonzero(source.table["file"] == file)[0])
        assert np.array_equal(image, source.images[row, 28:92, 28:92])  # 120 × 128/240 = 64
    chain = [path for _, path, _ in why.chain(paths.warped("test"))]
    assert chain == [paths.warped("test"), paths.RENDERED]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "faces.photos.path is empty"),
        ({"path": "elsewhere", "crop": [1, 2, 3, 4]}, "elsewhere is neither a folder nor a zip archive"),
        ({"path": "photos"}, "Set one of faces.photos.crop, faces.photos.landmarks and faces.photos.find"),
        ({"path": "photos", "crop": [30, 35, 60, 70]}, "faces.split asks for 110000 train faces"),
    ],
)
def test_the_verb_says_in_one_sentence_what_is_wrong(
    album: Faces, given: dict[str, object], sentence: str
) -> None:
    done = ifrp({"source": "photos", "split": {"val": 1, "test": 2}, "photos": given})
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
