"""Grading of a classification answer: the label with the highest likelihood, or that it states."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from harness.grading.statements import is_denied
from harness.grading.text import normalise
from harness.records import Grade, Outcome

AUTHOR = "rule:likeliest-label/1"
STATED = "rule:stated-label/1"


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


def stated(text: str, labels: Sequence[str]) -> str:
    """Return the one label that an answer in words states; "" if it states none, or several."""
    plain = normalise(text)
    found = {
        label
        for label in labels
        for start in _places(plain, normalise(label))
        if not is_denied(plain, (start, start + len(normalise(label))))
    }
    return found.pop() if len(found) == 1 else ""


def grade_stated(text: str, labels: Sequence[str], gold: str) -> Grade:
    """Grade an answer in words. Raises ValueError where `gold` is no label."""
    if gold not in labels:
        raise ValueError(f"the gold label {gold!r} is not among {list(labels)}")
    answer = stated(text, labels)
    if not answer:
        return Grade(Outcome.ABSTAINED, {"correct": 0.0}, STATED, "states no label, or several")
    outcome = Outcome.CORRECT if answer == gold else Outcome.WRONG
    return Grade(outcome, {"correct": float(answer == gold)}, STATED, f"answered {answer}")


def _places(text: str, word: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(word), text, re.IGNORECASE)]
