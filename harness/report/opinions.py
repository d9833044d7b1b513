"""What a judging model said of single answers, packed for the page."""

from __future__ import annotations

from typing import Any

from harness.comparison.rated import written
from harness.report.samples import cut
from harness.runs import Run

_LONGEST = 500


def packed_opinions(run: Run) -> dict[str, Any]:
    """{"judged": {suite: {checkpoint: {id: opinion}}}}; nothing where no answer has one.

    An opinion is [verdict, 1 if it counts, 1 if the rule is unsure, votes, reason]; its verdict is
    "" where the rule is unsure and nobody was asked. votes: [[verdict, times], ...], most first.
    """
    judged: dict[str, dict[str, dict[str, list[Any]]]] = {}
    for item in run.items:
        for row in run.samples(item.checkpoint, item.task):
            judge = row.get("judge") or {}
            if written(row) and (judge or row.get("unsure")):
                votes = sorted((judge.get("votes") or {}).items(), key=lambda v: -v[1])
                judged.setdefault(item.task, {}).setdefault(item.checkpoint, {})[str(row["id"])] = [
                    judge.get("verdict") or "",
                    int(bool(judge.get("counted"))),
                    int(bool(row.get("unsure"))),
                    [list(vote) for vote in votes],
                    cut(str(judge.get("reason") or ""), _LONGEST),
                ]
    return {"judged": judged} if judged else {}
