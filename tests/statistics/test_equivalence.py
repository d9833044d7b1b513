"""Equivalence of a mean against statsmodels, and what must never be called equivalent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

from harness.statistics.equivalence import tost_mean
from harness.statistics.intervals import clustered_mean


def _singles(n: int) -> list[str]:
    return [str(index) for index in range(n)]


@pytest.mark.parametrize("mean", [0.5, 0.52, 0.47, 0.56, 0.3])
@pytest.mark.parametrize("n", [30, 250])
def test_single_scores_agree_with_statsmodels(mean: float, n: int) -> None:
    scores = np.clip(np.random.default_rng(n).normal(mean, 0.15, n), 0, 1)
    got = tost_mean(scores.tolist(), _singles(n))
    sample = DescrStatsW(scores)
    expected = sample.ttost_mean(0.45, 0.55)[0]
    assert got.p == pytest.approx(expected)
    assert got.p == pytest.approx(ttost_paired(scores, np.full(n, 0.5), -0.05, 0.05)[0])
    assert got.equivalent == (expected < 0.05)
    assert (got.low, got.high) == pytest.approx(sample.tconfint_mean(0.1))
    assert (got.n, got.clusters) == (n, n)


def test_documents_of_one_size_are_tested_by_their_means() -> None:
    table = np.random.default_rng(1).uniform(size=(200, 6))
    clusters = [str(row) for row in range(200) for _ in range(6)]
    got = tost_mean(table.ravel().tolist(), clusters)
    assert got.p == pytest.approx(DescrStatsW(table.mean(axis=1)).ttost_mean(0.45, 0.55)[0])
    interval = clustered_mean(table.ravel().tolist(), clusters, level=0.9)[1]
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high))
    assert (got.n, got.clusters) == (1200, 200)


def test_the_claim_and_the_interval_say_the_same() -> None:
    draw = np.random.default_rng(2)
    said = set()
    for _ in range(300):
        scores = np.clip(draw.normal(draw.uniform(0.4, 0.6), 0.2, 120), 0, 1).tolist()
        got = tost_mean(scores, _singles(120), centre=0.5, margin=0.06, alpha=0.1)
        assert got.equivalent == (got.low > 0.44 and got.high < 0.56)
        said.add(got.equivalent)
    assert said == {True, False}


def test_a_mean_on_the_margin_is_claimed_no_oftener_than_alpha() -> None:
    draw = np.random.default_rng(3)
    # Documents share a part of their rank: 60 of 4, true mean .55 = centre + margin.
    claims, samples = 0, 2000
    clusters = [str(index // 4) for index in range(240)]
    for _ in range(samples):
        ranks = np.repeat(draw.uniform(-0.1, 0.1, 60), 4) + draw.uniform(0.2, 0.9, 240)
        claims += tost_mean(ranks.tolist(), clusters).equivalent
    assert claims <= stats.binom.ppf(0.999, samples, 0.05)
    assert claims > 0


def test_uniform_ranks_of_enough_documents_are_claimed() -> None:
    ranks = np.random.default_rng(4).uniform(size=1200).tolist()
    assert tost_mean(ranks, [str(index // 4) for index in range(1200)]).equivalent


def test_one_document_proves_nothing() -> None:
    got = tost_mean([0.5] * 100, ["a"] * 100)
    assert (got.equivalent, got.p, got.low, got.high) == (False, 1.0, 0.0, 1.0)


@pytest.mark.parametrize(("n", "equivalent"), [(2, False), (5, False), (22, False), (23, True)])
def test_equal_scores_prove_nothing_by_being_few_and_equal(n: int, equivalent: bool) -> None:
    got = tost_mean([0.5] * n, _singles(n))
    assert got.equivalent is equivalent
    assert got.low < 0.5 < got.high


def test_a_mean_outside_the_margin_is_never_near() -> None:
    got = tost_mean([0.7] * 500, _singles(500))
    assert (got.equivalent, round(got.p, 6)) == (False, 1.0)


def test_what_is_no_test_is_refused() -> None:
    with pytest.raises(ValueError, match="no scores"):
        tost_mean([], [])
    with pytest.raises(ValueError, match="clusters"):
        tost_mean([0.5], [])
    with pytest.raises(ValueError, match="margin"):
        tost_mean([0.5, 0.6], ["a", "b"], margin=0)
    with pytest.raises(ValueError, match="alpha"):
        tost_mean([0.5, 0.6], ["a", "b"], alpha=0.5)
