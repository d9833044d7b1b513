"""The likeliest label."""

from __future__ import annotations

import math

import pytest

from harness.grading.choice import grade, likeliest
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
