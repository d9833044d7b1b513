"""Bootstraps of differences and ratios against scipy's, and the intervals they stand beside."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.records import Interval
from harness.statistics.bootstrap import bootstrap_interval, paired_bootstrap
from harness.statistics.paired import paired_difference
from harness.statistics.relative import Part, relative_score, relative_score_bootstrap


def _scores(seed: int, n: int) -> tuple[list[float], list[float]]:
    generator = np.random.default_rng(seed)
    theirs = generator.uniform(0.4, 1.0, n)
    return np.clip(theirs + generator.normal(-0.05, 0.15, n), 0, 1).tolist(), theirs.tolist()


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def test_single_answers_agree_with_scipys_bootstrap() -> None:
    ours, theirs = _scores(0, 80)
    got = paired_bootstrap(ours, theirs, [str(index) for index in range(80)], resamples=20_000)
    expected = stats.bootstrap(
        (np.subtract(ours, theirs),), np.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    width = expected.high - expected.low
    assert _ends(got) == pytest.approx((expected.low, expected.high), abs=0.03 * width)
    assert got.method == "cluster bootstrap, 20000 resamples"


def test_documents_of_one_size_agree_with_scipys_bootstrap_over_documents() -> None:
    ours, theirs = _scores(1, 240)
    clusters = [str(index // 6) for index in range(240)]
    got = paired_bootstrap(ours, theirs, clusters, resamples=20_000, level=0.9)
    means = np.subtract(ours, theirs).reshape(40, 6).mean(axis=1)
    expected = stats.bootstrap(
        (means,), np.mean, n_resamples=20_000, method="percentile", confidence_level=0.9, rng=1
    ).confidence_interval
    width = expected.high - expected.low
    assert _ends(got) == pytest.approx((expected.low, expected.high), abs=0.03 * width)


def test_with_many_flips_it_agrees_with_the_t_interval() -> None:
    ours, theirs = _scores(2, 2400)
    clusters = [str(index // 4) for index in range(2400)]
    interval = paired_difference(ours, theirs, clusters)[1]
    got = paired_bootstrap(ours, theirs, clusters)
    assert _ends(got) == pytest.approx(_ends(interval), abs=0.08 * (interval.high - interval.low))


def test_where_nothing_differs_it_claims_too_much_and_the_t_interval_does_not() -> None:
    ones, clusters = [1.0] * 10, [str(index) for index in range(10)]
    assert _ends(paired_bootstrap(ones, ones, clusters)) == (0.0, 0.0)
    assert paired_difference(ones, ones, clusters)[1].low < -0.2


def test_one_cluster_leaves_only_the_logical_bounds() -> None:
    got = paired_bootstrap([1.0, 0.0], [0.0, 0.0], ["a", "a"])
    assert got == Interval(-1.0, 1.0, "one cluster: not estimable")
    part = Part([0.4, 0.6], [0.8, 0.8], ["a", "a"])
    assert relative_score_bootstrap([part]) == relative_score([part])[1]


def test_the_ratio_of_one_part_agrees_with_scipys_paired_bootstrap() -> None:
    ours, theirs = _scores(3, 120)
    part = Part(ours, theirs, [str(index) for index in range(120)])
    expected = stats.bootstrap(
        (ours, theirs),
        lambda a, b, axis: np.mean(a, axis=axis) / np.mean(b, axis=axis),
        paired=True,
        n_resamples=20_000,
        method="percentile",
        rng=1,
    ).confidence_interval
    got = relative_score_bootstrap([part], resamples=20_000)
    width = expected.high - expected.low
    assert _ends(got) == pytest.approx((expected.low, expected.high), abs=0.03 * width)


def test_parts_are_drawn_apart_and_agree_with_the_delta_method() -> None:
    first, second = _scores(4, 600), _scores(5, 900)
    parts = [
        Part(*first, [str(index // 6) for index in range(600)]),
        Part(*second, [str(index) for index in range(900)]),
    ]
    interval = relative_score(parts)[1]
    got = relative_score_bootstrap(parts)
    assert _ends(got) == pytest.approx(_ends(interval), abs=0.08 * (interval.high - interval.low))
    assert got == relative_score_bootstrap(parts)
    assert got != relative_score_bootstrap(parts, seed=1)


def test_resamples_in_which_the_baseline_scores_nothing_are_left_out() -> None:
    # (2/3)³ of the resamples miss the only right answer: 0/0.
    part = Part([0.5, 0.0, 0.0], [1.0, 0.0, 0.0], list("abc"))
    got = relative_score_bootstrap([part])
    assert _ends(got) == (0.5, 0.5)


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="must be paired"):
        paired_bootstrap([1.0], [1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="0 rows"):
        paired_bootstrap([], [], [])
    with pytest.raises(ValueError, match="at least one part"):
        relative_score_bootstrap([])
    with pytest.raises(ValueError, match="baseline scores 0"):
        relative_score_bootstrap([Part([1.0], [0.0], ["a"])])
    with pytest.raises(ValueError, match="undefined in every resample"):
        bootstrap_interval(np.ones((2, 1)), ["a", "b"], lambda sums: np.full(len(sums), np.nan))
