"""Finding faces: non-maximum suppression by its definition, and a portrait whose eyes anybody can see."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from skimage import data

from ifrp import artifacts, compat, paths, stacks
from ifrp.config import FaceCounts, Faces, PhotoFaces, Warp, load
from ifrp.errors import IfrpError
from ifrp.faces import find, geometry
from ifrp.faces.photos import photos
from ifrp.faces.pictures import Skip
from ifrp.faces.prepare import prepare
from ifrp.recovery.portrait import Model
from ifrp.recovery.recover import named

EYES_AND_MOUTH = np.array(
    [[205, 102], [247, 104], [224, 141]]
)  # of skimage's astronaut, read off with a ruler
GOAL = np.array([[0.31, 0.38], [0.69, 0.38], [0.5, 0.75]])


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    return Image.fromarray(data.astronaut())


@pytest.fixture(scope="module")
def finder() -> find.Finder:
    return find.Finder()


def overlap(one: torch.Tensor, other: torch.Tensor) -> float:
    width, height = (
        max(0.0, float(min(one[2 + axis], other[2 + axis]) - max(one[axis], other[axis]))) for axis in (0, 1)
    )
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


@pytest.mark.parametrize("seed", range(5))
def test_suppression_keeps_what_no_better_box_covers(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    corner, side = torch.rand(60, 2, generator=random), torch.rand(60, 2, generator=random) / 2 + 0.05
    boxes, scores = torch.cat([corner, corner + side], 1), torch.rand(60, generator=random)
    kept = compat.nms(boxes, scores, 0.4).tolist()
    assert kept == sorted(kept, key=lambda i: -float(scores[i]))
    for i in range(60):
        better = [j for j in kept if scores[j] > scores[i] and overlap(boxes[i], boxes[j]) > 0.4]
        assert (i in kept) == (not better)
    assert compat.nms(boxes[:0], scores[:0], 0.4).tolist() == []


@pytest.mark.parametrize("factor", [1, 3])
def test_eyes_and_mouth_are_where_anybody_sees_them(
    portrait: Image.Image, finder: find.Finder, factor: int
) -> None:
    found = finder.largest(portrait.resize((512 * factor, 512 * factor)))
    assert found is not None
    np.testing.assert_allclose(found.points / factor, EYES_AND_MOUTH, atol=5)


@pytest.mark.parametrize("quarters", range(4))
def test_a_face_is_found_however_the_picture_lies(
    portrait: Image.Image, finder: find.Finder, quarters: int
) -> None:
    """The eyes are where they are seen in the picture as it lies, and the left one is on the face's left."""
    turned = Image.fromarray(np.rot90(np.asarray(portrait), quarters).copy())
    x, y = EYES_AND_MOUTH.T
    goal = np.stack([(x, y), (y, 512 - x), (512 - x, 512 - y), (512 - y, x)][quarters], 1)
    (found,) = finder.faces(turned)
    np.testing.assert_allclose(found.points, goal, atol=5)


