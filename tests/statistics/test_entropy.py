"""Entropy of meanings against scipy and by hand."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from harness.grading.facts import Fact
from harness.grading.meanings import by_meaning, read_answers
from harness.statistics.entropy import agreement, discrete_entropy


def test_it_agrees_with_scipy() -> None:
    labels = [0, 1, 1, 2, 2, 2, 2, 7, 7, 7]
    assert discrete_entropy(labels) == pytest.approx(stats.entropy([1, 2, 4, 3]))


def test_equal_meanings_have_none_and_unlike_ones_have_all() -> None:
    assert discrete_entropy(["a"] * 10) == 0.0
    assert discrete_entropy(range(10)) == pytest.approx(math.log(10))


def test_semantic_entropy_of_ten_answers_by_hand() -> None:
    # Six say 7,700 yen, in three ways; three 7,900; one does not know: shares .6, .3 and .1.
    answers = [
        *["7,700円です。"] * 3,
        "七千七百円",
        "7,700円（税込）です。",
        "価格は７７００円です。",
    ]
    answers += [*["7,900円です。"] * 3, "分かりません。"]
    said = read_answers(answers, Fact("money", "7,700円（税込）"), "値段はいくらですか？")
    labels = by_meaning(said).labels
    by_hand = -(0.6 * math.log(0.6) + 0.3 * math.log(0.3) + 0.1 * math.log(0.1))
    assert by_hand == pytest.approx(0.8979, abs=1e-4)
    assert discrete_entropy(labels) == pytest.approx(by_hand)
    assert discrete_entropy(answers) > 1.3 * by_hand  # the texts themselves differ more


def test_agreement_is_the_share_that_says_the_same() -> None:
    assert agreement("a", ["a", "b", "a", "c"]) == 0.5
    assert agreement("d", ["a", "b"]) == 0.0


def test_without_labels_nothing_is_said() -> None:
    with pytest.raises(ValueError, match="no labels"):
        discrete_entropy([])
    with pytest.raises(ValueError, match="no labels"):
        agreement("a", [])
