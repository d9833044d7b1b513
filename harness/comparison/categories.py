"""What was learnt of facts that the base knew before, and of those it did not.

Accuracy on the trained questions (seen and in other words) by the base's SliCK category of the fact
(`harness.grading.slick`): a fine-tuning that is right only where the base was teaches nothing, and
one that is wrong where the base was right has forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.comparison.derived import Derived
from harness.grading.slick import Category, categories
from harness.records import Result
from harness.runs import Run
from harness.statistics.intervals import mean_interval

TASK = "known_before"
KNOWN, KNOWLEDGE = "known", "knowledge"
FORMS = ("seen", "paraphrase")

_Question = tuple[str, str, tuple[str, ...]]


def category_results(run: Run) -> Derived:
    """Each checkpoint's accuracy by category of the run's baseline; nothing without either."""
    baseline = run.baseline
    rows = run.samples(baseline, KNOWN) if baseline else []
    if not rows:
        return Derived()
    category_of = categories(rows)
    known = {_question(row): category_of[row["detail"]["fact_key"]] for row in rows}
    results = [
        result
        for checkpoint in (str(c["id"]) for c in run.checkpoints)
        for result in _results(run, checkpoint, known)
    ]
    return Derived(tuple(results))


def _question(row: Mapping[str, Any]) -> _Question:
    """What tells a question of either task: of one kind a document may have several facts."""
    return str(row["cluster"]), str(row["detail"].get("question")), tuple(map(str, row["gold"]))


def _results(run: Run, checkpoint: str, known: Mapping[_Question, Category]) -> list[Result]:
    found: dict[Category, list[Mapping[str, Any]]] = {}
    for row in run.samples(checkpoint, KNOWLEDGE):
        category = known.get(_question(row))
        if category is not None and row["stratum"] in FORMS:
            found.setdefault(category, []).append(row)
    return [
        _result(checkpoint, category, found[category]) for category in Category if category in found
    ]


def _result(checkpoint: str, category: Category, rows: list[Mapping[str, Any]]) -> Result:
    clusters = [str(row["cluster"]) for row in rows]
    value, interval = mean_interval([float(row["correct"]) for row in rows], clusters)
    return Result(
        checkpoint=checkpoint,
        task=TASK,
        metric=f"accuracy_{category}",
        value=value,
        low=interval.low,
        high=interval.high,
        n=len(rows),
        clusters=len(set(clusters)),
        interval=interval.method,
        headline=category is Category.UNKNOWN,
    )
