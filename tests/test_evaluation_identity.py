"""FRR, FCR and chance, with embeddings whose answer is known."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import results_tree
import torch

from ifrp import paths
from ifrp.artifacts import save_weights
from ifrp.errors import IfrpError
from ifrp.evaluation import identity

PEOPLE = np.array(["a", "a", "b", "b", "c", "d"])


def towards(angles: list[float]) -> identity.Embeddings:
    """Unit vectors in a plane, by degrees."""
    turn = np.radians(angles)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)


def test_ranks_of_faces_on_a_circle() -> None:
    gallery = towards([0, 40, 10, 20, 30, 90])
    queries = towards([1, 39, 80, 31, 12, 0])
    # by distance from 1°: a · 0, so rank 1; from 80°: d 90, a 40, c 30, b 20, so the person b is fourth;
    # from 31°: c 30, a 40, b 20, so b is third; from 12°: b 10, b 20, a 0, c 30; from 0° d is the last
    assert identity.ranks(queries, gallery, PEOPLE).tolist() == [1, 1, 4, 3, 4, 6]


def test_a_recovery_that_gives_all_the_same_face_retrieves_nobody() -> None:
    same = towards([30] * 6)
    assert identity.ranks(same, same, PEOPLE).tolist() == [5, 5, 5, 5, 6, 6]


def test_ranks_move_with_queries_and_not_with_the_gallery_order() -> None:
    draw = np.random.default_rng(0)
    people = draw.integers(0, 9, 40).astype(str)
    vectors = draw.normal(size=(2, 40, 5)).astype(np.float32)
    queries, gallery = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    straight = identity.ranks(queries, gallery, people)
    order = draw.permutation(40)
    np.testing.assert_array_equal(
        identity.ranks(queries[order], gallery[order], people[order]), straight[order]
    )
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
    np.testing.assert_allclose(identity.chance(PEOPLE, top), simulated, atol=4 * 0.5 / 20_000**0.5)


def test_chance_at_the_ends() -> None:
    assert identity.chance(PEOPLE, 1).tolist() == pytest.approx([1 / 3] * 4 + [1 / 6] * 2)
    assert identity.chance(PEOPLE, 6).tolist() == [1] * 6
    assert identity.chance(PEOPLE, 60).tolist() == [1] * 6


def test_random_embeddings_are_retrieved_by_chance() -> None:
    draw = np.random.default_rng(2)
    people = np.repeat([str(number) for number in range(100)], 5)
    vectors = draw.normal(size=(2, 500, 64)).astype(np.float32)
    queries, gallery = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    hits = identity.ranks(queries, gallery, people) <= 5
    level = identity.chance(people, 5).mean()
    assert hits.mean() == pytest.approx(level, abs=4 * (level * (1 - level) / 500) ** 0.5)


def test_consistency_takes_all_ordered_pairs() -> None:
    config = results_tree.configuration()
    good, turned = towards([0, 1, 90, 91, 180, 270]), towards([90, 91, 0, 1, 270, 180])
    found = identity.consistency(config, {"x": good, "y": good, "z": turned}, PEOPLE)
    assert len(found) == 6 * len(PEOPLE)
    pairs = found.groupby(["style", "gallery"])["rank"].max()
    assert pairs["x", "y"] == pairs["y", "x"] == 1
    assert pairs["x", "z"] > 1
    with pytest.raises(IfrpError, match="only one"):
        identity.consistency(config, {"x": good}, PEOPLE)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tables_of_an_experiment(tree: Path) -> None:
    import pandas as pd

    config = results_tree.build(tree)
    identity.write(config, "ifrp", "judge", results_tree.Judge())
    frr, fcr = pd.read_csv(paths.identity("ifrp", "judge")), pd.read_csv(paths.consistency("ifrp", "judge"))
    columns = ["index", "person", "rank", "hit", "chance"]
    assert list(frr) == ["split", "style", *columns]
    assert list(fcr) == ["style", "gallery", *columns]
    assert frr.groupby("style")["split"].first().to_dict() == results_tree.STYLES
    assert frr["hit"].mean() == 1  # little noise, and six people with all colours different
    assert (frr["hit"] == (frr["rank"] <= config.evaluation.top)).all()


def test_the_network_of_the_loss_may_not_judge(tree: Path) -> None:
    config = results_tree.build(tree)
    header = {"method": "ifrp", "settings": "{}"}
    for fingerprint, refused in (("b" * 64, False), (results_tree.JUDGE, True)):
        told = header | {"recognisers": json.dumps({"loss": fingerprint})}
        save_weights(paths.recovery_model("ifrp"), {"generator/weight": torch.zeros(1)}, told)
        results_tree.recover(config, "ifrp", model=True)
        with pytest.raises(IfrpError, match="loss of ifrp") if refused else nullcontext():
            identity.write(config, "ifrp", "judge", results_tree.Judge())
