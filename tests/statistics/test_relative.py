"""The relative score against hand computation and a brute-force paired cluster bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.statistics.relative import Part, relative_score


def _part(seed: int, groups: int, size: int, drop: float) -> Part:
    """Paired, clustered scores: a shared difficulty per cluster and a checkpoint `drop` lower."""
    generator = np.random.default_rng(seed)
    base = np.clip(0.7 + np.repeat(generator.normal(0, 0.15, groups), size), 0, 1)
    first = np.clip(base + generator.normal(0, 0.1, groups * size), 0, 1)
    second = np.clip(base - drop + generator.normal(0, 0.1, groups * size), 0, 1)
    clusters = [str(index // size) for index in range(groups * size)]
    return Part(second.tolist(), first.tolist(), clusters)


def test_the_baseline_against_itself_is_exactly_one() -> None:
    part = _part(0, 7, 3, 0.1)
    same = Part(part.baseline_scores, part.baseline_scores, part.clusters)
    ratio, interval = relative_score([same, same])
    assert (ratio, interval.low, interval.high) == (1.0, 1.0, 1.0)
    alone = Part([0.1, 0.7], [0.1, 0.7], ["a", "a"])
    assert relative_score([alone])[1].low == 1.0


def test_one_part_by_hand() -> None:
    # A = .5, B = 1; z = c/A - b/B: .6, -.4, 1.0-1... = (0.8/.5-1, .2/.5-1, .5/.5-1)
    ratio, interval = relative_score([Part([0.8, 0.2, 0.5], [1.0, 1.0, 1.0], list("abc"))])
    variance = 3 / 2 * (0.6**2 + 0.6**2 + 0.0) / 9
    half = stats.t.ppf(0.975, 2) * math.sqrt(variance)
    assert ratio == pytest.approx(0.5)
    assert interval.low == pytest.approx(0.5 * math.exp(-half))
    assert interval.high == pytest.approx(0.5 * math.exp(half))


def test_it_is_the_delta_formula_with_its_covariance() -> None:
    part = _part(3, 25, 1, 0.05)
    one, other = np.array(part.checkpoint_scores), np.array(part.baseline_scores)
    (var_a, cov), (_, var_b) = np.cov(one, other) / 25
    a, b = one.mean(), other.mean()
    spread = math.sqrt(var_a / a**2 + var_b / b**2 - 2 * cov / (a * b))
    ratio, interval = relative_score([part])
    assert ratio == pytest.approx(a / b)
    assert math.log(interval.high / ratio) == pytest.approx(stats.t.ppf(0.975, 24) * spread)


def test_parts_weigh_by_their_means_not_their_sizes() -> None:
    large = Part([1.0] * 8 + [0.0] * 2, [1.0] * 10, [str(i) for i in range(10)])
    small = Part([0.5, 0.5], [0.5, 0.5], ["a", "b"])
    assert relative_score([large, small])[0] == pytest.approx((0.8 + 0.5) / (1.0 + 0.5))


def test_it_agrees_with_a_paired_cluster_bootstrap() -> None:
    parts = [_part(1, 60, 6, 0.04), _part(2, 300, 1, 0.02)]
    _, interval = relative_score(parts)
    generator = np.random.default_rng(5)
    tops, bottoms = np.zeros(4000), np.zeros(4000)
    for part, groups in zip(parts, (60, 300), strict=True):
        one = np.array(part.checkpoint_scores).reshape(groups, -1).mean(axis=1)
        other = np.array(part.baseline_scores).reshape(groups, -1).mean(axis=1)
        drawn = generator.integers(0, groups, size=(4000, groups))
        tops += one[drawn].mean(axis=1)
        bottoms += other[drawn].mean(axis=1)
    low, high = np.quantile(tops / bottoms, [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_pairing_and_clustering_both_matter() -> None:
    part = _part(4, 40, 8, 0.03)
    width = np.ptp([relative_score([part])[1].low, relative_score([part])[1].high])
    shuffled = np.random.default_rng(0).permutation(part.baseline_scores).tolist()
    unpaired = relative_score([Part(part.checkpoint_scores, shuffled, part.clusters)])[1]
    assert unpaired.high - unpaired.low > 1.3 * width
    # A checkpoint that loses whole documents: far less is known than 320 answers suggest.
    lost = [0.0 if int(c) < 8 else 1.0 for c in part.clusters]
    ones = [1.0] * len(lost)
    clustered = relative_score([Part(lost, ones, part.clusters)])[1]
    single = relative_score([Part(lost, ones, [str(i) for i in range(320)])])[1]
    assert clustered.high - clustered.low > 2 * (single.high - single.low)


def test_the_interval_covers_the_true_ratio() -> None:
    generator = np.random.default_rng(6)
    clusters = [str(index // 4) for index in range(160)]
    covered, trials = 0, 600
    for _ in range(trials):
        hard = np.repeat(generator.uniform(-0.2, 0.2, 40), 4)
        base = 0.6 + hard + generator.uniform(-0.2, 0.2, 160)
        low = 0.54 + hard + generator.uniform(-0.2, 0.2, 160)
        interval = relative_score([Part(low.tolist(), base.tolist(), clusters)])[1]
        covered += interval.low <= 0.9 <= interval.high
    assert 0.92 <= covered / trials <= 0.98


def test_a_checkpoint_that_lost_everything_keeps_an_upper_bound() -> None:
    ratio, interval = relative_score([Part([0.0] * 10, [1.0] * 10, [str(i) for i in range(10)])])
    assert (ratio, interval.low) == (0.0, 0.0)
    assert interval.high == pytest.approx(stats.binomtest(0, 10).proportion_ci(
        method="wilson").high)  # fmt: skip


def test_one_cluster_leaves_only_the_logical_bounds() -> None:
    ratio, interval = relative_score([Part([0.4, 0.6], [0.8, 0.8], ["a", "a"])])
    assert ratio == pytest.approx(0.625)
    assert (interval.low, interval.high) == pytest.approx((0.0, 1 / 0.8))
    assert interval.method == "one cluster: not estimable"


def test_unusable_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="paired"):
        Part([1.0], [1.0, 1.0], ["a", "b"])
    with pytest.raises(ValueError, match="paired"):
        Part([], [], [])
    with pytest.raises(ValueError, match="at least one part"):
        relative_score([])
    with pytest.raises(ValueError, match="baseline scores 0"):
        relative_score([Part([1.0], [0.0], ["a"])])
