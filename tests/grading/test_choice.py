"""The likeliest label, and the label that an answer in words states."""

from __future__ import annotations

import math

import pytest

from harness.grading.choice import grade, grade_stated, likeliest, stated
from harness.records import Outcome

LABELS = ("positive", "negative")


def test_the_likeliest_label_is_the_answer() -> None:
    assert likeliest([-3.0, -1.0], LABELS) == "negative"
    assert likeliest([-1.0, -1.0], LABELS) == "positive"
    assert likeliest([-math.inf, -9.0], LABELS) == "negative"


def test_grades_say_right_or_wrong() -> None:
    right, wrong = grade([-1.0, -3.0], LABELS, "positive"), grade([-1.0, -3.0], LABELS, "negative")
    assert (right.outcome, right.scores) == (Outcome.CORRECT, {"correct": 1.0})
    assert (wrong.outcome, wrong.scores) == (Outcome.WRONG, {"correct": 0.0})
    assert wrong.reason == "answered positive"


@pytest.mark.parametrize("logprobs", [[-1.0], [], [math.nan, -1.0]])
def test_unusable_likelihoods_are_refused(logprobs: list[float]) -> None:
    with pytest.raises(ValueError, match="log probabilit"):
        likeliest(logprobs, LABELS)


def test_a_gold_label_that_was_not_offered_is_refused() -> None:
    with pytest.raises(ValueError, match="neutral"):
        grade([-1.0, -2.0], LABELS, "neutral")


JA = ("ポジティブ", "ネガティブ")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("ポジティブ", "ポジティブ"),
        ("このレビューは「ネガティブ」です。", "ネガティブ"),
        ("ﾎﾟｼﾞﾃｨﾌﾞです", "ポジティブ"),
        ("ネガティブではなく、ポジティブです。", "ポジティブ"),
        ("ポジティブともネガティブとも言えます。", ""),
        ("好意的です。", ""),
        ("", ""),
    ],
)
def test_the_one_label_that_is_stated_counts(text: str, label: str) -> None:
    assert stated(text, JA) == label


def test_an_answer_without_a_label_is_not_right_and_not_the_other_label() -> None:
    grades = [grade_stated(text, JA, JA[0]) for text in ("ポジティブ", "ネガティブです", "さあ")]
    assert [g.outcome for g in grades] == [Outcome.CORRECT, Outcome.WRONG, Outcome.ABSTAINED]
    assert [g.scores["correct"] for g in grades] == [1.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="neutral"):
        grade_stated("neutral", JA, "neutral")
