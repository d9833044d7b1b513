"""The three JSQuAD definitions, each against figures worked out by hand."""

from __future__ import annotations

import pytest

from harness.grading.extractive import (
    AUTHOR,
    char_f1_llm_jp_eval,
    exact_match_jglue,
    exact_match_lm_eval,
    f1_jglue,
    grade,
    normalise_jglue,
)
from harness.records import Outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京。", "東京"),
        ("東京。。", "東京"),
        ("  New   York ", "new york"),
        ("「東京」", "「東京」"),
        ("3.14", "3.14"),
        ("U.S.A.", "u.s.a."),
        ("７７００円", "７７００円"),
        ("東京。 ", "東京。"),  # "。" is stripped before white space is, so it stays here
    ],
)
def test_jglue_keeps_punctuation_and_width(text: str, expected: str) -> None:
    assert normalise_jglue(text) == expected


def test_jglue_exact_match_takes_the_best_reference() -> None:
    assert exact_match_jglue("東京都。", ["東京", "東京都"]) == 1.0
    assert exact_match_jglue("「東京」", ["東京"]) == 0.0


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ("7,700円", "7,900円", 10 / 12),  # 5 of 6 characters shared
        ("1234", "4321", 1.0),  # blind to order
        ("東京", "東京都", 4 / 5),
        ("大阪", "東京", 0.0),
        ("ああい", "あいい", 4 / 6),  # a multiset: one あ and one い
        ("", "東京", 0.0),
        ("", "", 1.0),
        ("a b", "ab", 4 / 5),  # an inner space is a character
    ],
)
def test_jglue_f1_counts_characters(prediction: str, reference: str, expected: float) -> None:
    assert f1_jglue(prediction, [reference]) == pytest.approx(expected)


def test_jglue_f1_takes_the_best_reference() -> None:
    assert f1_jglue("東京", ["大阪", "東京都"]) == pytest.approx(0.8)


def test_lm_eval_compares_with_the_first_reference_only() -> None:
    assert exact_match_lm_eval(" 東京\n", ["東京", "東京都"]) == 1.0
    assert exact_match_lm_eval("東京都", ["東京", "東京都"]) == 0.0
    assert exact_match_lm_eval("東京。", ["東京"]) == 0.0
    assert exact_match_lm_eval("TOKYO", ["Tokyo"]) == 0.0


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        # 2 * longest common subsequence / total length, after punctuation became spaces
        ("東京", "東京都", 4 / 5),
        ("1234", "4321", 2 / 8),
        ("「東京」", "東京", 1.0),
        ("New York", "york NEW", 1.0),  # sorted pieces, lower case
        ("Ａ４", "a4", 1.0),  # NFKC
        ("2.5cm", "25cm", 8 / 9),  # "2 5cm" becomes "2 5cm" against "25cm"
        ("大阪", "東京", 0.0),
    ],
)
def test_llm_jp_eval_char_f1_is_a_token_sort_ratio(
    prediction: str, reference: str, expected: float
) -> None:
    assert char_f1_llm_jp_eval(prediction, [reference]) == pytest.approx(expected)
    assert char_f1_llm_jp_eval(prediction, ["無関係", reference]) < expected or expected == 0.0


def test_a_grade_carries_all_four_and_is_right_by_jglue() -> None:
    graded = grade("東京都。", ["東京", "東京都"])
    assert graded.outcome is Outcome.CORRECT
    assert graded.author == AUTHOR == "rule:jglue-1.3"
    assert graded.scores == {
        "exact_match": 1.0,
        "f1": 1.0,
        "exact_match_lm_eval": 0.0,
        "char_f1_llm_jp_eval": pytest.approx(0.8),
    }
    assert grade("1234", ["4321"]).outcome is Outcome.WRONG


def test_no_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one reference"):
        grade("東京", [])
