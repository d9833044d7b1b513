"""Whether a fine-tune still speaks as its base does: signs of damage, paired answer by answer.

A checkpoint's voice is *broken* in a suite where a gate on `damaged` with the usual margin would
say regressed (`harness.comparison.gate`): the share of damaged answers rose for certain and by half
a margin or more, and a whole margin can't be ruled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.comparison.derived import ended_set
from harness.comparison.gate import judge
from harness.comparison.scores import ScoreSet, paired, unlike
from harness.config.gates import DEFAULT_MARGIN
from harness.grading.damage import DAMAGED, SIGNS, VOICE
from harness.records import Verdict
from harness.runs import Run
from harness.statistics.paired import paired_difference


@dataclass(frozen=True, slots=True)
class Rise:
    """How much more often a sign is seen than in the baseline's answers; shares of 1."""

    sign: str
    before: float
    now: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """One checkpoint in one suite. rises: of every sign. broken: as above. problem: why it can't be
    compared, "" where it can.
    """

    checkpoint: str
    task: str
    n: int
    rises: tuple[Rise, ...]
    broken: bool
    problem: str = ""

    @property
    def worst(self) -> list[Rise]:
        """The signs that damage consists of and that rose for certain, most of all first."""
        rose = [r for r in self.rises if r.sign in SIGNS and r.low > 0]
        return sorted(rose, key=lambda r: -r.difference)


def voices(run: Run) -> tuple[Spoken, ...]:
    """Every checkpoint beside the baseline, suite by suite; nothing without a baseline."""
    baseline = run.baseline
    if baseline is None:
        return ()
    tasks = dict.fromkeys(item.task for item in run.items)
    found = []
    for task in tasks:
        theirs = _written(ended_set(run, baseline, task))
        if theirs is None:
            continue
        for checkpoint in (str(c["id"]) for c in run.checkpoints if c["id"] != baseline):
            ours = _written(ended_set(run, checkpoint, task))
            if ours is not None:
                found.append(_spoken(ours, theirs))
    return tuple(found)


def broken(spoken: Sequence[Spoken], checkpoint: str) -> list[Spoken]:
    """The suites in which a checkpoint's voice is broken, the worst first."""
    own = [s for s in spoken if s.checkpoint == checkpoint and s.broken]
    return sorted(own, key=lambda s: -s.rises[0].difference)


def _written(scores: ScoreSet | None) -> ScoreSet | None:
    """A set in which answers were written; None for others."""
    if scores is None or not any(DAMAGED in sample.scores for sample in scores.samples):
        return None
    return scores


def _spoken(ours: ScoreSet, theirs: ScoreSet) -> Spoken:
    if otherwise := unlike(ours, theirs):
        return Spoken(
            ours.checkpoint,
            ours.task,
            0,
            (),
            False,
            f"{', '.join(otherwise)} not as in {theirs.checkpoint}",
        )
    rises = []
    n, verdict = 0, Verdict.MEASURED
    for sign in VOICE:
        pairs = paired(ours, theirs, sign)
        if not pairs.ids:
            problem = f"no question in common with {theirs.checkpoint}"
            return Spoken(ours.checkpoint, ours.task, 0, (), False, problem)
        n = len(pairs.ids)
        value, interval = paired_difference(pairs.ours, pairs.theirs, pairs.clusters)
        if sign == DAMAGED:
            verdict = judge(value, interval, DEFAULT_MARGIN, lower_is_better=True)
        before, now = sum(pairs.theirs) / n, sum(pairs.ours) / n
        rises.append(Rise(sign, before, now, value, interval.low, interval.high))
    return Spoken(ours.checkpoint, ours.task, n, tuple(rises), verdict is Verdict.REGRESSED)
