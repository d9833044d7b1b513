"""Corrected accuracy against ppi-python, Rogan and Gladen, cases by hand and simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.statistics.double_sampling import (
    PairStratum,
    Stratum,
    corrected_accuracy,
    corrected_difference,
    next_stratum,
)
from harness.statistics.intervals import wilson

GRADED = [Stratum("right", 700, 72, 68), Stratum("wrong", 300, 28, 3)]


def _reach(value: float, *distances: float) -> float:
    return value - math.sqrt(sum(distance**2 for distance in distances))


def test_it_is_prediction_powered_inference_with_the_best_weight() -> None:
    # ppi-python 0.2.3: ppi_mean_pointestimate(Y, Yhat, all 1,000 Yhat, lam = cov(Y, Yhat)/var(Yhat))
    # gives .69325397; ppi_mean_ci, a normal interval, [.63807, .74844].
    got = corrected_accuracy(GRADED)
    assert got.value == pytest.approx(0.69325397, abs=1e-8)
    assert got.interval is not None
    assert (got.interval.low, got.interval.high) == pytest.approx((0.63807, 0.74844), abs=0.012)
    assert (got.n, got.graded, got.lacking) == (1000, 100, ())


def test_it_is_rogan_and_gladen_with_errors_from_the_same_grades() -> None:
    value = 0.7 * 68 / 72 + 0.3 * 3 / 28
    sensitivity = 0.7 * 68 / 72 / value
    specificity = 0.3 * 25 / 28 / (1 - value)
    rogan_gladen = (0.7 + specificity - 1) / (sensitivity + specificity - 1)
    assert corrected_accuracy(GRADED).value == pytest.approx(rogan_gladen)


def test_the_interval_of_a_case_by_hand() -> None:
    # 20 answers chosen by hand, 5 right; 80 left: 10 of 16 right. 40 called wrong: 0 of 10 right.
    got = corrected_accuracy([Stratum("a", 100, 16, 10, 20, 5), Stratum("b", 40, 10, 0)])
    value = (5 + 80 * 10 / 16) / 140
    first, one, other = (
        wilson(value * 140, 140),
        wilson(10 * 79 / 64, 16 * 79 / 64),
        wilson(0, 10 * 39 / 30),
    )
    low = _reach(value, value - first.low, 80 / 140 * (10 / 16 - one.low))
    high = 2 * value - _reach(
        value, first.high - value, 80 / 140 * (one.high - 10 / 16), 40 / 140 * other.high
    )
    assert got.value == pytest.approx(value)
    assert got.interval is not None
    assert (got.interval.low, got.interval.high) == pytest.approx((low, high))
    assert got.graded == 46


def test_all_graded_is_wilsons_interval() -> None:
    strata = [Stratum("right", 60, 60, 57), Stratum("wrong", 40, 0, 0, 40, 2)]
    for design_effect in (1.0, 2.5):
        got, n = corrected_accuracy(strata, design_effect), 100 / design_effect
        assert got.value == pytest.approx(0.59)
        assert got.interval is not None
        expected = wilson(0.59 * n, n)
        assert (got.interval.low, got.interval.high) == pytest.approx((expected.low, expected.high))


def test_ten_right_of_ten_leave_their_doubt_below_only() -> None:
    got = corrected_accuracy([Stratum("right", 500, 10, 10)])
    assert got.value == 1.0
    assert got.interval is not None
    assert got.interval.high == 1.0
    assert got.interval.low == pytest.approx(wilson(10, 10).low, abs=0.01)


def test_what_was_chosen_by_hand_counts_for_itself_only() -> None:
    plain = corrected_accuracy([Stratum("right", 1000, 50, 50)])
    hand = corrected_accuracy([Stratum("right", 1000, 50, 50, 20, 0)])
    assert plain.value == 1.0
    assert hand.value == pytest.approx(0.98)


def test_a_stratum_without_random_grades_leaves_no_figure_and_is_named() -> None:
    got = corrected_accuracy([Stratum("right", 90, 9, 9), Stratum("qa, wrong", 3, certain=2)])
    assert (got.value, got.interval) == (None, None)
    assert got.lacking == (("qa, wrong", 1),)
    assert got.graded == 11
    assert corrected_accuracy([Stratum("right", 90, 9, 9), Stratum("wrong", 3, certain=3)]).value


@pytest.mark.parametrize(
    "counts", [(5, 6, 0), (5, 3, 4), (5, 3, 3, 3, 0), (5, 1, 1, 2, 3), (5, -1, 0)]
)
def test_counts_that_contradict_each_other_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="contradict"):
        Stratum("a", *counts)
    with pytest.raises(ValueError, match="contradict"):
        PairStratum("a", 10, 5, won=3, lost=3)
    with pytest.raises(ValueError, match="contradict"):
        Stratum("a", 10, 5, gaps=1)


def test_no_answers_or_an_impossible_design_effect_are_refused() -> None:
    with pytest.raises(ValueError, match="0 answers"):
        corrected_accuracy([])
    with pytest.raises(ValueError, match=r"design effect 0\.5"):
        corrected_accuracy(GRADED, 0.5)


def test_a_difference_by_hand() -> None:
    # 300 equal answers; 60 for us by the rule, 12 of 20 really won, 2 lost; 40 alike, 1 of 10 lost.
    got = corrected_difference(
        [
            PairStratum("equal", 300, certain=300),
            PairStratum("ours", 60, 20, won=12, lost=2),
            PairStratum("both", 40, 10, lost=1),
        ]
    )
    won, lost = 60 * 12 / 20 / 400, (60 * 2 / 20 + 40 / 10) / 400
    below = []
    for weight, n, w, l_ in (
        (1.0, 400, won, lost),
        (60 / 400, 20 * 59 / 40, 0.6, 0.1),
        (40 / 400, 10 * 39 / 30, 0.0, 0.1),
    ):
        # Bonett and Price: as n + 2 pairs, one more won and one more lost
        centre = n * (w - l_) / (n + 2)
        half = 1.959964 * math.sqrt((n * (w + l_) + 2) / (n + 2) - centre**2) / math.sqrt(n + 2)
        below.append(weight * (w - l_ - centre + half))
    assert got.value == pytest.approx(won - lost)
    assert got.interval is not None
    assert got.interval.low == pytest.approx(_reach(won - lost, *below))
    assert got.graded == 330


def test_equal_answers_differ_by_nothing_and_need_no_grade() -> None:
    got = corrected_difference([PairStratum("equal", 1000, certain=1000)])
    assert got.value == 0.0
    assert got.interval is not None
    assert got.interval.high == pytest.approx(1.959964 * math.sqrt(2) / 1002, rel=1e-3)
    assert got.interval.low == -got.interval.high
    none = corrected_difference([PairStratum("equal", 9, certain=9), PairStratum("ours", 2)])
    assert (none.value, none.lacking) == (None, (("ours", 1),))


def test_open_answers_among_drawn_ones_are_what_is_lacking() -> None:
    got = corrected_accuracy([Stratum("right", 90, 9, 9), Stratum("wrong", 30, gaps=4)])
    assert (got.value, got.lacking) == (None, (("wrong", 4),))


def test_swapping_the_checkpoints_mirrors_the_difference() -> None:
    one = corrected_difference([PairStratum("a", 50, 20, 9, 1), PairStratum("b", 90, 30, 2, 3)])
    other = corrected_difference([PairStratum("a", 50, 20, 1, 9), PairStratum("b", 90, 30, 3, 2)])
    assert one.value is not None
    assert one.interval is not None
    assert other.interval is not None
    assert other.value == pytest.approx(-one.value)
    assert (other.interval.low, other.interval.high) == pytest.approx(
        (-one.interval.high, -one.interval.low)
    )


def test_the_next_grade_goes_where_the_variance_falls_most() -> None:
    # rest² s²/(g (g+1)): 700² · 69 · 5/74²/(72 · 73) = 5.87; 300² · 4 · 26/30²/(28 · 29) = 12.81
    assert next_stratum(GRADED) == "wrong"
    more = [GRADED[0], Stratum("wrong", 300, 45, 3)]  # 300² · 4 · 43/47²/(45 · 46) = 3.39
    assert next_stratum(more) == "right"
    assert next_stratum([*more, Stratum("b", 5), Stratum("a", 6)]) == "a"
    assert next_stratum([Stratum("a", 9, 9, 1), Stratum("b", 4, certain=4)]) is None
    pairs = [PairStratum("ours", 40, 10, won=9), PairStratum("both", 40, 10)]
    # 11/12 - (9/12)² = .354 against 2/12
    assert next_stratum(pairs) == "ours"
    assert next_stratum([]) is None


def _draw(
    generator: np.random.Generator, n: int, accuracy: float, error: float
) -> dict[str, list[int]]:
    """Return the truth of n answers in random order, by what a rule with errors says of them."""
    truth = generator.random(n) < accuracy
    said = truth ^ (generator.random(n) < error)
    parts = {"right": truth[said], "wrong": truth[~said]}
    return {name: part.astype(int).tolist() for name, part in parts.items() if len(part)}


def _half(strata: list[Stratum]) -> float:
    """The farther end of the interval from the value; infinity without a figure."""
    got = corrected_accuracy(strata)
    if got.value is None or got.interval is None:
        return math.inf
    return max(got.value - got.interval.low, got.interval.high - got.value)


def _grade(
    truth: dict[str, list[int]], most: int | None = None, margin: float | None = None
) -> list[Stratum]:
    """Grade as `next_stratum` says, `most` answers or until both ends lie within `margin`."""
    strata = {name: Stratum(name, len(part)) for name, part in truth.items()}
    while (name := next_stratum(list(strata.values()))) is not None:
        if sum(s.graded for s in strata.values()) == most:
            break
        if margin is not None and _half(list(strata.values())) <= margin:
            break
        old = strata[name]
        strata[name] = replace(
            old, graded=old.graded + 1, right=old.right + truth[name][old.graded]
        )
    return list(strata.values())


@pytest.mark.parametrize("accuracy", [0.5, 0.9, 0.98])
@pytest.mark.parametrize(("graded", "error"), [(20, 0.1), (50, 0.05), (100, 0.02)])
def test_grading_as_advised_holds_the_truth_without_bias(
    accuracy: float, graded: int, error: float
) -> None:
    generator = np.random.default_rng(6)
    values, held, trials = [], 0, 200
    for _ in range(trials):
        got = corrected_accuracy(_grade(_draw(generator, 300, accuracy, error), graded))
        assert got.value is not None
        assert got.interval is not None
        values.append(got.value)
        held += got.interval.low <= accuracy <= got.interval.high
    assert held / trials >= 0.93
    # Three standard errors, and the bias that choosing by what was seen may leave.
    assert abs(np.mean(values) - accuracy) <= 3 * np.std(values) / math.sqrt(trials) + 0.002


def test_the_difference_holds_the_truth_without_bias() -> None:
    # 5 % won, 10 % lost; half of the other answers are equal; a rule with 10 % errors on either.
    generator = np.random.default_rng(7)
    values, held, trials = [], 0, 200
    for _ in range(trials):
        d = generator.choice([1, -1, 0], 400, p=[0.05, 0.10, 0.85])
        theirs = np.where(d == 0, generator.random(400) < 0.8, d < 0).astype(int)
        equal = (d == 0) & (generator.random(400) < 0.5)
        errors = generator.random((2, 400)) < 0.1
        said = 2 * ((theirs + d) ^ errors[0]) + (theirs ^ errors[1])
        strata = [PairStratum("equal", int(equal.sum()), certain=int(equal.sum()))]
        for outcome in range(4):
            part = d[~equal & (said == outcome)]
            seen = part[: -(-len(part) // 4)]  # every fourth; the order is random
            counts = len(part), len(seen), int((seen > 0).sum()), int((seen < 0).sum())
            strata.append(PairStratum(str(outcome), *counts))
        got = corrected_difference(strata)
        assert got.value is not None
        assert got.interval is not None
        values.append(got.value)
        held += got.interval.low <= -0.05 <= got.interval.high
    assert held / trials >= 0.93
    assert abs(np.mean(values) + 0.05) <= 3 * np.std(values) / math.sqrt(trials)


def test_the_rule_saves_more_than_half_of_the_grades() -> None:
    generator = np.random.default_rng(8)
    ruled = plain = 0
    for _ in range(3):
        truth = _draw(generator, 2000, 0.7, 0.05)
        mixed = [*truth["right"], *truth["wrong"]]
        generator.shuffle(mixed)
        ruled += sum(s.graded for s in _grade(truth, margin=0.05))
        plain += sum(s.graded for s in _grade({"all": mixed}, margin=0.05))
    assert ruled < 0.5 * plain


def test_clusters_enter_by_the_design_effect() -> None:
    # 100 documents of 5 questions that are all right or all wrong: the design effect is 5.
    generator = np.random.default_rng(9)
    held = {1.0: 0, 5.0: 0}
    for _ in range(200):
        truth = np.repeat(generator.random(100) < 0.7, 5)
        said = truth ^ (generator.random(500) < 0.05)
        strata = []
        for name, part in (("right", truth[said]), ("wrong", truth[~said])):
            seen = generator.permutation(part)[: len(part) // 4]
            strata.append(Stratum(name, len(part), len(seen), int(seen.sum())))
        for design_effect in held:
            interval = corrected_accuracy(strata, design_effect).interval
            assert interval is not None
            held[design_effect] += interval.low <= 0.7 <= interval.high
    assert held[5.0] / 200 >= 0.93
    assert held[1.0] / 200 < 0.9
