"""Everyday answers beside the baseline's: won, tied, lost, question by question.

    win    share of the questions that the checkpoint answers rightly and the baseline does not
    tie    both rightly, or neither
    loss   only the baseline
    net    win - loss, the paired difference

Of the questions on which both answers have a verdict by the same kind of judge: a person's, the
same model's, or that of a rule that is sure, which sees what is damaged and what refuses
(`harness.comparison.scores.paired`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.comparison.derived import Derived, ended_set
from harness.comparison.scores import PEOPLE, Paired, Scored, ScoreSet, paired, unlike
from harness.records import Interval, Result, Verdict
from harness.runs import Run
from harness.statistics.intervals import mean_interval
from harness.statistics.paired import paired_difference

TASK = "qualitative"
NET = "net"
OUTCOMES = ("win", "tie", "loss")
_SCORE = "correct"
_UNGRADED = (
    "Nobody has graded enough yet to tell which answers are good. Grade them by eye (python -m "
    "harness review RUN), or name a judge with [judge] in the matrix, and run again."
)


def qualitative_results(run: Run) -> Derived:
    """Every checkpoint beside the run's baseline; nothing is asked."""
    names = [str(c["id"]) for c in run.checkpoints]
    sets = {name: found for name in names if (found := ended_set(run, name, TASK)) is not None}
    notes = [_UNGRADED] if any(not _graded(run, name) for name in sets) else []
    theirs = sets.pop(run.baseline, None) if run.baseline else None
    if theirs is None:
        return Derived(notes=tuple(notes))
    results: list[Result] = []
    for name, ours in sets.items():
        pairs = paired(ours, theirs, _SCORE)
        if pairs.ids:
            results += _results(ours, theirs, pairs)
            notes.append(f"{name}: {_judges(pairs)}.")
        else:
            notes.append(f"{name}: no question has a verdict on both answers by one kind of judge.")
    return Derived(tuple(results), tuple(notes))


def _graded(run: Run, checkpoint: str) -> bool:
    """Whether enough of its answers were graded for an accuracy (`harness.tasks.qualitative`)."""
    return run.result(checkpoint, TASK, "accuracy") is not None


def _results(ours: ScoreSet, theirs: ScoreSet, pairs: Paired) -> Iterator[Result]:
    apart = [one - other for one, other in zip(pairs.ours, pairs.theirs, strict=True)]
    for metric, sign in zip(OUTCOMES, (1, 0, -1), strict=True):
        share = mean_interval([float(by == sign) for by in apart], pairs.clusters)
        yield _result(ours, theirs, pairs, metric, *share)
    net = paired_difference(pairs.ours, pairs.theirs, pairs.clusters)
    yield replace(_result(ours, theirs, pairs, NET, *net), headline=True)


def _result(
    ours: ScoreSet, theirs: ScoreSet, pairs: Paired, metric: str, value: float, interval: Interval
) -> Result:
    otherwise = ", ".join(unlike(ours, theirs))
    return Result(
        checkpoint=ours.checkpoint,
        task=TASK,
        metric=metric,
        value=value,
        low=interval.low,
        high=interval.high,
        n=len(pairs.ids),
        clusters=len(set(pairs.clusters)),
        interval=interval.method,
        verdict=Verdict.INCOMPARABLE if otherwise else Verdict.MEASURED,
        reason=f"{otherwise} not as in {theirs.checkpoint}" if otherwise else "",
        identity=ours.identity,
    )


def _judges(pairs: Paired) -> str:
    """Who judged the pairs, in words."""
    counts = Counter(_judge(pair) for pair in pairs.samples)
    told = ", ".join(f"{counts[who]} by {who}" for who in ("people", "a model", "the rule alone"))
    return f"pairs judged {told}"


def _judge(pair: Sequence[Scored]) -> str:
    judges = {answer.judge for answer in pair}
    if PEOPLE in judges:
        return "people"
    return "the rule alone" if judges == {""} else "a model"
