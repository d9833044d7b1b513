"""Risk, coverage and thresholds: by hand, over all orders, and on other questions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from harness.records import Interval
from harness.statistics.intervals import clustered_proportion, wilson
from harness.statistics.selective import (
    area,
    halves,
    risk_coverage,
    selected,
    threshold_for,
)

# From the safest: right, wrong, right and right (a tie), wrong.
RISKS, WRONG = [0.3, 0.1, 0.9, 0.2, 0.3], [0.0, 0.0, 1.0, 1.0, 0.0]


def test_the_curve_by_hand() -> None:
    assert risk_coverage(RISKS, WRONG) == [(0.2, 0.0), (0.4, 0.5), (0.8, 0.25), (1.0, 0.4)]


def test_the_thinned_curve_keeps_its_ends_and_points_of_its_own() -> None:
    draw = np.random.default_rng(1)
    risks = np.round(draw.normal(size=700), 2).tolist()
    wrong = (draw.random(700) < 0.3).astype(float).tolist()
    whole = risk_coverage(risks, wrong, most=10_000)
    assert len(whole) == len(set(risks))
    thin = risk_coverage(risks, wrong)
    assert 50 <= len(thin) <= 60
    assert set(thin) <= set(whole)
    assert (thin[0], thin[-1]) == (whole[0], whole[-1])
    assert thin[-1] == (1.0, pytest.approx(np.mean(wrong)))
    assert max(b[0] - a[0] for a, b in itertools.pairwise(thin)) < 0.03


def test_each_point_is_the_risk_of_what_is_answered() -> None:
    draw = np.random.default_rng(2)
    risks = draw.integers(12, size=90).astype(float)
    wrong = (draw.random(90) < risks / 15).astype(float)
    got = risk_coverage(risks.tolist(), wrong.tolist())
    expected = [(np.mean(risks <= t), np.mean(wrong[risks <= t])) for t in np.unique(risks)]
    assert np.array(got) == pytest.approx(np.array(expected))


def test_the_area_is_the_mean_over_all_orders_of_ties() -> None:
    orders = [
        [bad for _, bad in sorted(zip(RISKS, order, strict=True), key=lambda pair: pair[0])]
        for order in (WRONG, [WRONG[4], *WRONG[1:4], WRONG[0]])
    ]
    by_hand = np.mean([np.mean([np.mean(o[:k]) for k in range(1, 6)]) for o in orders])
    assert by_hand == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4 + 2 / 5) / 5)
    assert area(RISKS, WRONG) == pytest.approx(by_hand)
    tied, wrong = [1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0], [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]
    means = [
        np.mean([np.mean([0, *four, *two][:k]) for k in range(1, 8)])
        for four in itertools.permutations(wrong[1:5])
        for two in itertools.permutations(wrong[5:])
    ]
    assert area(tied, wrong) == pytest.approx(np.mean(means))


def test_a_signal_that_says_nothing_has_the_share_of_wrong_answers() -> None:
    assert area([1.0] * 40, [1.0] * 12 + [0.0] * 28) == pytest.approx(0.3)


def test_the_best_order_has_the_least_area() -> None:
    # Seven right ones cost nothing, then 1/8, 2/9 and 3/10.
    wrong = [0.0] * 7 + [1.0] * 3
    best = area([float(place) for place in range(10)], wrong)
    assert best == pytest.approx((1 / 8 + 2 / 9 + 3 / 10) / 10)
    draw = np.random.default_rng(3)
    assert all(area(draw.random(10).tolist(), wrong) >= best - 1e-12 for _ in range(50))


def test_an_early_mistake_is_no_reason_to_answer_nothing() -> None:
    # The safest answer is wrong, then nineteen are right: 1/20 at .19, 2/21 at .20.
    risks = [place / 100 for place in range(21)]
    wrong = [1.0, *[0.0] * 19, 1.0]
    assert threshold_for(risks, wrong, 0.05) == 0.19
    assert threshold_for(risks, wrong, 0.04) is None
    assert threshold_for(risks, wrong, 0.1) == 0.2
    assert threshold_for(risks, wrong, 1.0) == 0.2


def test_answers_of_one_risk_stand_or_fall_together() -> None:
    assert threshold_for([0.1, 0.2, 0.2], [0.0, 0.0, 1.0], 0.3) == 0.1
    assert threshold_for([0.2, 0.2, 0.2], [0.0, 0.0, 1.0], 0.3) is None


def test_a_threshold_on_other_questions_by_hand() -> None:
    risks, wrong = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    clusters = ["a", "a", "b", "b", "c", "c"]
    got = selected(risks, wrong, clusters, 0.4)
    assert (got.n, got.answered) == (6, 4)
    assert (got.coverage, got.risk) == (pytest.approx(4 / 6), 0.25)
    assert got.coverage_interval == clustered_proportion([1, 1, 1, 1, 0, 0], clusters)[1]
    assert got.risk_interval == clustered_proportion([0, 1, 0, 0], ["a", "a", "b", "b"])[1]


def test_no_answer_has_no_risk() -> None:
    clusters = [str(place) for place in range(5)]
    for threshold in (None, 0.05):
        got = selected(RISKS, WRONG, clusters, threshold)
        assert (got.answered, got.coverage) == (0, 0.0)
        assert math.isnan(got.risk)
        assert got.risk_interval == Interval(0.0, 1.0, "none answered: not estimable")
        assert got.coverage_interval == wilson(0, 5)


def test_halves_are_of_whole_documents_and_equally_many() -> None:
    clusters = [f"new-{index // 8:04d}" for index in range(120)]
    first, second = halves(clusters)
    assert sorted(first + second) == list(range(120))
    names = {clusters[place] for place in first}, {clusters[place] for place in second}
    assert not names[0] & names[1]
    assert (len(names[0]), len(names[1])) == (8, 7)
    assert names[0] != set(sorted(set(clusters))[:8])


def test_halves_hang_on_names_alone() -> None:
    # printf NAME | sha256sum begins with 3e23 (b), 2e7d (c), ca97 (a), 18ac (d).
    assert halves(["a", "b", "c", "d"]) == ([2, 3], [0, 1])
    assert halves(["d", "b", "b", "a", "c"]) == ([0, 4], [1, 2, 3])
    assert halves(["a"]) == ([0], [])
    assert halves([]) == ([], [])


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="0 risks"):
        area([], [])
    with pytest.raises(ValueError, match="2 risks and 1 answers"):
        risk_coverage([0.1, 0.2], [0.0])
    with pytest.raises(ValueError, match="not a number"):
        threshold_for([math.nan], [0.0], 0.05)
    with pytest.raises(ValueError, match="wrong"):
        area([0.1], [0.5])
    with pytest.raises(ValueError, match="two ends"):
        risk_coverage(RISKS, WRONG, most=1)
    with pytest.raises(ValueError, match="no share"):
        threshold_for(RISKS, WRONG, 5)
    with pytest.raises(ValueError, match="clusters"):
        selected(RISKS, WRONG, ["a"], 0.5)
