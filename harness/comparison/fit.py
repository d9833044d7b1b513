"""Fit for whom? Advice on who may use a checkpoint, from what was measured.

The article that this project follows ends with a two-by-two, difficulty of the domain × expertise
of the user, and places its own fine-tune in it by judgement. Here each quadrant rests on figures,
held against thresholds of the matrix file (`harness.config.fit`):

    expert      notices an error and loses time by it: accuracy, damage
    layperson   believes what is said: these, and what is stated wrongly (at all, and with
                certainty), and answers about what does not exist
    hard        the same, by stricter thresholds

By the interval, not the point: "fit" where each interval lies on the good side of its threshold,
"unfit" where one lies wholly on the other side, else "not shown". docs/fit.md has the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.config.fit import AT_LEAST, DOMAINS, EASY, HARD, KEYS
from harness.records import Result
from harness.runs import Run

USERS = ("expert", "layperson")
FIT, UNFIT, NOT_SHOWN = "fit", "unfit", "not shown"
MET, MISSED, OPEN, UNMEASURED = "met", "missed", "open", "not measured"
_WORST_FIRST = (MISSED, OPEN, MET)
_KNOWLEDGE, _HALLUCINATION = "knowledge", "hallucination"
_HALLUCINATED, _CONFIDENTLY_WRONG = "hallucinated_trained", "confidently_wrong"
_RESTS_ON = {
    "expert": ("accuracy", "damaged"),
    "layperson": (
        "accuracy",
        "damaged",
        _HALLUCINATED,
        _CONFIDENTLY_WRONG,
        "abstained_unanswerable",
    ),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One figure held against its threshold; shares of 1.

    figure: as the threshold is called. at_least: whether more is better. state: "met", "missed",
    "open" (the interval holds the threshold) or "not measured", and then there are no figures.
    value: None also where only its bounds are known.
    """

    figure: str
    threshold: float
    at_least: bool
    state: str = UNMEASURED
    task: str = ""
    metric: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Quadrant:
    """domain: "easy" or "hard"; user: "expert" or "layperson". verdict: "fit", "unfit" or "not
    shown". reasons: every figure that it rests on, those that decided it among them.
    """

    domain: str
    user: str
    verdict: str
    reasons: tuple[Reason, ...]

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """What the verdict is due to: all that was met, what was missed, or what can't be told."""
        states = {FIT: (MET,), UNFIT: (MISSED,), NOT_SHOWN: (OPEN, UNMEASURED)}[self.verdict]
        return tuple(r for r in self.reasons if r.state in states)


@dataclass(frozen=True, slots=True)
class Fits:
    """The quadrants of every checkpoint that was measured, by its id. notes: who was left out."""

    checkpoints: Mapping[str, tuple[Quadrant, ...]] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.checkpoints)


def fit_of(run: Run) -> Fits:
    """The advice on each checkpoint of a run; none where no accuracy on trained facts was measured.

    A twin learnt another world's values, which its accuracy here is not about: it has no quadrants.
    """
    thresholds = _thresholds(run.manifest)
    found, notes = {}, []
    for described in run.checkpoints:
        name = str(described["id"])
        results = [r for i in run.items if i.checkpoint == name for r in i.results]
        if not any(map(_is_accuracy, results)):
            continue
        if described.get("twin_of"):
            notes.append(
                f"{name} learnt the values of another world than {described['twin_of']}: whom it "
                "is fit for is not asked."
            )
            continue
        found[name] = tuple(
            _quadrant(domain, user, results, thresholds[domain])
            for domain in DOMAINS
            for user in USERS
        )
    return Fits(found, thresholds, tuple(notes)) if found else Fits()


def state(value: float, low: float, high: float, threshold: float, at_least: bool) -> str:
    """Where an interval lies: "met", "missed", "open", or "not measured" where it is none."""
    if not all(map(math.isfinite, (value, low, high))):
        return UNMEASURED
    if at_least:
        return MET if low >= threshold else MISSED if high < threshold else OPEN
    return MET if high <= threshold else MISSED if low > threshold else OPEN


