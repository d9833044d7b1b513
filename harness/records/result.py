"""What is made of answers: samples, grades, figures and what gates say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from harness.records.response import Request, Response


@dataclass(frozen=True, slots=True)
class Sample:
    """One question of a task, with what counts as right.

    cluster: what samples share that makes them dependent (a document, a JSQuAD paragraph).
    stratum: the group that results are also told apart by ("seen", "control", ...); "" for none.
    gold: accepted answers. detail: whatever the task's grader needs besides (a fact's type ...).
    closed_book: the prompt without the passages that were looked up for it, "" where there are
    none: by it samples are paired and graded, so that what was looked up can be compared with not.
    """

    id: str
    request: Request
    gold: tuple[str, ...]
    cluster: str
    stratum: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    closed_book: str = ""

    @property
    def asked(self) -> str:
        """The question as files and comparisons have it, without passages."""
        return self.closed_book or self.request.asked


class Outcome(StrEnum):
    """How one answer was judged."""

    CORRECT = "correct"
    WRONG = "wrong"
    CONTRADICTORY = "contradictory"  # the right value, and another of its kind
    ABSTAINED = "abstained"
    PARTIAL = "partial"
    MEASURED = "measured"  # neither right nor wrong: figures are all there is
    UNGRADED = "ungraded"  # only a reader can tell, and none has: neither right nor wrong yet


@dataclass(frozen=True, slots=True)
class Grade:
    """One answer judged.

    scores: named figures of this answer, each in [0, 1] ("correct", "f1", ...): comparisons and
    gates go by them. figures: named figures on scales of their own (log-likelihoods, ranks).
    author: who judged: a rule with its version, a model, a person.
    unsure: whether a rule had to guess: the reference is in words, and the answer in others; or
    whether it left the answer to a reader (`Outcome.UNGRADED`).
    rule: what the rule said, where a judge's or a person's verdict took its place. judge: what a
    judging model said (`harness.judging`), empty where none was asked. people: what each person
    said of the answer (`harness.review.judgement`), empty where nobody looked. detail: what the
    answer was found to hold besides (what it cites ...), which joins the sample's in its row.
    """

    outcome: Outcome
    scores: Mapping[str, float]
    author: str
    reason: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    unsure: bool = False
    rule: Grade | None = None
    judge: Mapping[str, Any] = field(default_factory=dict)
    people: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def correct(self) -> bool:
        """Whether the answer counts as right."""
        return self.outcome is Outcome.CORRECT

    def decided(self, right: bool) -> Grade:
        """The grade with a reader's verdict for outcome and "correct".

        Of a wrong answer the rule's finer word (abstained, partial ...) is kept. "correct" is set
        where the rule has it, or left the answer ungraded.
        """
        bare = self.outcome is Outcome.UNGRADED
        wrong = Outcome.WRONG if self.correct or bare else self.outcome
        scored = bare or "correct" in self.scores
        scores = {**self.scores, "correct": float(right)} if scored else self.scores
        return replace(self, outcome=Outcome.CORRECT if right else wrong, scores=scores)


Graded = tuple[Sample, Response, Grade]


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval, in the units of its figure. method: how it was made."""

    low: float
    high: float
    method: str
    level: float = 0.95


class Verdict(StrEnum):
    """What a gate says of a result; without a gate it is `MEASURED`."""

    PASSED = "passed"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    INCOMPARABLE = "incomparable"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Result:
    """One number of one task on one checkpoint.

    value, low, high: in [0, 1] for shares; around 1 for relative scores.
    n: samples; clusters: independent groups among them. headline: shown in the tables.
    identity: what must match for two results to be compared (data hash, prompt, decoding ...).
    gate: what the verdict was made of (against, margin, difference, low, high, n ...), if there is
    one. reason: why the verdict is not "passed".
    """

    checkpoint: str
    task: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    clusters: int
    interval: str
    headline: bool = False
    verdict: Verdict = Verdict.MEASURED
    reason: str = ""
    identity: Mapping[str, Any] = field(default_factory=dict)
    gate: Mapping[str, Any] = field(default_factory=dict)
