"""Two measurements of the same tasks held against each other: what `compare` says.

Each figure gets its paired difference with an interval clustered by document, the sign-flip test
of whole documents, McNemar's test where answers are right or wrong, and p-values adjusted by Holm
for the number of figures compared. `harness.statistics` has the formulas and their sources.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from harness.comparison.gate import advice, judge, needed
from harness.comparison.scores import (
    Paired,
    Scored,
    ScoreSet,
    Unread,
    measured,
    paired,
    unlike,
    worse_if_more,
)
from harness.errors import ConfigError
from harness.grading.damage import REFUSED, SIGNS
from harness.records import Interval, Verdict
from harness.statistics.multiplicity import holm
from harness.statistics.paired import paired_difference
from harness.statistics.significance import mcnemar, sign_flip

MARGIN = 0.03
# Parts of what "damaged" says, compared only by name: each figure more makes Holm's p larger.
_PARTS = (*SIGNS, REFUSED)
FAILING = {
    "regressed": (Verdict.REGRESSED, Verdict.INCOMPARABLE),
    "inconclusive": (Verdict.REGRESSED, Verdict.INCONCLUSIVE, Verdict.INCOMPARABLE),
}


@dataclass(frozen=True, slots=True)
class Flip:
    """One sample whose score is not the same on both sides, with both answers."""

    id: str
    score_a: float
    score_b: float
    answer_a: str
    answer_b: str


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one task, of one checkpoint on each side.

    difference: B's mean less A's, over the n samples that both have. p: sign-flip; adjusted: by
    Holm over all rows; mcnemar: exact, None unless all scores are 0 or 1. won, lost: samples that
    are better, worse in B. missing_a, missing_b: samples of the other side that A, B lacks.
    needed: samples that would tell, where they are too few.
    """

    checkpoint_a: str
    checkpoint_b: str
    task: str
    metric: str
    verdict: Verdict
    lower_is_better: bool = False
    reason: str = ""
    n: int = 0
    clusters: int = 0
    mean_a: float | None = None
    mean_b: float | None = None
    difference: float | None = None
    interval: Interval | None = None
    p: float | None = None
    adjusted: float | None = None
    mcnemar: float | None = None
    won: tuple[Flip, ...] = ()
    lost: tuple[Flip, ...] = ()
    missing_a: int = 0
    missing_b: int = 0
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rows; a, b: what was named on each side; notes: what is on one side only."""

    a: str
    b: str
    margin: float
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def fails(self, on: str) -> bool:
        """Whether a verdict is among those of FAILING[on]."""
        return any(row.verdict in FAILING[on] for row in self.rows)


@dataclass(frozen=True, slots=True)
class Side:
    """What was named on one side, and what was read from there."""

    name: str
    sets: Sequence[ScoreSet | Unread]


def compare(
    a: Side,
    b: Side,
    margin: float = MARGIN,
    metric: str | None = None,
    allow_unlike: bool = False,
) -> Comparison:
    """Compare every figure that both sides have, or the one called `metric`.

    Of the signs of a damaged voice only their union, unless one of them is called.
    Checkpoints and tasks go by their names; where each side has but one, these two are compared.
    allow_unlike: compare also what was measured otherwise. Raises ConfigError where the sides
    share no task, or for a metric that nobody measured.
    """
    only: dict[str, list[str]] = {}
    pairs = list(_pairs(a, b, only))
    if not pairs:
        raise ConfigError(
            f"nothing to compare: {a.name} holds {_contents(a)}. {b.name} holds {_contents(b)}."
        )
    rows: list[Row] = []
    known: set[str] = set()
    for unread in pairs:  # one after another: a run may have millions of samples
        one, other = (side.read() for side in unread)
        metrics = measured(one, other)
        known |= metrics.keys()
        rows += [
            _row(one, other, name, scored, margin, allow_unlike)
            for name, scored in metrics.items()
            if name == metric or (metric is None and name not in _PARTS)
        ]
    if metric is not None and metric not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise ConfigError(f"no metric {metric!r} here. There are: {listed}.")
    notes = tuple(f"Only in {what}: {', '.join(names)}." for what, names in only.items())
    return Comparison(a.name, b.name, margin, tuple(_adjusted(rows)), notes)


def _pairs(
    a: Side, b: Side, only: dict[str, list[str]]
) -> Iterable[tuple[ScoreSet | Unread, ScoreSet | Unread]]:
    """Sets of the same checkpoint and task; in `only`, what is on one side and where."""
    of_a, of_b = ({s.checkpoint for s in side.sets} for side in (a, b))
    for one, other in _matched(of_a, of_b):
        tasks_a = {s.task: s for s in a.sets if s.checkpoint == one}
        tasks_b = {s.task: s for s in b.sets if s.checkpoint == other}
        matched = _matched(tasks_a, tasks_b)
        for task, its in matched:
            yield tasks_a[task], tasks_b[its]
        for task in sorted(tasks_a.keys() - {task for task, _ in matched}):
            only.setdefault(f"A, {task}", []).append(one)
        for task in sorted(tasks_b.keys() - {its for _, its in matched}):
            only.setdefault(f"B, {task}", []).append(other)
    if len(of_a) > 1 or len(of_b) > 1:
        for side, names in (("A", of_a - of_b), ("B", of_b - of_a)):
            if names:
                only[f"{side}, checkpoints"] = sorted(names)


def _matched(a: Iterable[str], b: Iterable[str]) -> list[tuple[str, str]]:
    """Names that are on both sides; or the only one of each."""
    names_a, names_b = sorted(a), sorted(b)
    if len(names_a) == len(names_b) == 1:
        return [(names_a[0], names_b[0])]
    return [(name, name) for name in names_a if name in names_b]


def _contents(side: Side) -> str:
    checkpoints, tasks = ({s.checkpoint for s in side.sets}, {s.task for s in side.sets})
    listed = (shorten(", ".join(sorted(n)), 100, placeholder=" …") for n in (checkpoints, tasks))
    return "checkpoints {}; tasks {}".format(*listed)


def _row(
    a: ScoreSet,
    b: ScoreSet,
    metric: str,
    scored: tuple[str, str | None],
    margin: float,
    allow_unlike: bool,
) -> Row:
    score, stratum = scored
    pairs = paired(b, a, score, stratum)
    row = Row(
        checkpoint_a=a.checkpoint,
        checkpoint_b=b.checkpoint,
        task=a.task if a.task == b.task else f"{a.task} | {b.task}",
        metric=metric,
        verdict=Verdict.INCOMPARABLE,
        lower_is_better=worse_if_more(score, stratum, a.lower_is_better | b.lower_is_better),
        n=len(pairs.ids),
        clusters=len(set(pairs.clusters)),
        missing_a=pairs.missing_there,
        missing_b=pairs.missing_here,
    )
    if not pairs.ids:
        return replace(row, reason="no sample in common")
    otherwise = _otherwise(a, b, pairs)
    if otherwise and not allow_unlike:
        return replace(row, reason=f"measured otherwise: {otherwise}")
    return _filled(
        row,
        pairs,
        margin,
        f"compared although measured otherwise: {otherwise}" if otherwise else "",
    )


def _otherwise(a: ScoreSet, b: ScoreSet, pairs: Paired) -> str:
    """What was not measured alike, in words; "" for nothing."""
    parts = unlike(a, b)
    if other := sum(one.prompt != two.prompt for one, two in pairs.samples):
        parts.append(f"the prompt of {other} of {len(pairs.samples)} samples")
    return ", ".join(parts)


def _filled(row: Row, pairs: Paired, margin: float, reason: str) -> Row:
    differences = [b - a for b, a in zip(pairs.ours, pairs.theirs, strict=True)]
    scores = {*pairs.ours, *pairs.theirs}
    sign = -1 if row.lower_is_better else 1
    row = replace(
        row,
        mean_a=_mean(pairs.theirs),
        mean_b=_mean(pairs.ours),
        difference=_mean(differences),
        p=sign_flip(differences, pairs.clusters),
        won=_flips(pairs, sign),
        lost=_flips(pairs, -sign),
    )
    if min(scores) < 0 or max(scores) > 1:
        said = "scores outside 0 to 1, as they are: no interval, no margin"
        return replace(row, verdict=Verdict.MEASURED, reason=_joined(said, reason))
    difference, interval = paired_difference(pairs.ours, pairs.theirs, pairs.clusters)
    verdict = judge(difference, interval, margin, row.lower_is_better)
    unclear = verdict is Verdict.INCONCLUSIVE
    size = needed(pairs, margin) if unclear else None
    return replace(
        row,
        interval=interval,
        verdict=verdict,
        needed=size,
        mcnemar=mcnemar(len(row.won), len(row.lost)).exact if scores <= {0.0, 1.0} else None,
        reason=_joined(advice(None) if unclear and size is None else "", reason),
    )


def _flips(pairs: Paired, sign: int) -> tuple[Flip, ...]:
    rows = zip(pairs.samples, pairs.ours, pairs.theirs, strict=True)
    return tuple(_flip(b, a, new, old) for (b, a), new, old in rows if (new - old) * sign > 0)


def _flip(b: Scored, a: Scored, score_b: float, score_a: float) -> Flip:
    return Flip(a.id, score_a, score_b, a.response, b.response)


def _adjusted(rows: Sequence[Row]) -> list[Row]:
    """Rows with their p-values adjusted for how many there are."""
    adjusted = iter(holm([row.p for row in rows if row.p is not None]))
    return [row if row.p is None else replace(row, adjusted=next(adjusted)) for row in rows]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
