"""What looking passages up is worth: a checkpoint beside itself without its retriever.

    right     accuracy on the questions that the retriever's documents can answer, of a checkpoint
              that looks up and of the same weights closed-book
    gained    how much of it is owed to what was looked up: the paired difference of the two

The questions are the same, the prompts are not: that is what is being compared. A retriever is a
part of its checkpoint, as an adapter is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.comparison.derived import Derived, ended_set
from harness.comparison.scores import ScoreSet, paired, unlike
from harness.records import Interval, Result, Verdict
from harness.runs import Run
from harness.statistics.intervals import mean_interval
from harness.statistics.paired import paired_difference

TASK = "retrieval"
HEADLINE = "gained"
KNOWLEDGE = "knowledge"
_SCORE = "correct"
# What makes a checkpoint's weights, as a run's manifest has them.
_WEIGHTS = ("model", "adapter", "served_as")


def retrieval_of(checkpoint: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a manifest's checkpoint looks up; None for closed-book."""
    return checkpoint.get("retrieval") or None


def looks_up_alike(run: Run) -> frozenset[str]:
    """The checkpoints that look up what the run's baseline does; without one, those closed-book.

    What others have gained over it was found, not learnt.
    """
    base = next((retrieval_of(c) for c in run.checkpoints if c["id"] == run.baseline), None)
    return frozenset(str(c["id"]) for c in run.checkpoints if retrieval_of(c) == base)


def retrieval_results(run: Run) -> Derived:
    """The figures of every checkpoint that looks up, and of those without; nothing is asked."""
    results: dict[tuple[str, str], Result] = {}
    notes = []
    for checkpoint in (c for c in run.checkpoints if retrieval_of(c)):
        name = str(checkpoint["id"])
        ours = ended_set(run, name, KNOWLEDGE)
        asked = _answerable(run, name)
        if ours is None or not asked:
            continue
        notes += _cited_not_shown(run, name)
        ours = _only(ours, asked)
        results[name, "right"] = _right(ours)
        closed = _closed_book(run, checkpoint)
        theirs = ended_set(run, closed, KNOWLEDGE) if closed else None
        if theirs is None:
            notes.append(f"{name}: the same weights were not asked closed-book.")
            continue
        theirs = _only(theirs, asked)
        if found := _gained(ours, theirs):
            results.setdefault((theirs.checkpoint, "right"), _right(theirs))
            results[name, HEADLINE] = found
    return Derived(tuple(results.values()), tuple(notes))


def _closed_book(run: Run, checkpoint: Mapping[str, Any]) -> str:
    """The checkpoint of the same weights without a retriever; "" where the run has none."""
    weights = [checkpoint.get(part) for part in _WEIGHTS]
    same = (c for c in run.checkpoints if [c.get(part) for part in _WEIGHTS] == weights)
    return next((str(c["id"]) for c in same if not retrieval_of(c)), "")


def _answerable(run: Run, checkpoint: str) -> frozenset[str]:
    """Ids of the questions that the retriever's documents can answer."""
    rows = run.samples(checkpoint, KNOWLEDGE)
    found = {str(r["id"]): (r["detail"].get("retrieval") or {}).get("found") for r in rows}
    return frozenset(id for id, value in found.items() if value is not None)


def _cited_not_shown(run: Run, checkpoint: str) -> list[str]:
    """A line on citations of passages that there are none of; nothing where all were shown."""
    cited = [r["detail"].get("citations") or {} for r in run.samples(checkpoint, KNOWLEDGE)]
    made_up = [len(c["not_shown"]) for c in cited if c.get("not_shown")]
    if not made_up:
        return []
    return [
        f"{checkpoint}: answers that cite a passage which was not shown: {len(made_up)} "
        f"(such citations: {sum(made_up)})."
    ]


def _only(scores: ScoreSet, ids: frozenset[str]) -> ScoreSet:
    return replace(scores, samples=tuple(s for s in scores.samples if s.id in ids))


def _right(scores: ScoreSet) -> Result:
    clusters = [s.cluster for s in scores.samples]
    value, interval = mean_interval([s.scores[_SCORE] for s in scores.samples], clusters)
    return _result(scores, "right", value, interval, clusters)


def _gained(ours: ScoreSet, theirs: ScoreSet) -> Result | None:
    pairs = paired(ours, theirs, _SCORE)
    if not pairs.ids:
        return None
    value, interval = paired_difference(pairs.ours, pairs.theirs, pairs.clusters)
    found = _result(ours, HEADLINE, value, interval, pairs.clusters)
    missing = pairs.missing_here + pairs.missing_there
    partly = f"only {len(pairs.ids)} of {len(pairs.ids) + missing} questions were asked of both"
    otherwise = ", ".join(unlike(ours, theirs))
    return replace(
        found,
        verdict=Verdict.INCOMPARABLE if otherwise else Verdict.MEASURED,
        reason="; ".join(
            filter(
                None,
                (
                    f"{otherwise} not as in {theirs.checkpoint}" if otherwise else "",
                    partly if missing else "",
                ),
            )
        ),
    )


def _result(
    scores: ScoreSet, metric: str, value: float, interval: Interval, clusters: list[str]
) -> Result:
    return Result(
        checkpoint=scores.checkpoint,
        task=TASK,
        metric=metric,
        value=value,
        low=interval.low,
        high=interval.high,
        n=len(clusters),
        clusters=len(set(clusters)),
        interval=interval.method,
        headline=metric == HEADLINE,
        identity=scores.identity,
    )