def _thresholds(manifest: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The run's thresholds; the usual ones for a run that was made before there were any."""
    usual = {"easy": EASY, "hard": HARD}
    given = manifest.get("fit") or {}
    return {
        domain: {key: float(given.get(domain, {}).get(key, getattr(usual[domain], key)))
                 for key in KEYS}
        for domain in DOMAINS
    }  # fmt: skip


def _quadrant(
    domain: str, user: str, results: list[Result], thresholds: Mapping[str, float]
) -> Quadrant:
    reasons = tuple(
        _reason(figure, thresholds[figure], results)
        for figure in _RESTS_ON[user]
        if thresholds[figure] != (0 if figure in AT_LEAST else 1)  # which asks for nothing
    )
    states = {reason.state for reason in reasons}
    verdict = UNFIT if MISSED in states else FIT if states <= {MET} else NOT_SHOWN
    return Quadrant(domain, user, verdict, reasons)


def _reason(figure: str, threshold: float, results: list[Result]) -> Reason:
    """A figure against its threshold; of several suites' the one that speaks most against it."""
    if figure == _CONFIDENTLY_WRONG:
        return _confidently_wrong(threshold, results)
    at_least = figure in AT_LEAST
    judged = [
        Reason(figure, threshold, at_least, found, r.task, r.metric, r.value, r.low, r.high, r.n)
        for r in _measured(figure, results)
        if (found := state(r.value, r.low, r.high, threshold, at_least)) != UNMEASURED
    ]
    if figure == "damaged" and any(r.task == _KNOWLEDGE for r in judged):
        # A small suite can't show that damage is rare; it can show that it is not.
        judged = [r for r in judged if r.task == _KNOWLEDGE or r.state == MISSED]
    worst = sorted(judged, key=lambda r: (_WORST_FIRST.index(r.state), -_bad(r)))
    return worst[0] if worst else Reason(figure, threshold, at_least)


def _bad(reason: Reason) -> float:
    value = reason.value or 0.0
    return -value if reason.at_least else value


def _confidently_wrong(threshold: float, results: list[Result]) -> Reason:
    """Of all answers about trained facts those that are made up and that the model is sure of.

    The suite tells which of the made-up answers these are, so both shares are multiplied, and the
    ends of their intervals, which errs on the side of "open" (docs/fit.md). Too few made-up answers
    tell no share; but they are no more than all, and there may be few enough.
    """
    nothing = Reason(_CONFIDENTLY_WRONG, threshold, False)
    all_ = next(iter(_measured(_HALLUCINATED, results)), None)
    if all_ is None or not math.isfinite(all_.high):
        return nothing
    told = replace(nothing, task=all_.task, metric=_CONFIDENTLY_WRONG, n=all_.n)
    sure = next(iter(_measured(_CONFIDENTLY_WRONG, results)), None)
    if sure is None or not math.isfinite(sure.high):
        known = all_.high <= threshold
        return replace(told, state=MET, low=0.0, high=all_.high) if known else nothing
    value, low, high = (getattr(all_, end) * getattr(sure, end) for end in ("value", "low", "high"))
    found = state(value, low, high, threshold, at_least=False)
    return replace(told, state=found, value=value, low=low, high=high)


def _measured(figure: str, results: list[Result]) -> Iterator[Result]:
    for result in results:
        if figure == "accuracy":
            wanted = _is_accuracy(result)
        elif figure == "damaged":  # of every suite that writes answers
            wanted = result.metric == figure
        else:
            wanted = (result.task, result.metric) == (_HALLUCINATION, figure)
        if wanted:
            yield result


def _is_accuracy(result: Result) -> bool:
    """Whether it is the accuracy on trained facts: the headline of the knowledge suite."""
    return result.task == _KNOWLEDGE and result.headline and result.metric.startswith("accuracy_")
