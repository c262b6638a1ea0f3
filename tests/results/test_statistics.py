"""Intervals and verdicts, against scipy and hand calculations."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from kd_core.results.statistics import bootstrap_interval, mean_sd, t_interval, verdict

VALUES = [0.91, 0.93, 0.92, 0.95, 0.90]


def test_spread_is_mean_and_sample_standard_deviation() -> None:
    found = mean_sd([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert found.sd == pytest.approx((5 / 3) ** 0.5)
    assert found.values == (1.0, 2.0, 3.0, 4.0)


def test_one_value_has_no_standard_deviation_and_no_interval() -> None:
    assert mean_sd([0.5]).sd is None
    assert t_interval([0.5]) is None


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_interval_is_students(level: float) -> None:
    expected = scipy.stats.t.interval(level, len(VALUES) - 1, np.mean(VALUES), scipy.stats.sem(VALUES))
    assert t_interval(VALUES, level) == pytest.approx(expected)


def test_three_seeds_by_hand() -> None:
    # Differences 1, 2, 3: mean 2, sd 1, t(.975, 2) = 4.3026527
    found = verdict([0.51, 0.62, 0.73], [0.50, 0.60, 0.70])
    half = 4.30265273 / 3**0.5
    assert found.difference_pp == pytest.approx(2.0)
    assert found.ci95_pp == pytest.approx((2 - half, 2 + half), abs=1e-6)
    assert found.outcome == "no difference detected"
    assert found.seeds == 3


def test_an_interval_above_zero_says_better() -> None:
    found = verdict([0.95, 0.96, 0.951], [0.90, 0.91, 0.90])
    assert found.outcome == "better" and "helped" in found.sentence and "+5.03" in found.sentence


def test_an_interval_below_zero_says_worse() -> None:
    found = verdict([0.90, 0.91, 0.90], [0.95, 0.96, 0.951])
    assert found.outcome == "worse" and "hurt" in found.sentence and "-5.03" in found.sentence


def test_equal_students_show_no_difference() -> None:
    found = verdict([0.9, 0.8], [0.9, 0.8])
    assert found.outcome == "no difference detected" and found.difference_pp == 0


def test_one_seed_is_not_a_finding() -> None:
    found = verdict([0.95], [0.90])
    assert found.outcome == "one seed" and found.ci95_pp is None
    assert "more seeds" in found.sentence


def test_pairing_by_seed_sharpens_the_interval() -> None:
    alone = [0.80, 0.85, 0.90, 0.95]
    distilled = [value + 0.01 for value in alone]
    paired = verdict(distilled, alone).ci95_pp
    assert paired is not None and paired[1] - paired[0] < 1e-6
    unpaired = verdict(sorted(distilled, reverse=True), alone).ci95_pp
    assert unpaired is not None and unpaired[1] - unpaired[0] > 10


@pytest.mark.parametrize(("distilled", "alone"), [([], []), ([0.9], []), ([0.9, 0.8], [0.9])])
def test_unequal_seeds_are_refused(distilled: list[float], alone: list[float]) -> None:
    with pytest.raises(ValueError, match="same seeds"):
        verdict(distilled, alone)


def test_the_sampling_interval_agrees_with_the_normal_approximation() -> None:
    random = np.random.default_rng(1)
    distilled, alone = random.random((1, 5000)) < 0.9, random.random((1, 5000)) < 0.85
    gain = 100 * (distilled[0].astype(float) - alone[0])
    low, high = bootstrap_interval(distilled, alone)
    half = 1.96 * gain.std() / 5000**0.5
    assert (low, high) == pytest.approx((gain.mean() - half, gain.mean() + half), abs=0.1)


def test_the_sampling_interval_of_equal_students_is_zero() -> None:
    right = np.array([[True, False, True]])
    assert bootstrap_interval(right, right) == (0.0, 0.0)


def test_the_sampling_interval_shrinks_with_more_images() -> None:
    random = np.random.default_rng(2)
    few, many = (
        bootstrap_interval(random.random((1, count)) < 0.9, random.random((1, count)) < 0.8) for count in (600, 10_000)
    )
    assert few[1] - few[0] > 3 * (many[1] - many[0])


def test_the_sampling_interval_averages_over_seeds() -> None:
    distilled = np.array([[True, True, False, False], [False, False, True, True]])
    alone = np.zeros((2, 4), dtype=bool)
    assert bootstrap_interval(distilled, alone) == (50.0, 50.0)


def test_a_sentence_speaks_of_a_teacher_only_where_one_taught() -> None:
    judged = verdict([0.6, 0.61, 0.62], [0.5, 0.51, 0.52])
    assert judged.to_json()["sentence"].startswith("The teacher helped: +10.00")
    assert judged.to_json(taught=False)["sentence"].startswith("Better than the student alone: +10.00")