def test_an_upright_face_that_is_sure_takes_one_look(
    portrait: Image.Image, finder: find.Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, whole = list[tuple[int, int]](), finder._whole

    def counted(picture: Image.Image) -> list[find.Found]:
        looks.append(picture.size)
        return whole(picture)

    monkeypatch.setattr(finder, "_whole", counted)
    found = finder.faces(portrait)
    assert looks == [(512, 512)]
    assert np.array_equal(found[0].landmarks, whole(portrait)[0].landmarks)


def test_small_faces_in_large_pictures_are_found(portrait: Image.Image, finder: find.Finder) -> None:
    """Six faces of 60 pixels in a picture of which the first look sees a seventh."""
    face = portrait.crop((130, 20, 330, 220)).resize((110, 110), Image.Resampling.BICUBIC)
    large = Image.new("RGB", (4400, 1200), "slategrey")
    places = [(left, top) for left in (100, 1900, 4200) for top in (90, 900)]
    for place in places:
        large.paste(face, place)
    assert len(finder.faces(large)) >= 1
    middles = {tuple(found.landmarks.mean(0).round(-2)) for found in finder.faces(large, every=True)}
    eyes = (EYES_AND_MOUTH[:2].mean(0) - (130, 20)) * 0.55
    assert middles == {tuple((eyes + place + (0, 8)).round(-2)) for place in places}


def test_every_face_is_found_even_one_that_is_turned_otherwise(
    portrait: Image.Image, finder: find.Finder
) -> None:
    two = Image.new("RGB", (900, 512), "slategrey")
    two.paste(portrait.crop((100, 0, 350, 250)), (50, 100))
    two.paste(portrait.crop((100, 0, 350, 250)).rotate(180), (550, 100))
    assert len(finder.faces(two, every=True)) == 2


def test_a_face_that_is_not_sure_is_none(
    portrait: Image.Image, finder: find.Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "LEAST", 1.01)
    with pytest.raises(Skip, match=r"no face in it is sure enough: the likeliest has a confidence of 1.00"):
        finder.faces(portrait)


def test_there_is_no_face_in_a_wall(finder: find.Finder) -> None:
    for size in ((300, 200), (30, 4), (1, 1), (3000, 5)):
        assert finder.largest(Image.new("RGB", size, "grey")) is None
        with pytest.raises(Skip, match="no face was found in it"):
            finder.faces(Image.new("RGB", size, "grey"))
    assert find.typical(np.full((3, 128, 128, 3), 99, np.uint8)) is None


def test_aligned_faces_say_where_their_eyes_are(portrait: Image.Image) -> None:
    face = geometry.cut(portrait, geometry.similar(EYES_AND_MOUTH, 128 * GOAL), 128)
    found = find.typical(np.stack([face, face]))
    assert found is not None
    np.testing.assert_allclose(found, GOAL, atol=0.05)


def test_photos_need_no_crop_where_faces_are_found(
    portrait: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The eyes come to lie where the paper's crop of CelebA has them; what shows no face is skipped."""
    monkeypatch.chdir(tmp_path)
    Path("album").mkdir()
    for name, angle in (("a", 0), ("b", 10), ("c", -10)):
        portrait.rotate(angle, Image.Resampling.BICUBIC, center=(224, 110)).save(f"album/{name}.png")
    Image.fromarray(data.chelsea()).save("album/cat.png")
    given = PhotoFaces(path="album", find=True)
    faces = Faces(source="photos", split=FaceCounts(1, 1, 1), warp=Warp(rotation=5), photos=given)
    prepare(photos(given), faces, seed=1)
    assert pd.read_csv(paths.SKIPPED).to_dict("records") in (
        [],
        [{"file": "cat.png", "reason": "no face was found in it"}],
    )
    two = Image.new("RGB", (1024, 512))
    two.paste(portrait, (0, 0))
    two.paste(portrait.resize((256, 256)), (600, 128))
    source = photos(given)
    source.place(0, two, 128)
    assert source.several == {source.records[0].file}
    images = np.concatenate([stacks.read(paths.faces(split)).images for split in ("train", "val", "test")])
    found = find.typical(images)
    assert found is not None
    np.testing.assert_allclose(found[:2], [geometry.LEFT_EYE, geometry.RIGHT_EYE], atol=0.04)
    with pytest.raises(IfrpError, match="Set one of"):
        photos(PhotoFaces(path="album", find=True, crop=(0, 0, 100, 100)))


@pytest.fixture(scope="module")
def taking() -> Model:
    """A model that gives back the portrait, and whose faces have eyes and mouth at GOAL."""
    bare = named("input", load(Path(__file__).parents[1] / paths.CONFIG))
    return Model("input", bare.method, bare.device, {"landmarks": json.dumps(GOAL.tolist())})


@pytest.mark.parametrize("angle", [-25, 0, 15])
def test_a_face_is_taken_upright_wherever_it_is(
    portrait: Image.Image, finder: find.Finder, taking: Model, angle: int
) -> None:
    turned = portrait.rotate(angle, Image.Resampling.BICUBIC, center=(224, 110)).crop((100, 0, 360, 240))
    missed = []
    for seen in (*taking.portraits(turned), *taking.portraits(turned, aligned=True)):
        found = finder.largest(Image.fromarray(seen.image))
        assert found is not None
        missed.append(np.abs(found.points - 128 * GOAL).max())
    assert missed[0] < 7 < 20 < missed[1]  # pixels


def test_released_weights_say_where_eyes_and_mouth_lie() -> None:
    """In the protocol's crop, (27, 23, 106, 112) of pictures with the eyes at (60, 66) and (100, 66)."""
    told = artifacts.read_header(paths.shipped("ifrp-plus"))
    eyes = np.array(json.loads(told["landmarks"]))[:2]
    np.testing.assert_allclose(eyes, [[33 / 106, 43 / 112], [73 / 106, 43 / 112]], atol=0.03)
