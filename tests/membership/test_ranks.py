"""The rank test's arithmetic: exact by enumeration, uniform where nothing is known."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from harness.membership.ranks import (
    VALUES,
    Candidate,
    Rank,
    document_p,
    exchangeable,
    histogram,
    known_p,
    means,
    negative,
    rank,
)

PRICE = ("price", "", "")


def price(value: str, document: str, tokens: int = 3) -> Candidate:
    return Candidate(value, document, PRICE, tokens)


def test_a_rank_by_hand() -> None:
    found = rank(-2.0, [-1.0, -2.0, -2.0, *[-3.0] * 16])
    # One likelier and two ties of 19: third to fifth; ties count wholly against it in the place.
    assert (found.place, found.others) == (4, 19)
    assert found.likelier == pytest.approx((1 + 1 + 0.5) / 20)
    assert found.p == 4 / 20


def test_the_likeliest_of_twenty_just_reaches_five_per_cent() -> None:
    best, worst = rank(0.0, [-1.0] * VALUES), rank(-2.0, [-1.0] * VALUES)
    assert (best.p, worst.p) == (0.05, 1.0)
    assert (best.likelier, worst.likelier) == (0.025, 0.975)
    with pytest.raises(ValueError, match="alone"):
        rank(0.0, [])


def test_places_of_values_that_all_differ_are_uniform_whatever_they_are() -> None:
    """Each of 1 … k + 1 once, if each value in turn is the true one: what makes p exact."""
    values = [0.3, -1.0, 2.5, 0.0, -7.0]
    turns = [rank(v, values[:i] + values[i + 1 :]) for i, v in enumerate(values)]
    assert sorted(r.place for r in turns) == [1, 2, 3, 4, 5]
    assert sum(r.likelier for r in turns) / 5 == pytest.approx(0.5)


@pytest.mark.parametrize("others", [(4, 4, 4), (1, 3, 5), (9,), (2, 2, 2, 2)])
def test_a_documents_p_is_that_of_counting_all_places(others: tuple[int, ...]) -> None:
    every = list(itertools.product(*(range(1, k + 2) for k in others)))
    for places in [every[0], every[len(every) // 3], every[len(every) // 2], every[-1]]:
        ranks = [Rank(place, 0.0, k) for place, k in zip(places, others, strict=True)]
        as_low = sum(sum(other) <= sum(places) for other in every)
        assert document_p(ranks) == pytest.approx(float(Fraction(as_low, len(every))), abs=1e-12)


def test_a_document_with_one_fact_has_the_facts_own_p_and_without_any_none() -> None:
    assert document_p([Rank(3, 0.1, 19)]) == pytest.approx(3 / 20)
    with pytest.raises(ValueError, match="without facts"):
        document_p([])


def test_values_come_from_other_documents_of_the_group_and_of_the_same_length() -> None:
    fact = price("7,700円", "d0")
    candidates = [
        fact,
        price("8,800円", "d1"),
        price("9,900円", "d0"),  # the fact's own document
        price("18,800円", "d2", tokens=4),
        Candidate("6,600円", "d3", ("price", "", "shoes"), 3),
        Candidate("5,500円", "d4", ("width", "", ""), 3),
        Candidate("4,400円", "d5", ("price", "trained", ""), 3),
        price("7,700円", "d6"),  # the same value on another document stays
    ]
    assert sorted(exchangeable(fact, candidates, 19, "seed")) == ["7,700円", "8,800円"]


def test_what_is_drawn_depends_on_the_fact_and_not_on_the_order_of_the_file() -> None:
    fact = price("0円", "own")
    candidates = [price(f"{i}円", f"d{i}") for i in range(100)]
    drawn = exchangeable(fact, candidates, 19, "a/price")
    assert drawn == exchangeable(fact, candidates[::-1], 19, "a/price")
    assert len(drawn) == 19
    assert drawn != exchangeable(fact, candidates, 19, "b/price")


def drawn_with_frequencies(seed: int, facts: int) -> tuple[list[Candidate], dict[str, float]]:
    """Facts whose values are very unequally frequent, and a model that knows only that."""
    generator = random.Random(seed)
    kinds = [f"{i}円" for i in range(60)]
    weights = [1 / (i + 1) for i in range(60)]
    values = generator.choices(kinds, weights, k=facts)
    return [price(value, f"d{i}") for i, value in enumerate(values)], dict(
        zip(kinds, weights, strict=True)
    )


def test_a_model_that_only_knows_what_is_frequent_knows_no_fact() -> None:
    candidates, model = drawn_with_frequencies(1, 500)
    with_repeats, different_only = [], []
    for number, fact in enumerate(candidates):
        every = exchangeable(fact, candidates, len(candidates), str(number))
        own = model[fact.value]
        with_repeats.append(rank(own, [model[v] for v in every[:VALUES]]).likelier)
        kinds = [kind for kind in dict.fromkeys(every) if kind != fact.value][:VALUES]
        different_only.append(rank(own, [model[v] for v in kinds]).likelier)
    # Standard error .29 / sqrt(500) = .013; of different values only, the mean is far below.
    assert np.mean(with_repeats) == pytest.approx(0.5, abs=0.04)
    assert np.mean(different_only) < 0.35


def test_places_and_controls_are_uniform_where_likelihoods_say_nothing() -> None:
    generator = np.random.default_rng(5)
    logprobs = generator.normal(size=(4000, VALUES + 1))
    found = [rank(row[0], row[1:].tolist()) for row in logprobs]
    places = Counter(r.place for r in found)
    assert stats.chisquare([places[p] for p in range(1, 21)]).pvalue > 0.01
    assert np.mean([r.p <= 0.05 for r in found]) == pytest.approx(0.05, abs=0.012)
    controls = Counter(negative(row[1:].tolist()) for row in logprobs)
    assert len(controls) == VALUES
    assert stats.chisquare(list(controls.values())).pvalue > 0.01


def test_the_control_never_looks_at_the_true_value() -> None:
    assert negative([-1.0, -2.0, -0.5]) == pytest.approx((1 + 0.5) / 3)


def test_likelihoods_are_averaged_over_prompts_value_by_value() -> None:
    assert means([(-1.0, -2.0), (-3.0, -6.0)]) == [-2.0, -4.0]
    with pytest.raises(ValueError, match=r"shorter|longer"):
        means([(-1.0, -2.0), (-3.0,)])


def test_a_histogram_has_each_share_once() -> None:
    # The middles of twenty ranks fall into twenty bins, one each.
    middles = [(place + 0.5) / 20 for place in range(20)]
    assert histogram(middles, 20) == [0.05] * 20
    assert histogram([1.0, 0.0], 4) == [0.5, 0.0, 0.0, 0.5]
    assert histogram([], 2) == [0.0, 0.0]


def test_the_p_of_a_set_is_that_of_a_t_test_where_each_document_has_one_fact() -> None:
    shares = [0.1, 0.4, 0.3, 0.6, 0.2, 0.35]
    expected = stats.ttest_1samp(shares, 0.5, alternative="less").pvalue
    assert known_p(shares, list("abcdef")) == pytest.approx(expected)
    # Facts that stand and fall with their document count once for each document.
    doubled, documents = (
        [s for s in shares for _ in range(4)],
        [d for d in "abcdef" for _ in range(4)],
    )
    assert known_p(doubled, documents) == pytest.approx(expected)


def test_ranks_that_are_all_alike_are_as_rare_as_so_many_documents_on_one_side() -> None:
    assert known_p([0.025] * 8, list("aabbccdd")) == 0.5**4
    assert known_p([0.975] * 4, list("abcd")) == 1.0
    assert known_p([0.025] * 8, ["a"] * 8) is None
