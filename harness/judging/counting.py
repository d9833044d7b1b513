"""Whose word counts: a person's over all, then a calibrated judge's where the rule can't tell."""

from __future__ import annotations

from dataclasses import replace

from harness.judging.verdict import CORRECT, Opinion
from harness.records import Grade


def over_unsure(grade: Grade, opinion: Opinion, model: str, trusted: bool) -> Grade:
    """A rule's grade with a judge's opinion beside it, or in its place.

    In its place where the rule is unsure, the judge decided, and it is trusted on such answers. A
    rule that is sure is never replaced. Of a wrong answer the rule's finer word is kept. model: the
    id by which the judge goes.
    """
    counted = grade.unsure and trusted and opinion.decided
    told = {
        "verdict": opinion.verdict,
        "votes": dict(opinion.votes),
        "agreement": opinion.agreement,
        "reason": opinion.reason,
        "model": model,
        "counted": counted,
    }
    if not counted:
        return replace(grade, judge=told)
    return replace(
        grade.decided(opinion.verdict == CORRECT),
        author=f"judge:{model}",
        reason="; ".join(filter(None, (grade.reason, opinion.reason))),
        rule=grade,
        judge=told,
    )
