"""What people said of a run's answers, packed for the page (`assets/grades.js` reads it)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.comparison.rated import rated
from harness.review.judgement import Judgement, plain
from harness.runs import Run

_FIELDS = ("verdict", "picked", "note", "time")


def packed_grades(run: Run, people: Mapping[str, Judgement] | None = None) -> dict[str, Any]:
    """authors, and by answer what they said; stale: questions whose graded answer has changed.

    Returns {"authors": [...], "events": {key: [[place of author, verdict, picked, note, time],
    ...]}, "stale": {suite: [ids]}}. people: see `harness.report.page.page`.
    """
    authors: dict[str, int] = {}
    events: dict[str, list[list[Any]]] = {}
    for answer in rated(run):
        said = answer.opinions
        if people is not None:
            said = plain(people[answer.key]) if answer.key in people else {}
        if said:
            events[answer.key] = [
                [authors.setdefault(author, len(authors)), *(opinion[f] for f in _FIELDS)]
                for author, opinion in said.items()
            ]
    stale = run.manifest.get("to_grade_again") or {}
    return {"authors": list(authors), "events": events, "stale": stale}
