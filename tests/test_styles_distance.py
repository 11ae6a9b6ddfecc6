"""Log-Euclidean style distance, against scipy and analytic cases, and the rules of choice."""

from typing import get_args, get_type_hints

import numpy as np
import pytest
from scipy.linalg import expm, logm

from ifrp.config import StyleDistance
from ifrp.errors import IfrpError
from ifrp.styles.choice import RULES, choose
from ifrp.styles.distance import COMBINED, Matrix, log, pairwise


def spd(seed: int, size: int = 6) -> Matrix:
    a = np.random.default_rng(seed).standard_normal((size, size + 3))
    return np.asarray(a @ a.T / size)


def test_log_equals_scipys() -> None:
    np.testing.assert_allclose(log(spd(0), 0), logm(spd(0)), atol=1e-10)


def test_ridge_is_relative_to_the_mean_eigenvalue() -> None:
    flat = np.diag([1.0, 0, 0, 0])  # mean eigenvalue 1/4
    np.testing.assert_allclose(log(flat, 0.04), np.diag(np.log([1.01, 0.01, 0.01, 0.01])), atol=1e-12)
    np.testing.assert_allclose(log(3 * flat, 0.04) - log(flat, 0.04), np.log(3) * np.eye(4), atol=1e-12)


def test_distance_of_diagonal_matrices_is_that_of_their_logarithms() -> None:
    a, b = np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.0, 0.5])
    _, found = pairwise({"a": {"x": np.diag(a)}, "b": {"x": np.diag(b)}}, 0)
    assert found["x"][0, 1] == pytest.approx(np.linalg.norm(np.log(a / b)))


def test_it_is_a_metric_and_combines_layers_as_blocks() -> None:
    grams = {str(i): {"x": spd(i), "y": spd(i + 50, 4)} for i in range(7)}
    _, found = pairwise(grams, 1e-6)
    for distance in found.values():
        np.testing.assert_allclose(distance, distance.T)
        np.testing.assert_allclose(np.diag(distance), 0)
        assert (distance[:, None] <= distance[:, :, None] + distance[None] + 1e-12).all()  # triangle
    np.testing.assert_allclose(found[COMBINED] ** 2, found["x"] ** 2 + found["y"] ** 2)


def test_invariance_to_inversion_and_rotation() -> None:
    a, b = spd(1), spd(2)
    skew = np.random.default_rng(3).standard_normal((6, 6))
    turn = expm(skew - skew.T)
    inverse, turned = np.linalg.inv, lambda m: turn @ m @ turn.T
    straight = pairwise({"a": {"x": a}, "b": {"x": b}}, 0)[1]["x"][0, 1]
    for change in (inverse, turned):
        changed = pairwise({"a": {"x": np.asarray(change(a))}, "b": {"x": np.asarray(change(b))}}, 0)[1]["x"][
            0, 1
        ]
        assert changed == pytest.approx(straight)


LINE = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 20.0])  # styles on a line; faces at -1
FAR, AMONG = LINE + 1, np.abs(LINE[:, None] - LINE)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("farthest", [5, 4, 3]),
        ("nearest", [0, 1, 2]),
        ("spread", [5, 0, 3]),
        ("spread_from_nearest", [0, 5, 3]),
        ("diverse", [0, 1, 5]),
        ("medoids", [1, 3, 5]),
    ],
)
def test_rules_on_a_line(rule: str, expected: list[int]) -> None:
    found = choose(rule, FAR, AMONG, 3)
    if rule == "diverse":  # on a line the middle one adds nothing: any middle is as good
        assert {0, 5} <= set(found)
    elif rule == "medoids":
        assert found[0] == 1
        assert found[1] in (3, 4)
        assert found[2] == 5
    else:
        assert found == expected


def test_every_rule_gives_that_many_different_styles() -> None:
    for rule in RULES:
        for count in range(1, 7):
            assert len(set(choose(rule, FAR, AMONG, count))) == count


def test_the_configuration_knows_the_rules() -> None:
    known = get_args(get_type_hints(StyleDistance)["rule"])
    assert set(known) == set(RULES)


def test_too_many() -> None:
    with pytest.raises(IfrpError, match="7 styles"):
        choose("spread", FAR, AMONG, 7)
