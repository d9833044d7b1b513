"""Grading of a classification answer: the label with the highest likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.records import Grade, Outcome

AUTHOR = "rule:likeliest-label/1"


def likeliest(logprobs: Sequence[float], labels: Sequence[str]) -> str:
    """Return the label with the highest summed log probability; the first of equals.

    Raises ValueError if the lengths differ, nothing is given, or a figure is NaN.
    """
    if not labels or len(labels) != len(logprobs):
        raise ValueError(f"{len(logprobs)} log probabilities for {len(labels)} labels")
    if any(math.isnan(logprob) for logprob in logprobs):
        raise ValueError("a label's log probability is NaN")
    best = max(range(len(labels)), key=lambda index: logprobs[index])
    return labels[best]


def grade(logprobs: Sequence[float], labels: Sequence[str], gold: str) -> Grade:
    """Grade one answer; `logprobs` and `labels` are aligned. Raises ValueError as `likeliest`."""
    if gold not in labels:
        raise ValueError(f"the gold label {gold!r} is not among {list(labels)}")
    answer = likeliest(logprobs, labels)
    right = answer == gold
    outcome = Outcome.CORRECT if right else Outcome.WRONG
    return Grade(outcome, {"correct": float(right)}, AUTHOR, f"answered {answer}")
