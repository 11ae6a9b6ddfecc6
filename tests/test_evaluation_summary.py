"""Means and their bootstrap intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import results_tree

from ifrp import paths
from ifrp.config import Config
from ifrp.errors import IfrpError
from ifrp.evaluation import identity, quality, summary


def test_interval_of_independent_values_is_the_normal_one() -> None:
    draw = np.random.default_rng(0)
    values = draw.normal(10, 2, 400)
    people = np.arange(400).astype(str)
    found = summary.estimate(np.full(400, "a"), people, values, resamples=4000, seed=1)
    low, high = found.interval()
    half = 1.96 * values.std() / 20
    assert found.value[0] == pytest.approx(values.mean())
    assert low[0] == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert high[0] == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_interval_is_over_people_and_not_over_faces() -> None:
    draw = np.random.default_rng(3)
    of_person = draw.normal(0, 1, 50)
    people = np.repeat(np.arange(50).astype(str), 20)
    values = np.repeat(of_person, 20)  # faces of a person tell nothing new
    found = summary.estimate(np.full(1000, "a"), people, values, resamples=4000, seed=1)
    low, high = found.interval()
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * of_person.std() / 50**0.5, rel=0.1)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(4)
    people = np.repeat(np.arange(60).astype(str), 3)
    covered = []
    for number in range(300):
        values = np.repeat(draw.normal(0, 1, 60), 3) + draw.normal(0, 0.5, 180)
        found = summary.estimate(np.full(180, "a"), people, values, resamples=300, seed=number)
        low, high = found.interval()
        covered.append(low[0] <= 0 <= high[0])
    assert 0.90 <= np.mean(covered) <= 0.985


def test_order_of_faces_changes_nothing_and_groups_share_resamples() -> None:
    draw = np.random.default_rng(5)
    people, groups = draw.integers(0, 12, 90).astype(str), np.repeat(["x", "y", "z"], 30)
    values = draw.normal(size=90)
    order = draw.permutation(90)
    one = summary.estimate(groups, people, values, 100, seed=2)
    other = summary.estimate(groups[order], people[order], values[order], 100, seed=2)
    np.testing.assert_allclose(one.draws, other.draws)
    shifted = summary.estimate(groups, people, values + 3, 100, seed=2)
    np.testing.assert_allclose(shifted.draws - one.draws, 3)  # a paired difference has no spread
    assert one.mean("").value[0] == pytest.approx(np.mean([values[groups == g].mean() for g in "xyz"]))


def test_summary_of_all_experiments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    for experiment in config.recovery.experiments:
        quality.write(config, experiment)
        with pytest.raises(IfrpError, match="does not exist"):
            summary.write(config, experiment)
        identity.write(config, experiment, "evaluator", results_tree.Evaluator())
        summary.write(config, experiment)
    files = [paths.summary(experiment) for experiment in config.recovery.experiments]
    found = pd.concat([pd.read_csv(path, keep_default_na=False) for path in files])
    assert ",".join(map(str, found)) == "experiment,method,split,style,metric,value,low,high,n"
    assert list(found["experiment"].unique()) == list(config.recovery.experiments)
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()

    faces = pd.read_csv(paths.quality("ifrp"))
    cells = found.set_index(["experiment", "split", "style", "metric"])[["value", "n"]].to_dict("index")

    def value(*cell: str) -> float:
        return float(cells[cell]["value"])

    seen = faces[faces["split"] == "seen"].groupby("style")["ssim"].mean().mean()
    assert value("ifrp", "seen", "", "ssim") == pytest.approx(seen, rel=1e-5)
    assert cells["ifrp", "seen", "", "ssim"]["n"] == 2 * 18
    assert cells["ifrp", "seen", "dots", "psnr"]["n"] == 18
    pairs = pd.read_csv(paths.consistency("ifrp", "evaluator"))
    assert value("ifrp", "all", "", "fcr") == pytest.approx(100 * pairs["hit"].mean())
    # 3 faces of the person among 18: 1 − C(15, 5) / C(18, 5)
    assert value("input", "sketch", "", "frr-chance") == pytest.approx(100 * (1 - 3003 / 8568), rel=1e-5)
    everything = faces.groupby("style")["fsim"].mean().mean()
    assert value("ifrp", "all", "", "fsim") == pytest.approx(everything, rel=1e-5)
    assert value("ifrp", "seen", "", "psnr") > value("input", "seen", "", "psnr")
    retrieved = pd.read_csv(paths.identity("faced", "evaluator")).query("split == 'seen'")
    for column, metric in (("rank", "rank1"), ("rank_distractors", "rank1-distractors")):
        first = [100 * sum(part[column] == 1) / len(part) for _, part in retrieved.groupby("style")]
        assert value("faced", "seen", "", metric) == pytest.approx(np.mean(first), rel=1e-5)
    assert value("faced", "seen", "", "rank1-chance") == pytest.approx(100 * 3 / 18, rel=1e-4)
    assert value("faced", "seen", "", "rank1-distractors-chance") == pytest.approx(100 * 3 / 36, rel=1e-4)
    assert value("faced", "seen", "dots", "cosine") == pytest.approx(
        retrieved.query("style == 'dots'")["cosine"].mean(), rel=1e-5
    )


def test_a_measure_that_was_never_made_has_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose faces are gone: its tables have the columns of today, but nothing in them."""
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    config = results_tree.build(tmp_path)
    quality.write(config, "ifrp")
    identity.write(config, "ifrp", "evaluator", results_tree.Evaluator())
    before = summary.table(config, "ifrp")
    new = ("rank_distractors", "cosine", "chance_rank1", "chance_rank1_distractors")
    for path, columns in (
        (paths.identity("ifrp", "evaluator"), new),
        (paths.quality("ifrp"), ("psnr-colour", "psnr-contrast")),
    ):
        pd.read_csv(path).assign(**dict.fromkeys(columns)).to_csv(path, index=False)
    found = summary.table(config, "ifrp")
    gone = {
        "rank1-distractors", "cosine", "rank1-chance", "rank1-distractors-chance", "psnr-colour", "psnr-contrast"
    }  # fmt: skip
    assert set(before["metric"]) - set(found["metric"]) == gone
    kept = before[~before["metric"].isin(gone)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, kept)
    assert "cosine" not in summary.metrics(found)["seen"]
    assert summary.scores(config, "ifrp", "seen", "cosine").empty
    assert len(summary.scores(config, "ifrp", "seen", "rank1")) == 2 * 18


def test_ties_are_found_face_by_face() -> None:
    import pandas as pd

    rng, people = np.random.default_rng(0), np.repeat([f"p{i}" for i in range(20)], 3)
    base = pd.DataFrame({"style": "x", "index": range(60), "person": people, "value": rng.normal(0, 1, 60)})
    config = Config()
    shifted = base.assign(
        value=base["value"] + 0.1
    )  # far smaller than the spread of the scores, but on every face
    noisy = base.assign(value=base["value"] + rng.normal(0, 1, 60))
    assert not summary.tied(config, shifted, base)
    assert summary.tied(config, noisy, base)
    assert not summary.tied(config, base.assign(style="y"), base)  # nothing in common to compare
