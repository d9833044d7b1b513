"""Tests of no difference against enumeration, a brute-force permutation, and statsmodels."""

from __future__ import annotations

import tracemalloc
from itertools import product

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from harness.statistics.significance import mcnemar, sign_flip


def test_few_documents_are_enumerated() -> None:
    differences = [0.3, -0.1, 0.4, 0.4, -0.2, 0.1, 0.5]
    clusters = list("aabbcde")
    totals = [0.2, 0.8, -0.2, 0.1, 0.5]
    flipped = [abs(sum(s * t for s, t in zip(signs, totals, strict=True)))
               for signs in product((1, -1), repeat=5)]  # fmt: skip
    expected = np.mean([far >= 1.4 - 1e-9 for far in flipped])
    assert sign_flip(differences, clusters) == pytest.approx(expected)


def test_documents_all_on_one_side_have_the_least_p_there_is() -> None:
    assert sign_flip([1.0] * 10, [str(index) for index in range(10)]) == pytest.approx(2 / 2**10)
    # Eighty answers in ten documents are no stronger than ten.
    assert sign_flip([1.0] * 80, [str(i // 8) for i in range(80)]) == pytest.approx(2 / 2**10)


def test_many_documents_agree_with_a_brute_force_resampling() -> None:
    generator = np.random.default_rng(1)
    clusters = [str(index // 4) for index in range(240)]
    differences = generator.choice([-1.0, 0.0, 1.0], p=[0.12, 0.7, 0.18], size=240)
    totals = differences.reshape(60, 4).sum(axis=1)
    signs = generator.choice([-1.0, 1.0], size=(40_000, 60))
    expected = np.mean(np.abs(signs @ totals) >= abs(totals.sum()) - 1e-9)
    assert sign_flip(differences.tolist(), clusters) == pytest.approx(expected, abs=0.012)


def test_scipys_permutation_test_says_the_same() -> None:
    generator = np.random.default_rng(3)
    for documents, resamples in ((10, 10_000), (200, 10_000)):  # enumerated, drawn
        totals = generator.normal(0.1, 1, documents)
        expected = stats.permutation_test(
            (totals,), np.sum, permutation_type="samples", n_resamples=resamples, rng=generator
        ).pvalue
        got = sign_flip(totals.tolist(), [str(index) for index in range(documents)])
        assert got == pytest.approx(expected, abs=1e-12 if documents == 10 else 0.02)


def test_signs_of_many_documents_are_not_all_held_at_once() -> None:
    differences = np.random.default_rng(6).normal(0, 1, 50_000).tolist()
    clusters = [str(index) for index in range(50_000)]
    tracemalloc.start()
    try:
        sign_flip(differences, clusters, resamples=400)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150e6  # as floats, 400 × 50,000 take 160 MB


def test_a_resampled_p_is_never_zero() -> None:
    p = sign_flip([1.0] * 60, [str(index) for index in range(60)], resamples=999)
    assert p == pytest.approx(1 / 1000)


def test_single_answers_give_mcnemars_exact_test() -> None:
    # Flipping signs of won and lost pairs one by one is McNemar's binomial.
    differences = [1.0] * 9 + [-1.0] * 3 + [0.0] * 50
    p = sign_flip(differences, [str(index) for index in range(62)])
    assert p == pytest.approx(mcnemar(9, 3).exact)


def test_nothing_differs_or_all_cancels() -> None:
    assert sign_flip([0.0] * 5, list("abcde")) == 1.0
    assert sign_flip([0.1, 0.2, -0.3, 0.0], ["a", "a", "a", "b"]) == 1.0
    assert sign_flip([1.0, 1.0], ["a", "a"]) == 1.0


def test_the_same_seed_gives_the_same_p() -> None:
    differences = np.random.default_rng(4).normal(0.1, 1, 100).tolist()
    clusters = [str(index) for index in range(100)]
    assert sign_flip(differences, clusters) == sign_flip(differences, clusters)
    assert sign_flip(differences, clusters) != sign_flip(differences, clusters, seed=1)


def test_it_alarms_no_more_often_than_its_level_where_nothing_changed() -> None:
    generator = np.random.default_rng(5)
    clusters = [str(index // 8) for index in range(240)]
    trials, alarms = 400, 0
    for _ in range(trials):
        shared = np.repeat(generator.normal(0, 0.3, 30), 8)
        differences = (shared + generator.normal(0, 0.3, 240)).tolist()
        alarms += sign_flip(differences, clusters, resamples=999) <= 0.05
    assert alarms <= stats.binom.ppf(0.999, trials, 0.05)


@pytest.mark.parametrize(("won", "lost"), [(255, 120), (3, 9), (5, 5), (0, 6), (0, 0), (1, 0)])
def test_mcnemar_agrees_with_statsmodels(won: int, lost: int) -> None:
    got = mcnemar(won, lost)
    expected = statsmodels_mcnemar([[10, won], [lost, 10]], exact=True).pvalue
    assert got.exact == pytest.approx(expected)
    # The mid-p takes off half of the probability of what was seen, on both sides.
    seen = stats.binom.pmf(min(won, lost), won + lost, 0.5)
    unclipped = 2 * stats.binom.cdf(min(won, lost), won + lost, 0.5)
    assert got.mid_p == pytest.approx(unclipped - seen)
    assert got.mid_p <= got.exact


def test_mid_p_by_hand() -> None:
    # Binomial(4, 1/2), 0 lost: 2 · 1/16 - 1/16
    assert mcnemar(4, 0).mid_p == pytest.approx(1 / 16)
    assert mcnemar(4, 0).exact == pytest.approx(2 / 16)


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="no counts"):
        mcnemar(-1, 3)
    with pytest.raises(ValueError, match="no scores"):
        sign_flip([], [])
