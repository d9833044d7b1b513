"""Intervals against scipy, hand computation and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.records import Interval
from harness.statistics.intervals import (
    bounded_mean,
    clustered_mean,
    clustered_proportion,
    clustered_variance,
    mean_interval,
    wilson,
)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "n"), [(0, 5), (1, 5), (5, 5), (120, 150), (0, 150), (1, 1)])
def test_wilson_agrees_with_scipy(successes: int, n: int, level: float) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    got = wilson(successes, n, level)
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (got.method, got.level) == ("Wilson", level)


def test_wilson_touches_the_ends_exactly() -> None:
    assert wilson(0, 150).low == 0.0
    assert wilson(150, 150).high == 1.0


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_proportion(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(successes, n)


def test_clustered_variance_of_four_scores_by_hand() -> None:
    # mean .5; residual sums a: (.5 + .25), b: (-.25 - .5); 2/1 * 2 * .75² / 16
    scores, clusters = [1.0, 0.75, 0.25, 0.0], ["a", "a", "b", "b"]
    assert clustered_variance(scores, clusters) == pytest.approx(2 * (2 * 0.5625) / 16)


def test_clustered_mean_of_four_scores_by_hand() -> None:
    # SE = 1 % of the case above; t_1(.975) = 12.7062
    scores = [0.505, 0.5025, 0.4975, 0.495]
    mean, interval = clustered_mean(scores, ["a", "a", "b", "b"])
    half = 12.706204736 * 0.01 * math.sqrt(2 * 2 * 0.5625 / 16)
    assert mean == pytest.approx(0.5)
    assert (interval.low, interval.high) == pytest.approx((0.5 - half, 0.5 + half))


def test_singletons_make_the_clustered_mean_students() -> None:
    scores = [0.2, 0.9, 0.4, 0.55, 0.7, 0.35]
    mean, interval = clustered_mean(scores, list("abcdef"))
    expected = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    assert mean == pytest.approx(np.mean(scores))
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_equal_clusters_make_the_clustered_mean_students_over_cluster_means() -> None:
    generator = np.random.default_rng(1)
    table = generator.uniform(size=(12, 5))
    clusters = [str(row) for row in range(12) for _ in range(5)]
    _, interval = clustered_mean(table.ravel().tolist(), clusters)
    expected = stats.ttest_1samp(table.mean(axis=1), 0).confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_clustered_mean_stays_within_its_bounds() -> None:
    _, interval = clustered_mean([0.0, 0.9, 1.0, 0.1], ["a", "a", "b", "c"])
    assert (interval.low, interval.high) == (0.0, 1.0)
    _, wide = clustered_mean([0.0, 0.9, 1.0, 0.1], ["a", "a", "b", "c"], bounds=(-9.0, 9.0))
    assert wide.low < 0.0
    assert wide.high > 1.0


def test_clusters_that_answer_alike_count_once() -> None:
    scores = [1.0] * 4 * 6 + [0.0] * 4 * 4
    clusters = [str(index // 4) for index in range(40)]
    p, interval = clustered_proportion(scores, clusters)
    # p(1-p)/SE² = G - 1 = 9 here; then the factor for few degrees of freedom
    effective = 9 * (stats.t.ppf(0.975, 39) / stats.t.ppf(0.975, 9)) ** 2
    expected = wilson(0.6 * effective, effective)
    assert p == 0.6
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
    assert interval.high - interval.low > 1.5 * (wilson(24, 40).high - wilson(24, 40).low)


def test_perfectly_balanced_clusters_claim_no_more_than_n() -> None:
    scores, clusters = [1.0, 0.0] * 10, [str(index // 2) for index in range(20)]
    _, interval = clustered_proportion(scores, clusters)
    plain = wilson(10, 20)
    assert (interval.low, interval.high) == pytest.approx((plain.low, plain.high), abs=0.02)
    assert interval.high - interval.low >= plain.high - plain.low


def test_all_right_in_clusters_counts_the_clusters() -> None:
    p, interval = clustered_proportion([1.0] * 40, [str(index // 4) for index in range(40)])
    effective = 10 * (stats.t.ppf(0.975, 39) / stats.t.ppf(0.975, 9)) ** 2
    assert p == 1.0
    assert interval.high == 1.0
    assert interval.low == pytest.approx(wilson(effective, effective).low)


def test_the_ends_of_a_bounded_mean_solve_its_equation() -> None:
    generator = np.random.default_rng(3)
    scores = np.clip(generator.normal(0.9, 0.2, 60), 0, 1).tolist()
    clusters = [str(index // 3) for index in range(60)]
    mean, interval = bounded_mean(scores, clusters)
    seen = 3600 * clustered_variance(scores, clusters)
    effective = 60 * (60 * mean * (1 - mean) + 1) / (seen + 1)
    reach = stats.t.ppf(0.975, 19) / math.sqrt(effective)
    for end in (interval.low, interval.high):
        assert abs(end - mean) == pytest.approx(reach * math.sqrt(end * (1 - end)))
    assert interval.low < mean < interval.high


def test_in_the_middle_a_bounded_mean_is_the_t_interval() -> None:
    scores = np.random.default_rng(4).uniform(size=800).tolist()
    clusters = [str(index // 2) for index in range(800)]
    bounded, plain = bounded_mean(scores, clusters)[1], clustered_mean(scores, clusters)[1]
    assert (bounded.low, bounded.high) == pytest.approx((plain.low, plain.high), abs=3e-4)


def test_one_small_fault_does_not_promise_that_faults_are_small() -> None:
    scores, clusters = [1.0] * 49 + [0.98], [str(index) for index in range(50)]
    narrow, wide = clustered_mean(scores, clusters)[1], bounded_mean(scores, clusters)[1]
    assert narrow.low > 0.998
    assert wide.low == pytest.approx(wilson(50, 50).low, abs=0.01)


def test_near_the_top_a_bounded_mean_holds_where_the_t_interval_fails() -> None:
    # 12 documents of 4 answers; one answer in ten loses a quarter, half or all of its score
    generator = np.random.default_rng(5)
    clusters, truth = [str(index // 4) for index in range(48)], 1 - 0.1 * 1.75 / 3
    trials, held, plain = 500, 0, 0
    for _ in range(trials):
        faults = generator.choice([0.0, 0.5, 0.75], 48)
        scores = np.where(generator.random(48) < 0.9, 1.0, faults).tolist()
        bounded, symmetric = bounded_mean(scores, clusters)[1], clustered_mean(scores, clusters)[1]
        held += bounded.low <= truth <= bounded.high
        plain += symmetric.low <= truth <= symmetric.high
    assert held / trials >= 0.94
    assert plain / trials < 0.91


def test_the_front_door_chooses_by_scores_and_clusters() -> None:
    singles, pairs = list("abcd"), list("aabb")
    assert mean_interval([1.0, 0.0, 1.0, 1.0], singles)[1] == wilson(3, 4)
    assert mean_interval([1.0, 0.0, 1.0, 1.0], pairs)[1].method == "clustered Wilson"
    assert mean_interval([1.0, 0.5, 1.0, 1.0], pairs)[1].method == "clustered Wilson"
    assert mean_interval([1.0, 0.5, 1.0, 1.0], singles)[1].method == "clustered Wilson"
    assert mean_interval([1.0], ["a"]) == (1.0, wilson(1, 1))


@pytest.mark.parametrize("scores", [[1.0, 0.0, 1.0], [0.3, 0.4, 0.5], [0.3]])
def test_one_cluster_can_say_nothing(scores: list[float]) -> None:
    mean, interval = mean_interval(scores, ["a"] * len(scores))
    assert mean == pytest.approx(np.mean(scores))
    assert interval == Interval(0.0, 1.0, "one cluster: not estimable")


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="no scores"):
        mean_interval([], [])
    with pytest.raises(ValueError, match="2 scores but 1 clusters"):
        mean_interval([1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="0 or 1"):
        clustered_proportion([0.5, 1.0], ["a", "a"])


@pytest.mark.parametrize("p", [0.15, 0.5, 0.8])
def test_clustered_proportions_cover_the_truth(p: float) -> None:
    # 40 documents of 8 questions; beta-binomial with intra-cluster correlation .3
    generator = np.random.default_rng(7)
    spread = (1 - 0.3) / 0.3
    clusters = [str(index // 8) for index in range(320)]
    trials, covered, naive = 800, 0, 0
    for _ in range(trials):
        shares = generator.beta(p * spread, (1 - p) * spread, size=40)
        scores = (generator.random((40, 8)) < shares[:, None]).astype(float).ravel().tolist()
        _, interval = mean_interval(scores, clusters)
        plain = wilson(sum(scores), 320)
        covered += interval.low <= p <= interval.high
        naive += plain.low <= p <= plain.high
    assert 0.92 <= covered / trials <= 0.98
    assert naive / trials < 0.85


def test_clustered_means_cover_the_truth() -> None:
    generator = np.random.default_rng(8)
    sizes = generator.integers(2, 12, size=40)
    clusters = [str(index) for index, size in enumerate(sizes) for _ in range(size)]
    trials, covered = 800, 0
    for _ in range(trials):
        shared = np.repeat(generator.uniform(-0.2, 0.2, size=40), sizes)
        scores = 0.5 + shared + generator.uniform(-0.3, 0.3, size=len(clusters))
        _, interval = clustered_mean(scores.tolist(), clusters)
        covered += interval.low <= 0.5 <= interval.high
    assert 0.92 <= covered / trials <= 0.98
