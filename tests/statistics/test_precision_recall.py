"""Average precision against scikit-learn, by hand and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from harness.records import Interval
from harness.statistics.intervals import wilson
from harness.statistics.precision_recall import average_precision, average_precision_interval


def _names(prefix: str, n: int, size: int = 1) -> list[str]:
    return [f"{prefix}{index // size}" for index in range(n)]


def _scores(seed: int, members: int, others: int, shift: float) -> tuple[list[float], list[float]]:
    draw = np.random.default_rng(seed)
    return draw.normal(shift, 1, members).tolist(), draw.normal(0, 1, others).tolist()


@pytest.mark.parametrize("digits", [0, 1, 9])
@pytest.mark.parametrize(("members", "others"), [(70, 110), (5, 300), (40, 3)])
def test_it_agrees_with_sklearn(digits: int, members: int, others: int) -> None:
    sides = _scores(1, members, others, 0.7)
    ours, theirs = (np.round(side, digits).tolist() for side in sides)
    labels = [1] * members + [0] * others
    expected = average_precision_score(labels, ours + theirs)
    assert average_precision(ours, theirs) == pytest.approx(expected, abs=1e-12)


def test_it_is_the_sum_of_steps_by_hand() -> None:
    # From the highest: member; a tie of member and other; other; member.
    # Recall 1/3, 2/3, 2/3, 1 with precision 1, 2/3, 2/4, 3/5.
    assert average_precision([9, 5, 1], [5, 3]) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)


def test_a_score_that_says_nothing_has_the_base_rate() -> None:
    assert average_precision([2.0] * 30, [2.0] * 90) == 0.25
    members, others = _scores(2, 3000, 9000, 0.0)
    assert average_precision(members, others) == pytest.approx(0.25, abs=0.01)


def test_the_interval_agrees_with_a_bootstrap_of_documents_row_by_row() -> None:
    # Documents of 2 members and 3 others; each resample's figure from scikit-learn, and the
    # interval from their deviation on the logit with t of 39 degrees, 2.0227 in any table.
    draw = np.random.default_rng(3)
    effect = draw.normal(size=(40, 1)) * 0.7
    tables = [effect + draw.normal(shift, 1, (40, n)) for shift, n in ((0.8, 2), (0.0, 3))]
    sides = [table.ravel().tolist() for table in tables]
    value, interval = average_precision_interval(*sides, _names("d", 80, 2), _names("d", 120, 3))
    assert value == pytest.approx(
        average_precision_score([1] * 80 + [0] * 120, sides[0] + sides[1])
    )
    figures = []
    for _ in range(400):
        drawn = draw.integers(40, size=40)
        scores = np.concatenate([table[drawn].ravel() for table in tables])
        figures.append(average_precision_score([1] * 80 + [0] * 120, scores))
    half = 2.0227 * np.std(figures) / (value * (1 - value))
    middle = math.log(value / (1 - value))
    low, high = (1 / (1 + math.exp(-end)) for end in (middle - half, middle + half))
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_the_interval_is_the_same_each_time_and_in_any_order() -> None:
    members, others = _scores(4, 60, 90, 0.6)
    clusters = _names("m", 60, 3), _names("o", 90, 3)
    got = average_precision_interval(members, others, *clusters)
    assert got == average_precision_interval(members, others, *clusters)
    shifted = [score * 3 - 7 for score in members], [score * 3 - 7 for score in others]
    assert got == average_precision_interval(*shifted, *clusters)


def test_documents_of_equal_texts_count_as_one_text_each() -> None:
    members, others = _scores(5, 30, 40, 0.8)
    single = average_precision_interval(members, others, _names("m", 30), _names("o", 40))
    doubled = [[score for score in side for _ in range(2)] for side in (members, others)]
    got = average_precision_interval(*doubled, _names("m", 60, 2), _names("o", 80, 2))
    assert got[0] == pytest.approx(single[0])
    assert (got[1].low, got[1].high) == pytest.approx((single[1].low, single[1].high))


def test_a_ranking_that_never_errs_leaves_room_for_errors_not_seen() -> None:
    value, interval = average_precision_interval(
        [3.0] * 12, [1.0] * 40, _names("m", 12), _names("o", 40)
    )
    expected = wilson(12, 12)
    assert (value, interval.low, interval.high) == (1.0, expected.low, 1.0)


def test_documents_that_are_all_alike_leave_room_too() -> None:
    clusters = _names("d", 20), _names("d", 60, 3)
    value, interval = average_precision_interval([1.0] * 20, [1.0] * 60, *clusters)
    expected = wilson(5, 20)
    assert (value, interval.low, interval.high) == (0.25, expected.low, expected.high)


def test_one_document_on_a_side_says_nothing() -> None:
    _, interval = average_precision_interval([3.0, 1.0], [2.0, 0.0], ["a", "a"], ["b", "c"])
    assert interval == Interval(0.0, 1.0, "one cluster: not estimable")


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="both are needed"):
        average_precision([], [1.0])
    with pytest.raises(ValueError, match="not a number"):
        average_precision([math.nan], [1.0])
    with pytest.raises(ValueError, match="its cluster"):
        average_precision_interval([1.0, 2.0], [0.0], ["a"], ["b"])
