"""Everyday answers beside the baseline's: won, tied, lost, question by question.

    win    share of the questions that the checkpoint answers rightly and the baseline does not
    tie    both rightly, or neither
    loss   only the baseline
    net    win - loss, the paired difference

Of the questions on which both answers have a verdict by the same kind of judge: a person's, the
same model's, or that of a rule that is sure, which sees what is damaged and what refuses
(`harness.comparison.scores.paired`). Nothing is said of a checkpoint while no reader has judged any
pair and some are open: what is damaged on both sides would be all there is, and a tie.
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
_PEOPLE, _MODEL, _RULE = "people", "a model", "the rule alone"
_SCORE = "correct"
_UNGRADED = (
    "Nobody has graded enough yet to tell which answers are good. Grade them by eye (python -m "
    "harness review RUN), or name a judge with [judge] in the matrix, and run again."
)


def qualitative_results(run: Run) -> Derived:
    """Every checkpoint beside the run's baseline; nothing is asked."""
    ended = [i.checkpoint for i in run.items if i.task == TASK and i.results]
    notes = [_UNGRADED] if any(not _graded(run, name) for name in ended) else []
    theirs = ended_set(run, run.baseline, TASK) if run.baseline else None
    if theirs is None:
        return Derived(notes=tuple(notes))
    results: list[Result] = []
    unread: list[str] = []
    for name in (str(c["id"]) for c in run.checkpoints if c["id"] != run.baseline):
        if (ours := ended_set(run, name, TASK)) is None:
            continue
        pairs = paired(ours, theirs, _SCORE)
        judges = Counter(map(_judge, pairs.samples))
        if pairs.ids and (len(pairs.ids) == len(ours.samples) or judges[_PEOPLE] + judges[_MODEL]):
            results += _results(ours, theirs, pairs)
            told = ", ".join(f"{judges[who]} by {who}" for who in (_PEOPLE, _MODEL, _RULE))
            notes.append(f"{name}: pairs judged {told}.")
            if open_ := len(ours.samples) - len(pairs.ids):
                notes.append(
                    f"{name}: {open_} pairs not judged yet. The rule judges damaged answers at "
                    "once, so until then figures lean against whoever has more of them."
                )
        else:
            unread.append(name)
    if unread:
        notes.append(f"{', '.join(unread)}: nobody has judged both answers to any question.")
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


def _judge(pair: Sequence[Scored]) -> str:
    """Who judged a pair, in words."""
    judges = {answer.judge for answer in pair}
    if PEOPLE in judges:
        return _PEOPLE
    return _RULE if judges == {""} else _MODEL
