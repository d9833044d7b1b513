"""What a judging model said of single answers, packed for the page."""

from __future__ import annotations

from typing import Any

from harness.comparison.rated import written
from harness.report.samples import Row, cut

_LONGEST = 500


def opinion(row: Row) -> list[Any] | None:
    """[verdict, 1 if it counts, 1 if the rule is unsure, votes, reason] of an answer.

    None where the rule is sure and nobody was asked; the verdict is "" where the rule is unsure and
    nobody was asked. votes: [[verdict, times], ...], most first.
    """
    judge = row.get("judge") or {}
    if not written(row) or not (judge or row.get("unsure")):
        return None
    votes = sorted((judge.get("votes") or {}).items(), key=lambda v: -v[1])
    return [
        judge.get("verdict") or "",
        int(bool(judge.get("counted"))),
        int(bool(row.get("unsure"))),
        [list(vote) for vote in votes],
        cut(str(judge.get("reason") or ""), _LONGEST),
    ]
