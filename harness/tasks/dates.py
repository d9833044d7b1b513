"""Is every document younger than the model? Then no pre-training can have seen it.

The one rule that needs no statistics: a document counts as unknown if it was published after the
model's weights were. What the rule can't see: an old fact in a new text (`harness.tasks.ranks`).

Data, one JSON object a line: `id`, `published` (or `date`: YYYY-MM-DD), and where the date is from:
`evidence` (or `url`, `source`), a URL or a note.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.jsonl import read_rows
from harness.records import Grade, Outcome, Request, Response, Sample
from harness.statistics.intervals import mean_interval
from harness.tasks import Measure, SampleSet, given
from harness.tasks.parameters import at_least

AUTHOR = "date rule"
_DATES = ("published", "date")
_EVIDENCE = ("evidence", "url", "source")


@dataclass(frozen=True, slots=True)
class Dates:
    """Documents against the public release of the model.

    margin: days that must lie between them at least: a snapshot behind an API may be younger than
    its name. Nothing is asked (`unasked`): a date is no matter of a model's answer.
    """

    released: datetime.date
    margin: int = 0
    name: str = "dates"
    optional: bool = True
    unasked: bool = True

    def __post_init__(self) -> None:
        at_least("Dates", "margin", self.margin, 0, "It is in days; 0 asks for a later day only.")

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {"released": self.released.isoformat(), "margin": self.margin}

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`. A document without a date is a sample, too: it fails by name."""
        samples = SampleSet(path)
        for number, row in read_rows(path):
            id = given(row, "id", f"row-{number}")
            detail = {
                "published": _first(row, _DATES),
                "evidence": _first(row, _EVIDENCE),
                "title": str(row.get("title") or ""),
            }
            request = Request(prompt=detail["title"] or id, chat=False)
            samples.add(Sample(id, request, (), cluster=id, detail=detail), str(number))
        return samples.finish()

    def select(self, samples: Sequence[Sample], limit: int | None) -> list[Sample]:
        """All: nothing is asked, and a rule that looks at some documents only is none."""
        return list(samples)

    def grade(self, sample: Sample, response: Response) -> Grade:
        """Right if published more than `margin` days after the release."""
        published = str(sample.detail["published"])
        if not published:
            return _wrong("no date")
        try:
            date = datetime.date.fromisoformat(published[:10])
        except ValueError:
            return _wrong(f"{published!r} is no date (YYYY-MM-DD)")
        after = (date - self.released).days
        if after <= self.margin:
            margin = f" by more than {self.margin} days" if self.margin else ""
            return _wrong(f"published {date}, not after {self.released}{margin}", after)
        return Grade(Outcome.CORRECT, {"correct": 1.0}, AUTHOR, "", {"days_after": after})

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Shares of the documents that are after the release, and whose date has evidence."""
        clusters = [sample.cluster for sample, _ in graded]
        figures = {
            "share_after_release": [float(grade.correct) for _, grade in graded],
            "share_with_evidence": [float(bool(s.detail["evidence"])) for s, _ in graded],
        }
        measures = []
        for metric, scores in figures.items():
            value, interval = mean_interval(scores, clusters)
            headline = metric == "share_after_release"
            measures.append(
                Measure(metric, value, interval, len(scores), len(set(clusters)), headline)
            )
        return measures


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(row[name]).strip() for name in names if row.get(name)), "")


def _wrong(reason: str, days_after: int | None = None) -> Grade:
    figures = {} if days_after is None else {"days_after": float(days_after)}
    return Grade(Outcome.WRONG, {"correct": 0.0}, AUTHOR, reason, figures)
