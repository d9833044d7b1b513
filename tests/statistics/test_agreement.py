"""Kappa against published tables, a printout of SAS, scikit-learn and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from harness.statistics.agreement import cohens_kappa
from harness.statistics.intervals import wilson


def _pairs(table: list[list[int]], times: int = 1) -> list[tuple[str, str]]:
    return [
        (str(row), str(column))
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count * times)
    ]


def test_kappa_is_cohens_published_one() -> None:
    # Cohen 1968: shares .44 .07 .09 / .05 .20 .05 / .01 .03 .06 of 200 give kappa .492
    got = cohens_kappa(_pairs([[88, 14, 18], [10, 40, 10], [2, 6, 12]]))
    assert got.kappa == pytest.approx(0.492, abs=0.0005)
    assert (got.n, got.share) == (200, 0.7)
    assert got.interval == wilson(140, 200)


def test_many_answers_give_the_standard_error_that_sas_prints() -> None:
    # Printout in the tests of statsmodels: 19 answers, kappa .4842, ASE .1380
    got = cohens_kappa(_pairs([[0, 4, 1], [0, 8, 0], [0, 1, 5]], times=2000))
    assert got.kappa == pytest.approx(0.4842, abs=5e-5)
    assert got.kappa_interval is not None
    half = (got.kappa_interval.high - got.kappa_interval.low) / 2
    assert half == pytest.approx(1.959964 * 0.1380 / 2000**0.5, rel=2e-3)


def test_two_added_answers_by_hand() -> None:
    # 12 answers alike, 10 of one kind: with halves 10.5 .5 / .5 2.5 of 14, agreement 13/14,
    # chance (11² + 3²)/14² = 130/196, kappa 52/66; the variance by Fleiss, Cohen and Everitt.
    got = cohens_kappa([("right", "right")] * 10 + [("wrong", "wrong")] * 2)
    kappa, chance = 52 / 66, 130 / 196
    a = (10.5 * (1 - 22 / 14 * (1 - kappa)) ** 2 + 2.5 * (1 - 6 / 14 * (1 - kappa)) ** 2) / 14
    b = (1 - kappa) ** 2 * 2 * 0.5 / 14  # both cells have marginal shares 11/14 + 3/14
    error = ((a + b - (kappa - chance * (1 - kappa)) ** 2) / 14) ** 0.5 / (1 - chance)
    assert got.kappa == 1.0
    assert got.kappa_interval is not None
    assert got.kappa_interval.low == pytest.approx(kappa - 1.959964 * error)
    assert got.kappa_interval.high == 1.0


def test_kappa_is_that_of_scikit_learn_and_lies_in_its_interval() -> None:
    generator = np.random.default_rng(4)
    for n, categories in ((5, 2), (40, 2), (40, 3), (200, 4)):
        one = generator.integers(0, categories, n)
        other = np.where(generator.random(n) < 0.6, one, generator.integers(0, categories, n))
        got = cohens_kappa([(str(a), str(b)) for a, b in zip(one, other, strict=True)])
        assert got.kappa == pytest.approx(cohen_kappa_score(one, other))
        assert got.kappa is not None
        assert got.kappa_interval is not None
        assert -1 <= got.kappa_interval.low <= got.kappa <= got.kappa_interval.high <= 1


def test_utter_disagreement_stays_within_bounds() -> None:
    got = cohens_kappa([("right", "wrong"), ("wrong", "right")])
    assert got.kappa == -1.0
    assert got.kappa_interval is not None
    assert got.kappa_interval.low == -1.0


def test_one_verdict_throughout_leaves_kappa_undefined_with_the_reason() -> None:
    got = cohens_kappa([("right", "right")] * 30)
    assert (got.kappa, got.kappa_interval, got.share) == (None, None, 1.0)
    assert "every answer the verdict 'right'" in got.reason
    # One person with a single verdict is enough for chance to be known: kappa is 0.
    mixed = cohens_kappa([("right", "right")] * 20 + [("right", "wrong")] * 10)
    assert (mixed.kappa, mixed.reason) == (0.0, "")


def test_no_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="no answers with two verdicts"):
        cohens_kappa([])


@pytest.mark.parametrize(("right", "kappa"), [(0.5, 0.9), (0.95, 0.9)])
def test_the_interval_holds_the_true_kappa_in_few_answers(right: float, kappa: float) -> None:
    chance = right**2 + (1 - right) ** 2
    apart = (1 - chance - kappa * (1 - chance)) / 2
    cells = [right - apart, apart, apart, 1 - right - apart]
    draws = np.random.default_rng(5).multinomial(50, cells, 400)
    tables, times = np.unique(draws, axis=0, return_counts=True)
    held = defined = 0
    for (a, b, c, d), count in zip(tables.tolist(), times.tolist(), strict=True):
        got = cohens_kappa(_pairs([[a, b], [c, d]]))
        if got.kappa_interval is not None:
            defined += count
            held += count * (got.kappa_interval.low <= kappa <= got.kappa_interval.high)
    assert held / defined >= 0.93
