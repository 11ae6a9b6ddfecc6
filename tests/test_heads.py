"""Rendered heads: repeatable, recognisable, where they were promised, and shaped like heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ifrp.faces.heads.person import Person, View, sample_person, sample_view
from ifrp.faces.heads.renderer import CANVAS, CROP, EYES, render, scene
from ifrp.faces.rendered import person_of, pictures, view_of

MARGIN = (CANVAS - CROP) // 2


def bare(seed: int) -> Person:
    """A person whose eyes nothing hides."""
    person = sample_person(np.random.default_rng(seed))
    return replace(person, glasses=0, hair_style="bald", age=0.1, beard=0.0, moustache=0.0)


def crop(image: np.ndarray) -> np.ndarray:
    return image[MARGIN : MARGIN + CROP, MARGIN : MARGIN + CROP].astype(float)


def silhouette(person: Person, view: View) -> np.ndarray:
    """Pixels whose colour does not depend on the background."""
    black, white = (replace(view, background=((c,) * 3, (c,) * 3), blur=0.0) for c in (0.0, 1.0))
    same: np.ndarray = (render(person, black) == render(person, white)).all(-1)
    return same


def pupils(person: Person, view: View) -> np.ndarray:
    """(x, y) in the crop of the darkest spots near the two promised places: the pupils."""
    image = crop(render(replace(person, lashes=0.0), view)).mean(-1)
    found = []
    for x, y in EYES:
        left, top = int(x) - 7, int(y) - 4
        window = image[top : top + 9, left : left + 15]
        weight = np.clip(np.percentile(window, 8) - window, 0, None)
        rows, columns = np.mgrid[top : top + 9, left : left + 15]
        found.append(((weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()))
    return np.array(found)


def test_a_picture_depends_on_seed_person_and_number_alone() -> None:
    few = {(who, i % 2): image for i, (image, who, _) in enumerate(pictures(1, 2, 48, seed=5))}
    many = {(who, i % 3): image for i, (image, who, _) in enumerate(pictures(2, 3, 48, seed=5))}
    assert all(np.array_equal(image, many[key]) for key, image in few.items())
    other = next(iter(pictures(1, 1, 48, seed=6)))[0]
    assert np.abs(other.astype(float) - few[0, 0]).mean() > 5


def test_processes_share_the_work_without_changing_it() -> None:
    alone, shared = (list(pictures(2, 1, 32, seed=1, workers=workers)) for workers in (1, 2))
    assert [who for _, who, _ in shared] == [0, 1]
    for (a, _, view_a), (b, _, view_b) in zip(alone, shared, strict=True):
        assert np.array_equal(a, b)
        assert view_a == view_b


def test_pictures_are_full_colour_without_holes() -> None:
    for image, who, view in pictures(3, 1, 64, seed=2):
        assert image.shape == (64, 64, 3)
        assert image.dtype == np.uint8
        assert image.std() > 15
        assert max((image == extreme).all(-1).mean() for extreme in (0, 255)) < 0.05
        for part in scene(person_of(2, who), view):
            assert all(np.isfinite(v).all() for v in (part.points, part.albedo, part.gloss, part.sharp))
            assert part.albedo.min() >= 0


def test_views_stay_within_the_promised_pose() -> None:
    views = [view_of(0, person, 0) for person in range(400)]
    assert np.degrees(max(abs(v.yaw) for v in views)) <= 25.1
    assert np.degrees(max(abs(v.pitch) for v in views)) <= 12
    assert np.degrees(max(abs(v.roll) for v in views)) <= 4


def test_a_person_is_found_again_by_the_nearest_other_picture() -> None:
    """1-nearest-neighbour on small crops under one light and random pose and expression: chance is 1 in 12."""
    people, each = 12, 3
    features = []
    for person in range(people):
        for picture in range(each):
            view = replace(view_of(3, person, picture), light=View.light, ambient=0.5, light_power=1.0, blur=0.0,
                           light_colour=View.light_colour, background=View.background, cloth=View.cloth)  # fmt: skip
            image = render(person_of(3, person), view, 60)[14:46, 14:46].astype(float)
            features.append(image.reshape(16, 2, 16, 2, 3).mean((1, 3)).ravel())
    x = np.array(features)
    distance = np.linalg.norm(x[:, None] - x[None], axis=-1)
    label = np.repeat(np.arange(people), each)
    same = (label[:, None] == label[None]) & ~np.eye(len(x), dtype=bool)
    between = distance[label[:, None] != label[None]].mean()
    assert between > 1.4 * distance[same].mean()
    np.fill_diagonal(distance, np.inf)
    assert (label[distance.argmin(1)] == label).mean() > 0.7


@pytest.mark.parametrize("seed", [1, 4, 6])
def test_pupils_are_where_promised(seed: int) -> None:
    person = bare(seed)
    found = pupils(person, View())
    assert np.abs(found - np.array(EYES)).max() < 3
    turned = pupils(person, View(yaw=0.35)).mean(0)
    assert np.abs(turned - np.array(EYES).mean(0)).max() < 5


def test_gaze_moves_the_pupils() -> None:
    right, left = (pupils(bare(4), View(gaze=(g, 0.0)))[:, 0].mean() for g in (3.0, -3.0))
    assert 1.5 < right - left < 5  # 6 mm are 3.6 pixels


@pytest.mark.parametrize("seed", [2, 4, 9])
def test_the_silhouette_is_a_head_on_shoulders(seed: int) -> None:
    mask = silhouette(bare(seed), View())
    width = mask.sum(1)
    eyes, mouth, shoulders = (MARGIN + y for y in (58, 100, 172))
    top = int(np.argmax(width > 0))
    assert MARGIN - 25 < top < MARGIN + 5  # the crown is near the upper border of the crop
    assert 80 < width[eyes] < 128
    neck = width[MARGIN + 110 : MARGIN + 145].min()
    assert neck < width[mouth] < width[eyes] < width[shoulders]
    assert (mask == mask[:, ::-1]).mean() > 0.99
    assert mask[-1, CANVAS // 2 - 90 : CANVAS // 2 + 90].all()


def test_mirrored_views_make_mirrored_pictures() -> None:
    person = replace(bare(2), freckles=0.0)
    one = render(person, View(yaw=0.3, roll=0.05, gaze=(1.0, 0.0), light=(0.5, 0.3, 0.8)), 120).astype(float)
    two = render(person, View(yaw=-0.3, roll=-0.05, gaze=(-1.0, 0.0), light=(-0.5, 0.3, 0.8)), 120).astype(
        float
    )
    one, two = one[25:95, 25:95], two[25:95, 25:95]  # the background is not symmetric
    assert np.median(np.abs(one - two[:, ::-1])) < 0.3 * np.median(np.abs(one - two))


def test_the_lit_side_is_brighter_and_smaller_pictures_agree() -> None:
    person, view = bare(1), View(light=(1.0, 0.1, 0.4))
    large, small = render(person, view, 240).astype(float), render(person, view, 120).astype(float)
    face = crop(large)[40:110]
    assert face[:, 70:100].mean() > 1.15 * face[:, 28:58].mean()
    assert np.abs(large.reshape(120, 2, 120, 2, 3).mean((1, 3)) - small).mean() < 2


def test_every_sampled_number_is_plain_and_finite() -> None:
    for seed in range(50):
        for thing in (sample_person(np.random.default_rng(seed)), sample_view(np.random.default_rng(seed))):
            values = [v for value in vars(thing).values() for v in np.ravel(np.array(value, dtype=object))]
            assert all(isinstance(v, str) or np.isfinite(v) for v in values)
