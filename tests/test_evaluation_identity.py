"""FRR, FCR and chance, with embeddings whose answer is known."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import results_tree
import torch

from ifrp import paths, stacks
from ifrp.artifacts import save_weights
from ifrp.config import Evaluation
from ifrp.errors import IfrpError
from ifrp.evaluation import distractors, identity
from ifrp.evaluation.evaluator import Embeddings
from ifrp.provenance import read_card

PEOPLE = np.array(["a", "a", "b", "b", "c", "d"])


def towards(angles: list[float]) -> Embeddings:
    """Unit vectors in a plane, by degrees."""
    turn = np.radians(angles)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)


def faces(angles: list[float], places: Sequence[int]) -> identity.Faces:
    """Faces of the people in some places of a test stack of six."""
    return identity.Faces(towards(angles), PEOPLE[list(places)], np.array(places))


def test_ranks_of_faces_on_a_circle() -> None:
    gallery = towards([0, 40, 10, 20, 30, 90])
    queries = towards([1, 39, 80, 31, 12, 0])
    # by distance from 1°: a · 0, so rank 1; from 80°: d 90, a 40, c 30, b 20, so the person b is fourth;
    # from 31°: c 30, a 40, b 20, so b is third; from 12°: b 10, b 20, a 0, c 30; from 0° d is the last
    assert identity.ranks(queries, PEOPLE, gallery, PEOPLE).tolist() == [1, 1, 4, 3, 4, 6]


def test_a_recovery_that_gives_all_the_same_face_retrieves_nobody() -> None:
    same = towards([30] * 6)
    assert identity.ranks(same, PEOPLE, same, PEOPLE).tolist() == [5, 5, 5, 5, 6, 6]


def test_ranks_move_with_queries_and_not_with_the_gallery_order() -> None:
    draw = np.random.default_rng(0)
    people = draw.integers(0, 9, 40).astype(str)
    vectors = draw.normal(size=(2, 40, 5)).astype(np.float32)
    queries, gallery = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    straight = identity.ranks(queries, people, gallery, people)
    order, some = draw.permutation(40), draw.permutation(40)[:7]
    shuffled = identity.ranks(queries[some], people[some], gallery[order], people[order])
    np.testing.assert_array_equal(shuffled, straight[some])
    brute = []
    for query, person in zip(queries, people, strict=True):
        nearest = people[np.argsort(-(gallery @ query), kind="stable")]
        brute.append(1 + list(nearest).index(person))
    np.testing.assert_array_equal(straight, brute)


@pytest.mark.parametrize("top", [1, 2, 5])
def test_chance_agrees_with_drawing_at_random(top: int) -> None:
    draw = np.random.default_rng(1)
    drawn = np.array([draw.permutation(PEOPLE)[:top] for _ in range(20_000)])
    simulated = [(drawn == person).any(1).mean() for person in PEOPLE]
    np.testing.assert_allclose(identity.chance(PEOPLE, PEOPLE, top), simulated, atol=4 * 0.5 / 20_000**0.5)


def test_chance_at_the_ends() -> None:
    assert identity.chance(PEOPLE, PEOPLE, 1).tolist() == pytest.approx([1 / 3] * 4 + [1 / 6] * 2)
    assert identity.chance(PEOPLE, PEOPLE, 6).tolist() == [1] * 6
    assert identity.chance(PEOPLE, PEOPLE, 60).tolist() == [1] * 6


def test_random_embeddings_are_retrieved_by_chance() -> None:
    draw = np.random.default_rng(2)
    people = np.repeat([str(number) for number in range(100)], 5)
    vectors = draw.normal(size=(2, 500, 64)).astype(np.float32)
    queries, gallery = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    hits = identity.ranks(queries, people, gallery, people) <= 5
    level = identity.chance(people, people, 5).mean()
    assert hits.mean() == pytest.approx(level, abs=4 * (level * (1 - level) / 500) ** 0.5)


def test_consistency_takes_all_ordered_pairs() -> None:
    config = results_tree.configuration()
    good = faces([0, 1, 90, 91, 180, 270], range(6))
    turned = faces([90, 91, 0, 1, 270, 180], range(6))
    found = identity.consistency(config, {"x": good, "y": good, "z": turned})
    assert len(found) == 6 * len(PEOPLE)
    pairs = found.groupby(["style", "gallery"])["rank"].max()
    assert pairs["x", "y"] == pairs["y", "x"] == 1
    assert pairs["x", "z"] > 1
    with pytest.raises(IfrpError, match="only one"):
        identity.consistency(config, {"x": good})


def test_few_recovered_faces_are_looked_for_among_all_true_ones() -> None:
    config = dataclasses.replace(results_tree.configuration(), evaluation=Evaluation(top=2))
    truth = faces([0, 40, 10, 20, 30, 90], range(6))  # a a b b c d
    asked = faces([39, 31, 0], [1, 3, 5])  # of a, b and d
    others = towards([33, 200])
    found = identity.retrieval(config, {"x": asked}, truth, others, {"x": "unseen"})
    # from 39° a is the nearest; from 31° c 30, a 40 and then b 20; from 0° d is the last of six
    assert found[["index", "person", "rank", "hit"]].to_numpy().tolist() == [
        [1, "a", 1, 1],
        [3, "b", 3, 0],
        [5, "d", 6, 0],
    ]
    # two of six drawn: 1 − C(4, 2) / C(6, 2) for the two faces of a and of b, 1 − C(5, 2) / C(6, 2) for that of d
    assert found["chance"].tolist() == pytest.approx([0.6, 0.6, 1 / 3])
    # with a stranger at 33°: from 39° a 40 is still the nearest; from 31° the stranger comes before b 20; from 0° before d 90
    assert found["rank_distractors"].tolist() == [1, 4, 7]
    assert found["chance_rank1"].tolist() == pytest.approx([2 / 6, 2 / 6, 1 / 6])
    assert found["chance_rank1_distractors"].tolist() == pytest.approx([2 / 8, 2 / 8, 1 / 8])
    # the true faces of the same photographs lie at 40°, 20° and 90°
    assert found["cosine"].tolist() == pytest.approx(np.cos(np.radians([1, 11, 90])), abs=1e-6)
    curve = identity.curve(found, truth, others=2)
    assert curve["unseen"].tolist() == pytest.approx(100 * np.array([1, 1, 2, 2, 2, 3]) / 3)
    assert curve["unseen-distractors"].tolist() == pytest.approx(100 * np.array([1, 1, 1, 2, 2, 2]) / 3)
    assert curve["chance-distractors"][0] == pytest.approx(100 * found["chance_rank1_distractors"].mean())


def unit(shape: tuple[int, ...], seed: int) -> Embeddings:
    """Random unit vectors (…, D)."""
    drawn = np.random.default_rng(seed).normal(size=shape)
    found: Embeddings = (drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)).astype(np.float32)
    return found


def test_ranks_among_distractors_are_those_of_sorted_dictionaries() -> None:
    """Against plain Python: one dictionary of all faces per query, sorted by likeness."""
    people = np.random.default_rng(6).integers(0, 9, 30).astype(str)
    queries, gallery, others = unit((30, 6), 7), unit((30, 6), 8), unit((50, 6), 9)
    found = identity.ranks(queries, people, gallery, people, others)
    for query, person, rank in zip(queries.tolist(), people, found, strict=True):
        faces = {("true", place): face for place, face in enumerate(gallery.tolist())}
        faces |= {("stranger", place): face for place, face in enumerate(others.tolist())}
        alike = {key: sum(a * b for a, b in zip(query, face, strict=True)) for key, face in faces.items()}
        order = sorted(alike, key=lambda key: -alike[key])
        assert rank == 1 + next(
            place for place, (kind, face) in enumerate(order) if kind == "true" and people[face] == person
        )


def test_distractors_never_improve_a_rank() -> None:
    people = np.repeat([str(number) for number in range(10)], 2)
    queries, gallery, others = unit((20, 8), 1), unit((20, 8), 2), unit((200, 8), 3)
    plain = identity.ranks(queries, people, gallery, people)
    np.testing.assert_array_equal(identity.ranks(queries, people, gallery, people, others[:0]), plain)
    before = plain
    for count in (1, 50, 200):
        now = identity.ranks(queries, people, gallery, people, others[:count])
        assert (now >= before).all()
        assert (now <= plain + count).all()
        before = now
    assert (before > plain).any()


def test_distractors_are_counted_the_same_in_blocks_of_any_size() -> None:
    queries, others, nearest = unit((20, 8), 1), unit((70, 8), 3), unit((20, 8), 4)[:, 0]
    whole = distractors.nearer(queries, nearest, others)
    for block in (1, 7, 70):
        np.testing.assert_array_equal(distractors.nearer(queries, nearest, others, block), whole)


def test_a_distractor_that_is_the_same_face_takes_rank_1_away() -> None:
    """Perfect recovery of 300 people, and strangers whose faces are the same to the evaluator, in sums of any order."""
    faces = unit((300, 512), 5)
    people = np.arange(300).astype(str)
    strangers = faces[::-1][:100]  # of the people 299, 298, …
    assert (identity.ranks(faces, people, faces, people) == 1).all()
    found = identity.ranks(faces, people, faces, people, strangers)
    assert found.tolist() == [1] * 200 + [2] * 100


def test_orthogonal_embeddings() -> None:
    """Each person is an axis: every query is at its own, and a stranger on a new axis is mistaken for nobody."""
    axes, people = np.eye(8, dtype=np.float32), np.array(list("abcd"))
    config = results_tree.configuration()
    truth = identity.Faces(axes[:4], people, np.arange(4))
    found = identity.retrieval(config, {"x": truth}, truth, axes[4:], {"x": "seen"})
    assert found["rank_distractors"].tolist() == found["rank"].tolist() == [1] * 4
    assert found["cosine"].tolist() == [1] * 4
    lost = identity.Faces(axes[4:], people, np.arange(4))  # recovered faces that are like nobody's: all ties
    found = identity.retrieval(config, {"x": lost}, truth, axes[4:], {"x": "seen"})
    assert found["rank"].tolist() == [4] * 4
    assert found["rank_distractors"].tolist() == [8] * 4
    assert found["cosine"].tolist() == [0] * 4


def test_few_recovered_faces_are_looked_for_among_as_few() -> None:
    config = dataclasses.replace(results_tree.configuration(), evaluation=Evaluation(top=1))
    styles = {"x": faces([39, 31, 0], [0, 1, 3]), "y": faces([60, 20, 8], [0, 1, 3])}  # two of a, one of b
    found = identity.consistency(config, styles)
    # x asks y: from 39° a is 19 and 21 away; from 31° 11, and 29; from 0° b is 8 away
    # y asks x: from 60° a is 21 away; from 20° 11; from 8° b is 8 away
    assert found["rank"].tolist() == [1] * 6
    assert found["chance"].tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3] * 2)
    crossed = identity.consistency(config, {**styles, "y": faces([20, 60, 38], [0, 1, 3])})
    asked = crossed[crossed["style"] == "x"]
    # from 39° and from 31° b 38 is nearer than a 20; from 0° a 20 is nearer than b 38, and a 60 is not
    assert asked["rank"].tolist() == [2, 2, 2]
    assert asked["hit"].sum() == 0


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tables_of_an_experiment(tree: Path) -> None:
    import pandas as pd

    config = results_tree.build(tree)
    identity.write(config, "ifrp", "evaluator", results_tree.Evaluator())
    frr, fcr = (
        pd.read_csv(paths.identity("ifrp", "evaluator")),
        pd.read_csv(paths.consistency("ifrp", "evaluator")),
    )
    columns = ["index", "person", "rank", "hit", "chance"]
    strictly = ["rank_distractors", "cosine", "chance_rank1", "chance_rank1_distractors"]
    assert list(frr) == ["split", "style", *columns, *strictly]
    assert list(fcr) == ["style", "gallery", *columns]
    assert frr.groupby("style")["split"].first().to_dict() == results_tree.STYLES
    assert frr["hit"].mean() == 1  # little noise, and six people with all colours different
    assert (frr["hit"] == (frr["rank"] <= config.evaluation.top)).all()
    assert (frr["rank_distractors"] >= frr["rank"]).all()
    # three of the person among 18 true faces and 18 training faces
    assert frr["chance_rank1_distractors"].tolist() == pytest.approx([3 / 36] * len(frr), abs=1e-6)
    told = read_card(paths.identity("ifrp", "evaluator"))
    assert told["facts"]["distractors"] == 18
    assert str(paths.distractors("evaluator")) in told["inputs"]


def test_distractors_are_the_training_faces_as_the_evaluator_sees_them(tree: Path) -> None:
    results_tree.build(tree)
    found = distractors.read("evaluator", results_tree.Evaluator())
    assert found.shape == (18, 48)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    face = stacks.read(paths.faces("train")).images[7:8]
    np.testing.assert_allclose(found[7:8], results_tree.Evaluator().embed(face), rtol=1e-6)
    told = read_card(paths.distractors("evaluator"))
    assert told["settings"] == {"recogniser": "evaluator", "fingerprint": results_tree.EVALUATOR}
    assert told["facts"] == {"faces": 18, "people": 6}


def test_distractors_of_another_evaluator_are_refused(tree: Path) -> None:
    class Other(results_tree.Evaluator):
        fingerprint = "c" * 64

    config = results_tree.build(tree)
    with pytest.raises(
        IfrpError, match="made with other weights than those of the recogniser evaluator: make them again"
    ):
        identity.write(config, "ifrp", "evaluator", Other())
    paths.distractors("evaluator").write_bytes(b"half")
    with pytest.raises(IfrpError, match="does not hold embeddings"):
        identity.write(config, "ifrp", "evaluator", results_tree.Evaluator())
    paths.distractors("evaluator").unlink()
    with pytest.raises(IfrpError, match=r"distractors/evaluator\.npy does not exist"):
        identity.write(config, "ifrp", "evaluator", results_tree.Evaluator())
    assert not paths.EVALUATION.joinpath("ifrp").exists()


def test_tables_of_an_experiment_on_some_portraits(tree: Path) -> None:
    import pandas as pd

    config = results_tree.build(tree)
    config = dataclasses.replace(config, evaluation=Evaluation(top=5, faces=12))
    results_tree.recover(config, "ifrp", places=[0, 4, 5, 11, 17])  # people p0, p1, p1, p3, p5
    identity.write(config, "ifrp", "evaluator", results_tree.Evaluator())
    frr, fcr = (
        pd.read_csv(paths.identity("ifrp", "evaluator")),
        pd.read_csv(paths.consistency("ifrp", "evaluator")),
    )
    for table, groups in ((frr, 4), (fcr, 12)):
        assert table["index"].tolist() == [0, 4, 5, 11] * groups  # 17 is not among the first 12 true faces
        assert table["person"].tolist() == ["p0", "p1", "p1", "p3"] * groups
    # five of twelve drawn, of which three show the person: 1 − C(9, 5) / C(12, 5)
    assert frr["chance"].tolist() == pytest.approx([1 - 126 / 792] * 16, abs=1e-6)
    assert frr["hit"].mean() == 1
    assert fcr["chance"].eq(1).all()  # a gallery of four, of which five are drawn


def test_the_network_of_the_loss_may_not_evaluate(tree: Path) -> None:
    config = results_tree.build(tree)
    header = {"method": "ifrp", "settings": "{}"}
    for fingerprint, refused in (("b" * 64, False), (results_tree.EVALUATOR, True)):
        told = header | {"recognisers": json.dumps({"loss": fingerprint})}
        save_weights(paths.recovery_model("ifrp"), {"generator/weight": torch.zeros(1)}, told)
        results_tree.recover(config, "ifrp", model=True)
        with pytest.raises(IfrpError, match="loss of ifrp") if refused else nullcontext():
            identity.write(config, "ifrp", "evaluator", results_tree.Evaluator())
