"""Paired differences against statsmodels, Bonett and Price's formula, scipy and cases by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from harness.records import Interval
from harness.statistics.paired import (
    Flips,
    adjusted_mean,
    difference_in_differences,
    flips,
    paired_difference,
)


def _binary(won: int, lost: int, tied: int) -> tuple[list[float], list[float], list[str]]:
    ours = [1.0] * won + [0.0] * lost + [1.0] * tied
    theirs = [0.0] * won + [1.0] * lost + [1.0] * tied
    return ours, theirs, [str(index) for index in range(len(ours))]


def _bonett_price(won: int, lost: int, n: int, z: float) -> tuple[float, float]:
    """Bonett and Price (2012): one pair is added to each of the four cells' two discordant ones."""
    centre = (won - lost) / (n + 2)
    half = z * math.sqrt(won + lost + 2 - (won - lost) ** 2 / (n + 2)) / (n + 2)
    return centre - half, centre + half


@pytest.mark.parametrize(
    ("won", "lost", "tied"), [(8, 3, 39), (0, 0, 50), (5, 0, 45), (60, 90, 850), (20, 0, 0)]
)
def test_single_answers_give_bonett_and_price_with_t_for_z(won: int, lost: int, tied: int) -> None:
    ours, theirs, clusters = _binary(won, lost, tied)
    n = len(ours)
    value, interval = paired_difference(ours, theirs, clusters)
    z = stats.t.ppf(0.975, n - 1) * math.sqrt(n / (n - 1))
    low, high = _bonett_price(won, lost, n, z)
    assert value == pytest.approx((won - lost) / n)
    assert (interval.low, interval.high) == pytest.approx((max(-1, low), min(1, high)))
    assert interval.low <= value <= interval.high


def test_many_answers_give_bonett_and_price() -> None:
    _, interval = paired_difference(*_binary(60, 90, 5000), level=0.9)
    low, high = _bonett_price(60, 90, 5150, NormalDist().inv_cdf(0.95))
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-3)
    assert (interval.method, interval.level) == ("paired, clustered t", 0.9)


def test_without_pseudo_clusters_it_is_the_cluster_robust_error_of_statsmodels() -> None:
    generator = np.random.default_rng(2)
    codes = np.repeat(np.arange(30), generator.integers(1, 12, 30))
    differences = generator.normal(0.02, 0.2, len(codes)) + generator.normal(0, 0.1, 30)[codes]
    fitted = sm.OLS(differences, np.ones(len(codes))).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    mean, variance = adjusted_mean(differences.tolist(), [str(code) for code in codes], 0)
    assert mean == pytest.approx(fitted.params[0])
    assert variance == pytest.approx(30 / 29 * fitted.bse[0] ** 2)


def test_pseudo_clusters_are_clusters_of_data() -> None:
    # A weight of 2 is two pairs of +1 in one document and two of -1 in another.
    differences, clusters = [0.5, 0.0, -1.0, 0.0, 1.0], list("aabbc")
    mean, variance = adjusted_mean(differences, clusters, 2)
    augmented = np.array([*differences, 1, 1, -1, -1])
    codes = [0, 0, 1, 1, 2, 3, 3, 4, 4]
    fitted = sm.OLS(augmented, np.ones(9)).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    assert mean == pytest.approx(fitted.params[0])
    assert variance == pytest.approx(3 / 2 * fitted.bse[0] ** 2)


def test_equal_answers_prove_little_when_there_are_few() -> None:
    widths = []
    for n in (10, 100, 1000):
        value, interval = paired_difference(*_binary(0, 0, n))
        assert value == 0.0
        assert interval.low == pytest.approx(-interval.high)
        widths.append(interval.high)
    # t_9(.975) · sqrt(10/9 · 2) / 12
    assert widths[0] == pytest.approx(2.262157 * math.sqrt(20 / 9) / 12)
    assert widths[1] < 0.03 < widths[0]
    assert widths[2] < 0.003


