"""AUROC, operating points and curves against sklearn, scipy, pROC, MLstatkit and simulation."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from harness.records import Interval
from harness.statistics.intervals import clustered_proportion, t_quantile, wilson
from harness.statistics.roc import (
    auroc,
    auroc_difference,
    auroc_interval,
    histograms,
    roc_points,
    tpr_at_fpr,
)
from harness.statistics.threshold import threshold


def _names(prefix: str, n: int, size: int = 1) -> list[str]:
    return [f"{prefix}{index // size}" for index in range(n)]


def _scores(seed: int, members: int, others: int, shift: float) -> tuple[list[float], list[float]]:
    draw = np.random.default_rng(seed)
    return draw.normal(shift, 1, members).tolist(), draw.normal(0, 1, others).tolist()


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _error(value: float, interval: Interval, degrees: float) -> float:
    """The standard error that an interval on the logit was made of."""
    half = (_logit(interval.high) - _logit(interval.low)) / 2
    return half / t_quantile(interval.level, degrees) * value * (1 - value)


def _kernel(members: list[float], others: list[float]) -> np.ndarray:
    """1 for each pair whose member is above, .5 for a tie: the definition, pair by pair."""
    return np.array([[(m > o) + 0.5 * (m == o) for o in others] for m in members], dtype=float)


@pytest.mark.parametrize("digits", [0, 1, 9])
def test_auroc_agrees_with_sklearn_and_with_the_rank_sum(digits: int) -> None:
    members, others = (np.round(side, digits).tolist() for side in _scores(1, 70, 110, 0.5))
    labels = [1] * 70 + [0] * 110
    assert auroc(members, others) == pytest.approx(roc_auc_score(labels, members + others))
    rank_sum = stats.mannwhitneyu(members, others).statistic
    assert auroc(members, others) == pytest.approx(rank_sum / (70 * 110))
    assert auroc(members, others) + auroc(others, members) == pytest.approx(1)


# Poor and good outcomes by WFNS score 1-5 in pROC's aSAH (doi 10.1186/1471-2105-12-77), and its
# own var(roc): tests/testthat/test-var.R of xrobin/pROC.
POOR, GOOD, PROC_VARIANCE = (2, 12, 1, 8, 18), (37, 20, 3, 8, 4), 0.00146991470882363


def test_the_variance_is_that_of_proc() -> None:
    members = [float(grade) for grade, n in enumerate(POOR, 1) for _ in range(n)]
    others = [float(grade) for grade, n in enumerate(GOOD, 1) for _ in range(n)]
    value, interval = auroc_interval(members, others, _names("p", 41), _names("g", 72))
    assert value == pytest.approx(0.8236789, abs=1e-7)
    kernel = _kernel(members, others)
    sides = [kernel.mean(axis=1).var(ddof=1) / 41, kernel.mean(axis=0).var(ddof=1) / 72]
    degrees = sum(sides) ** 2 / (sides[0] ** 2 / 40 + sides[1] ** 2 / 71)
    assert _error(value, interval, degrees) ** 2 == pytest.approx(PROC_VARIANCE, rel=1e-9)


def test_the_difference_of_two_scores_is_that_of_mlstatkit() -> None:
    # Delong_test of MLstatkit 0.1.91 on these 40 members and 60 others: AUROCs .7533 and .7921,
    # var_diff .00239739, confidence interval of the first [.65860, .84807].
    draw = random.Random(7)
    labels = [1] * 40 + [0] * 60
    ours = [round(draw.gauss(0.9 * label, 1), 2) for label in labels]
    theirs = [
        round(0.5 * score + draw.gauss(0.5 * label, 1), 2)
        for score, label in zip(ours, labels, strict=True)
    ]
    clusters = _names("m", 40), _names("o", 60)
    value, interval = auroc_difference(
        (ours[:40], ours[40:]), (theirs[:40], theirs[40:]), *clusters
    )
    assert value == pytest.approx(0.7533333333 - 0.7920833333)
    difference = _kernel(ours[:40], ours[40:]) - _kernel(theirs[:40], theirs[40:])
    sides = [difference.mean(axis=1).var(ddof=1) / 40, difference.mean(axis=0).var(ddof=1) / 60]
    degrees = sum(sides) ** 2 / (sides[0] ** 2 / 39 + sides[1] ** 2 / 59)
    error = (interval.high - interval.low) / 2 / t_quantile(0.95, degrees)
    assert error**2 == pytest.approx(0.002397391230865806)
    alone, around = auroc_interval(ours[:40], ours[40:], *clusters)
    normal = (0.8480681567840055 - 0.6585985098826611) / 2 / stats.norm.ppf(0.975)
    one = _kernel(ours[:40], ours[40:])
    sides = [one.mean(axis=1).var(ddof=1) / 40, one.mean(axis=0).var(ddof=1) / 60]
    degrees = sum(sides) ** 2 / (sides[0] ** 2 / 39 + sides[1] ** 2 / 59)
    assert _error(alone, around, degrees) == pytest.approx(normal)


def test_clusters_of_equal_texts_count_as_one_text_each() -> None:
    members, others = _scores(2, 30, 40, 0.8)
    single = auroc_interval(members, others, _names("m", 30), _names("o", 40))
    tripled = [score for score in members for _ in range(3)]
    got = auroc_interval(tripled, others, _names("m", 90, size=3), _names("o", 40))
    assert got[0] == pytest.approx(single[0])
    assert (got[1].low, got[1].high) == pytest.approx((single[1].low, single[1].high))


def test_documents_with_texts_on_both_sides_add_their_covariance() -> None:
    # Obuchowski's formula, from the pairs: 12 documents of 2 members and 3 others each.
    members, others = _scores(3, 24, 36, 0.7)
    value, interval = auroc_interval(members, others, _names("d", 24, 2), _names("d", 36, 3))
    kernel = _kernel(members, others)
    of_members = (kernel.mean(axis=1) - value).reshape(12, 2).sum(axis=1) / 24
    of_others = (kernel.mean(axis=0) - value).reshape(12, 3).sum(axis=1) / 36
    variance = 12 / 11 * float(((of_members + of_others) ** 2).sum())
    assert _error(value, interval, 11) ** 2 == pytest.approx(variance)


def test_the_interval_agrees_with_a_bootstrap_of_documents_on_both_sides() -> None:
    draw = np.random.default_rng(4)
    tables = [
        draw.normal(size=(60, 1)) * 0.6 + draw.normal(shift, 0.8, (60, 5)) for shift in (0.5, 0)
    ]
    _, interval = auroc_interval(
        tables[0].ravel().tolist(),
        tables[1].ravel().tolist(),
        _names("m", 300, 5),
        _names("o", 300, 5),
    )
    resampled = [
        auroc(*(table[draw.integers(60, size=60)].ravel().tolist() for table in tables))
        for _ in range(2000)
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    # A longer run, 2,000 samples each at AUROC .5 to .995: 5 a side .99, 10 .98, 30 .95-.98,
    # 150 .92-.96, 10 documents of 5 .93-.98, 30 of 5 .92-.96 (the low ones at .995).
    draw = np.random.default_rng(5)
    held, samples, clusters = 0, 400, (_names("m", 100, 4), _names("o", 100, 4))
    for _ in range(samples):
        sides = [
            (np.repeat(draw.normal(size=25), 4) * 0.6 + draw.normal(shift, 0.8, 100)).tolist()
            for shift in (stats.norm.ppf(0.7) * math.sqrt(2), 0)
        ]
        interval = auroc_interval(*sides, *clusters)[1]
        held += interval.low <= 0.7 <= interval.high
    assert 0.92 <= held / samples <= 0.98


def test_scores_that_never_err_leave_room_for_errors_not_seen() -> None:
    value, interval = auroc_interval([3.0] * 12, [1.0] * 40, _names("m", 12), _names("o", 40))
    expected = wilson(12, 12)
    assert (value, interval.low, interval.high) == (1.0, expected.low, expected.high)
    value, interval = auroc_interval([1.0] * 12, [3.0] * 9, _names("m", 12), _names("o", 9))
    assert (value, interval.low, interval.high) == (0.0, 0.0, wilson(0, 9).high)


def test_a_score_that_is_always_the_same_is_no_certain_half() -> None:
    value, interval = auroc_interval([1.0] * 30, [1.0] * 30, _names("m", 30), _names("o", 30))
    assert value == 0.5
    assert interval.low == pytest.approx(wilson(15, 30).low)
    assert interval.high == pytest.approx(wilson(15, 30).high)


def test_two_documents_a_side_leave_nearly_everything_open() -> None:
    members, others = [9.0, 9.0, 9.0, 0.5], [1.0, 0.0, 0.2, 0.3]
    clusters = _names("m", 4, 2), _names("o", 4, 2)
    interval = auroc_interval(members, others, *clusters, level=1 - 1e-6)[1]
    assert (interval.low, interval.high) == pytest.approx((0, 1), abs=1e-6)


def test_one_document_on_a_side_says_nothing() -> None:
    clusters = ["a"] * 5, _names("o", 5)
    scores = [5.0, 4.0, 3.0, 2.0, 1.0], [1.5, 2.5, 0.5, 0.2, 0.1]
    unknown = "one cluster: not estimable"
    assert auroc_interval(*scores, *clusters)[1] == Interval(0.0, 1.0, unknown)
    assert auroc_difference(scores, scores, *clusters)[1] == Interval(-1.0, 1.0, unknown)
    assert tpr_at_fpr(*scores, 0.5, *clusters).interval == Interval(0.0, 1.0, unknown)


def test_equal_scores_differ_by_nothing_but_not_for_certain() -> None:
    scores = _scores(6, 50, 80, 0.5)
    clusters = _names("m", 50), _names("o", 80)
    value, interval = auroc_difference(scores, scores, *clusters)
    # One pair won and one lost beside 50 that are alike: √2/52, t of 49 degrees
    half = t_quantile(0.95, 49) * math.sqrt(2) / 52
    assert value == 0.0
    assert (interval.low, interval.high) == pytest.approx((-half, half))
    perfect = [2.0] * 50, [1.0] * 80
    assert auroc_difference(perfect, perfect, *clusters)[1] == interval
    few = auroc_difference(perfect, perfect, _names("m", 50, 25), _names("o", 80))[1]
    assert (few.low, few.high) == (-1.0, 1.0)


def test_scores_that_share_a_fit_have_a_wider_interval() -> None:
    scores, theirs = _scores(13, 60, 80, 0.5), _scores(14, 60, 80, 0.3)
    clusters = _names("m", 60), _names("o", 80)
    plain, wide = (auroc_interval(*scores, *clusters, times=times)[1] for times in (1, 4))
    assert _logit(wide.high) - _logit(wide.low) == pytest.approx(
        2 * (_logit(plain.high) - _logit(plain.low))
    )
    never_wrong = auroc_interval([2.0] * 40, [1.0] * 40, *(_names(k, 40) for k in "mo"), times=2)[1]
    assert never_wrong.low == wilson(20, 20).low
    assert never_wrong.method == "Wilson, by clusters, 2 × variance"

    # Of independent scores the variances add; the second's counts twice.
    def width(times: float) -> float:
        interval = auroc_difference(scores, theirs, *clusters, times=times)[1]
        return interval.high - interval.low

    kernel = _kernel(*theirs)
    variance = kernel.mean(axis=1).var(ddof=1) / 60 + kernel.mean(axis=0).var(ddof=1) / 80
    difference = _kernel(*scores) - kernel
    plain_variance = (
        difference.mean(axis=1).var(ddof=1) / 60 + difference.mean(axis=0).var(ddof=1) / 80
    )
    assert (width(2) / width(1)) ** 2 == pytest.approx(1 + variance / plain_variance)


def test_scores_of_other_texts_are_refused() -> None:
    clusters = ["a", "b"], ["c", "d"]
    with pytest.raises(ValueError, match="aligned"):
        auroc_difference(([1.0, 2.0], [1.0, 2.0]), ([1.0, 2.0], [1.0]), *clusters)
    with pytest.raises(ValueError, match="its cluster"):
        auroc_interval([1.0, 2.0], [0.0], *clusters)
    with pytest.raises(ValueError, match="both are needed"):
        auroc([], [1.0])
    with pytest.raises(ValueError, match="not a number"):
        auroc([math.nan], [1.0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        tpr_at_fpr([1.0], [0.0], 1.0, ["a"], ["b"])


@pytest.mark.parametrize(("fpr", "alarms"), [(0.05, 9), (0.01, 1)])
def test_the_threshold_is_a_point_of_sklearns_curve(fpr: float, alarms: int) -> None:
    members, others = _scores(7, 150, 200, 1.0)
    found = tpr_at_fpr(members, others, fpr, _names("m", 150), _names("o", 200))
    assert found.fpr == alarms / 200  # ⌊.05 · 201⌋ - 1 and ⌊.01 · 201⌋ - 1
    labels, scores = [1] * 150 + [0] * 200, members + others
    rates, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert found.tpr == pytest.approx(max(hits[np.isclose(rates, found.fpr)]))
    assert max(other for other in others if other <= found.threshold) == found.threshold
    expected = clustered_proportion([1.0] * alarms + [0.0] * (200 - alarms), _names("o", 200))[1]
    assert found.fpr_interval == expected


def test_a_text_above_the_threshold_has_a_small_conformal_p() -> None:
    others = _scores(8, 0, 399, 0)[1]
    for fpr in (0.05, 0.01, 0.0049):
        least = threshold(others, fpr)
        for score in (least, least + 1e-9):
            p = (1 + sum(other >= score for other in others)) / 400
            assert (p <= fpr) == (score > least)


def test_ties_never_raise_the_false_alarms_above_the_target() -> None:
    others = [1.0] * 10 + [0.0] * 90
    found = tpr_at_fpr([1.0] * 50, others, 0.05, _names("m", 50), _names("o", 100))
    assert (found.threshold, found.fpr, found.tpr) == (1.0, 0.0, 0.0)


def test_too_few_others_for_the_rate_are_told() -> None:
    members = [float(score) for score in range(40)]

    def asked(n: int, fpr: float) -> tuple[bool, bool]:
        found = tpr_at_fpr(members, members[:20] * (n // 20), fpr, _names("m", 40), _names("o", n))
        assert found.too_few == (found.interval == Interval(0, 1, "too few others: not estimable"))
        return found.few, found.too_few

    assert asked(80, 0.01) == (True, True)
    assert asked(100, 0.01) == (True, True)  # ⌊.01 · 101⌋ - 1 = 0 of them may lie above
    assert asked(200, 0.01) == (True, False)
    assert asked(1000, 0.01) == (False, False)
    assert asked(180, 0.05) == (True, False)
    assert asked(200, 0.05) == (False, False)


def test_the_interval_has_the_thresholds_own_uncertainty_in_it() -> None:
    # 2,000 members are found at a threshold that hangs on 60 others.
    members, others = _scores(9, 2000, 60, 1.5)
    found = tpr_at_fpr(members, others, 0.05, _names("m", 2000), _names("o", 60))
    known = wilson(round(found.tpr * 2000), 2000)
    assert found.interval.high - found.interval.low > 4 * (known.high - known.low)
    assert found == tpr_at_fpr(members, others, 0.05, _names("m", 2000), _names("o", 60))


def test_the_interval_of_the_rate_holds_the_truth() -> None:
    # A longer run, AUROC .5 to .95 and 1 % and 5 %: 1,000 a side .93-.97, 200 a side .89-.96,
    # 40 documents of 5 .91-.95, 200 of 5 .93-.96.
    draw = np.random.default_rng(10)
    shift, clusters = 1.0, (_names("m", 200), _names("o", 200))
    truth = stats.norm.sf(stats.norm.isf(0.05) - shift)
    held, samples = 0, 200
    for _ in range(samples):
        members, others = draw.normal(shift, 1, 200).tolist(), draw.normal(0, 1, 200).tolist()
        interval = tpr_at_fpr(members, others, 0.05, *clusters).interval
        held += interval.low <= truth <= interval.high
    assert 0.91 <= held / samples <= 0.99


def test_members_that_are_never_found_may_still_be_there() -> None:
    members, others = [0.0] * 30, [1.0] * 100
    found = tpr_at_fpr(members, others, 0.05, _names("m", 30), _names("o", 100))
    assert (found.tpr, found.interval.low) == (0.0, 0.0)
    assert found.interval.high == pytest.approx(wilson(0, 30).high)


@pytest.mark.parametrize("digits", [0, 9])
def test_the_thinned_curve_lies_on_sklearns(digits: int) -> None:
    members, others = (np.round(side, digits).tolist() for side in _scores(11, 300, 200, 0.6))
    labels = [1] * 300 + [0] * 200
    rates, hits, _ = roc_curve(labels, members + others, drop_intermediate=False)
    curve = set(zip(rates.round(9).tolist(), hits.round(9).tolist(), strict=True))
    points = roc_points(members, others)
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (1.0, 1.0)
    assert len(points) <= 60
    assert points == sorted(points)
    assert {(round(x, 9), round(y, 9)) for x, y in points} <= curve
    x, y = zip(*points, strict=True)
    assert np.trapezoid(y, x) == pytest.approx(auroc(members, others), abs=0.01)


def test_a_short_curve_is_kept_whole() -> None:
    assert roc_points([2.0, 1.0], [1.0, 0.0]) == [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]
    with pytest.raises(ValueError, match="two ends"):
        roc_points([1.0], [0.0], most=1)


def test_histograms_share_their_edges_and_lose_no_text() -> None:
    members, others = _scores(12, 400, 600, 1.0)
    outlier = -1e6
    found = histograms(members, [*others, outlier], bins=20)
    assert len(found.edges) == 21
    assert sum(found.members) == pytest.approx(1)
    assert sum(found.others) == pytest.approx(1)
    assert found.edges[0] > -5  # one outlier does not squeeze all others into one bin
    middle = slice(1, -1)
    inner = np.histogram(members, found.edges)[0] / 400
    assert found.members[middle] == pytest.approx(inner.tolist()[middle])


def test_equal_scores_have_a_histogram() -> None:
    found = histograms([2.0, 2.0], [2.0], bins=4)
    assert (found.edges[0], found.edges[-1]) == (1.5, 2.5)
    assert sum(found.members) == sum(found.others) == 1.0
