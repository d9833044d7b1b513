"""What people said of a run's answers, packed for the page (`assets/grades.js` reads it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.report.samples import Row
from harness.review.events import sample_key
from harness.review.judgement import Judgement, plain
from harness.runs import Run

_FIELDS = ("verdict", "picked", "note", "time")
Opinions = Mapping[str, Mapping[str, str]]  # by author


class Said:
    """Collects what people said of answers. people: see `harness.report.page.page`."""

    def __init__(self, people: Mapping[str, Judgement] | None = None) -> None:
        self._people = people
        self.by_key: dict[str, Opinions] = {}

    def add(self, suite: str, row: Row) -> Opinions:
        """Take up what was said of an answer that was written. Returns it."""
        said: Opinions = (row.get("people") or {}).get("opinions") or {}
        if not said and not self._people:
            return {}
        key = sample_key(suite, str(row["id"]), str(row["prompt"]), str(row["response"]))
        if self._people is not None:
            said = plain(self._people[key]) if key in self._people else {}
        if said:
            self.by_key[key] = said
        return said


def packed_grades(run: Run, collected: Iterable[Said]) -> dict[str, Any]:
    """authors, and by answer what they said; stale: questions whose graded answer has changed.

    Returns {"authors": [...], "events": {key: [[place of author, verdict, picked, note, time],
    ...]}, "stale": {suite: [ids]}}.
    """
    authors: dict[str, int] = {}
    events = {
        key: [
            [authors.setdefault(author, len(authors)), *(opinion[f] for f in _FIELDS)]
            for author, opinion in opinions.items()
        ]
        for said in collected
        for key, opinions in said.by_key.items()
    }
    stale = run.manifest.get("to_grade_again") or {}
    return {"authors": list(authors), "events": events, "stale": stale}
