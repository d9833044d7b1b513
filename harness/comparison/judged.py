"""What a judging model said of a run's answers, and what it came to.

Told are also the answers of which the rule is unsure and nobody was asked: they count as the rule
guessed, nearly always as wrong, or are ungraded still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.comparison.rated import Rated, rated_items
from harness.judging.calibration import stratum_of
from harness.judging.verdict import CORRECT, NONE, UNSURE, WRONG
from harness.runs import Run

_LISTED = 200  # disagreements that a report names


@dataclass(frozen=True, slots=True)
class JudgedForm:
    """The answers of one checkpoint to one form of question.

    n: answers that somebody wrote. unsure: those of which the rule is not sure. asked: those that
    the judge was asked of; of them decided for or against, undecided, silent (no verdict could be
    read). Of the silent, cut: the judge was cut off before it gave one; unanswered: it gave no
    answer. counted: those that the judge's word counts for. agreement: of repeats of one answer,
    the mean share of pairs that said the same; None where each was asked once. sure: asked and
    decided where the rule is sure; alike: of those, where judge and rule say the same.
    """

    checkpoint: str
    suite: str
    form: str
    n: int
    unsure: int
    asked: int
    decided: int
    undecided: int
    silent: int
    cut: int
    unanswered: int
    counted: int
    agreement: float | None
    sure: int
    alike: int


@dataclass(frozen=True, slots=True)
class Apart:
    """An answer of which judge and a rule that is sure say different things; the rule's counts."""

    suite: str
    item: str
    checkpoint: str
    rule: str
    judge: str
    reason: str


@dataclass(frozen=True, slots=True)
class JudgeReview:
    """What the judge of a run did. judge: as the manifest has it, empty where there is none.

    apart: the first 200 of apart_in_all. untrusted: strata whose unsure answers the judge decided,
    and may not count in, with how many. strangers: snapshots that answered and were not calibrated.
    """

    judge: Mapping[str, Any] = field(default_factory=dict)
    forms: tuple[JudgedForm, ...] = ()
    apart: tuple[Apart, ...] = ()
    apart_in_all: int = 0
    untrusted: tuple[tuple[str, int], ...] = ()
    strangers: tuple[str, ...] = ()


def judge_review(run: Run) -> JudgeReview:
    """What a judge said of a run's answers, and where the rule alone was unsure."""
    judge = run.manifest.get("judge") or {}
    forms: list[JudgedForm] = []
    apart: list[Apart] = []
    apart_in_all = 0
    untrusted: Counter[str] = Counter()
    snapshots: set[str] = set()
    for answers in rated_items(run, "judge", "unsure"):
        groups: dict[tuple[str, str, str], list[Rated]] = {}
        for answer in answers:
            groups.setdefault((answer.checkpoint, answer.suite, answer.form), []).append(answer)
        forms += [_form(*place, group) for place, group in groups.items() if _told(group)]
        said_otherwise = [a for a in answers if _apart(a)]
        apart_in_all += len(said_otherwise)
        apart += map(_as_apart, said_otherwise[: _LISTED - len(apart)])
        untrusted.update(_untrusted(answers))
        snapshots |= _snapshots(answers)
    return JudgeReview(
        judge,
        tuple(forms),
        tuple(apart),
        apart_in_all,
        tuple(untrusted.most_common()),
        tuple(sorted(snapshots - set(judge.get("snapshots") or ())))
        if judge.get("calibration")
        else (),
    )


def _apart(a: Rated) -> bool:
    return _decided(a) and not a.unsure and a.rule != (_said(a) == CORRECT)


def _as_apart(a: Rated) -> Apart:
    reason = str(a.judge.get("reason") or "")
    return Apart(a.suite, a.item, a.checkpoint, a.outcome, _said(a), reason)


def _told(group: Sequence[Rated]) -> bool:
    return any(answer.unsure or answer.judge for answer in group)


def _form(checkpoint: str, suite: str, form: str, group: Sequence[Rated]) -> JudgedForm:
    asked = [answer for answer in group if answer.judge]
    said = Counter(map(_said, asked))
    repeated = [a.judge["agreement"] for a in asked if a.judge.get("agreement") is not None]
    sure = [answer for answer in asked if _decided(answer) and not answer.unsure]
    return JudgedForm(
        checkpoint,
        suite,
        form,
        n=len(group),
        unsure=sum(answer.unsure for answer in group),
        asked=len(asked),
        decided=said[CORRECT] + said[WRONG],
        undecided=said[UNSURE],
        silent=said[NONE],
        cut=sum(_said(a) == NONE and bool(a.judge.get("cut")) for a in asked),
        unanswered=sum(_said(a) == NONE and bool(a.judge.get("unanswered")) for a in asked),
        counted=sum(bool(answer.judge.get("counted")) for answer in asked),
        agreement=sum(repeated) / len(repeated) if repeated else None,
        sure=len(sure),
        alike=sum(answer.rule == (_said(answer) == CORRECT) for answer in sure),
    )


def _untrusted(answers: Iterable[Rated]) -> Iterator[str]:
    """The stratum of each answer that the judge may not count in."""
    for answer in answers:
        if answer.unsure and answer.judge and not answer.judge.get("trusted"):
            yield stratum_of(answer.suite, answer.form, answer.kind, answer.unsure).name


def _snapshots(answers: Iterable[Rated]) -> set[str]:
    return {name for answer in answers for name in answer.judge.get("snapshots") or ()}


def _said(answer: Rated) -> str:
    return str(answer.judge.get("verdict") or NONE)


def _decided(answer: Rated) -> bool:
    return _said(answer) in (CORRECT, WRONG)