def test_equal_answers_in_documents_count_as_their_documents() -> None:
    ones = [1.0] * 800
    clustered = paired_difference(ones, ones, [str(index // 8) for index in range(800)])[1]
    documents = paired_difference(ones[:100], ones[:100], [str(index) for index in range(100)])[1]
    assert (clustered.low, clustered.high) == pytest.approx((documents.low, documents.high))


def test_flips_that_come_by_documents_widen_the_interval() -> None:
    theirs = [1.0, 0.0] * 200
    lost = set(range(0, 80, 2))  # the first ten documents lose all they had
    ours = [0.0 if index in lost else score for index, score in enumerate(theirs)]
    alone = paired_difference(ours, theirs, [str(index) for index in range(400)])[1]
    together = paired_difference(ours, theirs, [str(index // 8) for index in range(400)])[1]
    assert together.high - together.low > 1.9 * (alone.high - alone.low)


def test_two_sides_swapped_are_the_interval_mirrored() -> None:
    ours, theirs, clusters = [0.4, 1.0, 0.2, 0.9], [0.6, 0.5, 0.2, 0.1], list("abcd")
    value, interval = paired_difference(ours, theirs, clusters)
    back, mirrored = paired_difference(theirs, ours, clusters)
    assert (back, mirrored.low, mirrored.high) == pytest.approx(
        (-value, -interval.high, -interval.low), abs=1e-12
    )


def test_one_cluster_can_say_nothing() -> None:
    assert paired_difference([1.0, 0.0], [0.0, 0.0], ["a", "a"]) == (
        0.5,
        Interval(-1.0, 1.0, "one cluster: not estimable"),
    )
    several = ([1.0, 1.0], [0.0, 1.0], ["b", "c"])
    assert difference_in_differences(several, ([1.0], [1.0], ["a"])) == (
        0.5,
        Interval(-2.0, 2.0, "one cluster: not estimable"),
    )


def test_the_difference_in_differences_is_welchs() -> None:
    # Scipy's Welch interval on the data with the pseudo-observations written out; its variances
    # have N/(N - 1) for G/(G - 1) and N - 1 degrees of freedom for G - 1, alike for many pairs.
    treated, control = _binary(700, 100, 1200), _binary(60, 50, 390)
    control = (control[0], control[1], ["x" + cluster for cluster in control[2]])
    value, interval = difference_in_differences(treated, control)
    sides = [
        np.concatenate([np.subtract(ours, theirs), [1, -1]])
        for ours, theirs, _ in (treated, control)
    ]
    expected = stats.ttest_ind(*sides, equal_var=False).confidence_interval(0.95)
    assert value == pytest.approx(600 / 2000 - 10 / 500)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=2e-3)
    assert interval.method == "difference in differences, clustered t"


def test_weights_are_those_of_statsmodels_and_only_their_ratios_count() -> None:
    generator = np.random.default_rng(4)
    codes = np.repeat(np.arange(30), 5)
    differences = generator.choice([-1.0, 0.0, 1.0], 150, p=[0.1, 0.5, 0.4])
    weights = generator.choice([0.5, 2.0], 150)
    fitted = sm.WLS(differences, np.ones(150), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    clusters = [str(code) for code in codes]
    mean, variance = adjusted_mean(differences.tolist(), clusters, 0, weights.tolist())
    assert mean == pytest.approx(fitted.params[0])
    assert variance == pytest.approx(30 / 29 * fitted.bse[0] ** 2)
    ours, theirs = (differences > 0).astype(float), (differences < 0).astype(float)
    treated = ours.tolist(), theirs.tolist(), clusters
    control = _counts(n=50, before=5, won=2, lost=0)
    value, interval = difference_in_differences(treated, control, weights=weights.tolist())
    assert value == pytest.approx(fitted.params[0] - 0.04)
    again = difference_in_differences(treated, control, weights=(7 * weights).tolist())
    assert (again[0], again[1].low, again[1].high) == pytest.approx(
        (value, interval.low, interval.high)
    )


def test_unlike_weights_prove_less_of_equal_answers() -> None:
    # Nine in ten have hardly a weight: ten equal answers of a hundred are what counts.
    ones, clusters = [1.0] * 100, [str(n) for n in range(100)]
    mean, variance = adjusted_mean([0.0] * 100, clusters, 1, [1.0] * 10 + [1e-9] * 90)
    _, of_ten = adjusted_mean([0.0] * 10, clusters[:10], 1)
    assert mean == 0
    assert variance == pytest.approx(of_ten * (100 / 99) / (10 / 9), rel=1e-6)
    assert paired_difference(ones, ones, clusters)[1].high < 0.03


def test_the_published_case_of_nothing_learned() -> None:
    # The public run hugoabonizio/knowledge-injection-methods, instruction x1: injected years from
    # .058 to .122 (n 468), control years from .179 to .232 (n 1,800), +1.1 ± 3.5 points between
    # them. Flips are known for all years together (255 won, 120 lost); these agree with that.
    treated = _counts(n=468, before=27, won=45, lost=15)
    control = _counts(n=1800, before=322, won=198, lost=102, prefix="c")
    value, interval = difference_in_differences(treated, control)
    assert value == pytest.approx(0.011, abs=0.002)
    assert interval.low < 0 < interval.high
    assert interval.high - interval.low == pytest.approx(0.07, abs=0.01)


def _counts(
    n: int, before: int, won: int, lost: int, prefix: str = "t"
) -> tuple[list[float], list[float], list[str]]:
    theirs = [1.0] * before + [0.0] * (n - before)
    ours = [0.0] * lost + [1.0] * (before - lost + won) + [0.0] * (n - before - won)
    return ours, theirs, [f"{prefix}{index}" for index in range(n)]


def test_flips_are_counted_by_side() -> None:
    assert flips([1.0, 0.0, 0.7, 0.5], [0.0, 1.0, 0.6, 0.5]) == Flips(won=2, lost=1, tied=1)
    assert flips([], []) == Flips(0, 0, 0)


def test_the_interval_covers_a_small_clustered_difference() -> None:
    generator = np.random.default_rng(3)
    clusters = [str(index // 8) for index in range(240)]
    trials, covered = 600, 0
    for _ in range(trials):
        rates = np.repeat(generator.beta(0.05 * 7 / 3, 0.95 * 7 / 3, 30), 8)
        right = np.repeat(generator.beta(0.8 * 7 / 3, 0.2 * 7 / 3, 30), 8)
        theirs = (generator.random(240) < right).astype(float)
        ours = np.where(generator.random(240) < rates, 0.0, theirs)
        interval = paired_difference(ours.tolist(), theirs.tolist(), clusters)[1]
        covered += interval.low <= -0.04 <= interval.high
    assert covered / trials >= 0.93


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="must be paired"):
        paired_difference([1.0], [1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="no scores"):
        paired_difference([], [], [])
    with pytest.raises(ValueError, match="1 scores but 2 clusters"):
        paired_difference([1.0], [1.0], ["a", "b"])
    with pytest.raises(ValueError, match="both treated and control"):
        difference_in_differences(_binary(1, 1, 1), _binary(1, 1, 1))
