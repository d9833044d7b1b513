"""Which answers are made up: by the grader's word, or a reader's over it.

Labels from overlaps of words make likelihoods look up to 46 % better than a judge's do (arXiv
2508.08285). What the model can't know it makes up, whatever it says: about documents that it never
saw, and facts that no training text states, unless a passage that it was shown states them. A value
that is right by luck is no knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.grading.statements import abstains
from harness.records import Grade, Outcome, Response, Sample

TRAINED, UNANSWERABLE, ANY = "trained", "unanswerable", "any"
# Forms of the knowledge suite (`harness.tasks.knowledge`) whose fact the training text states.
_TRAINED_FORMS = ("seen", "paraphrase", "held_out", "reversed")
_NEAR_MISS = "near_miss"
# Of what cannot be known there is no right answer but to say so.
UNKNOWABLE = ("untrained", "control", UNANSWERABLE)
# Where right and wrong answers are of one kind, and doubt can be held against them.
KNOWABLE = (TRAINED, ANY)
HALLUCINATED, ABSTAINED = "hallucinated", "abstained"


def group_of(sample: Sample) -> str:
    """The group that a question is told in.

    "trained", "untrained", "control", "carried_over", "near_miss", "unanswerable" (about what does
    not exist); "any" of a suite whose questions have no form.
    """
    if sample.stratum in _TRAINED_FORMS:
        return TRAINED
    if sample.stratum == _NEAR_MISS and sample.detail.get("fact") is None:
        return UNANSWERABLE
    return sample.stratum or ANY


def labelled(sample: Sample, response: Response, grade: Grade) -> Mapping[str, float]:
    """Scores "hallucinated" and "abstained" of one answer, 0 or 1; both 0 where it is right.

    Saying nothing abstains, and so does a server that gives no answer. Some of several values, and
    no wrong one, is neither. {} where only a reader could tell, and none has.
    """
    text = "" if response.unanswered else response.text
    if not text.strip() or _admits(text, grade):
        return {HALLUCINATED: 0.0, ABSTAINED: 1.0}
    if _unknowable(sample):
        return {HALLUCINATED: 1.0, ABSTAINED: 0.0}
    if grade.outcome is Outcome.UNGRADED or (grade.unsure and grade.rule is None):
        return {}
    return {HALLUCINATED: float(_made_up(grade)), ABSTAINED: 0.0}


def _admits(text: str, grade: Grade) -> bool:
    """Whether it says that it does not know, and gives no value all the same.

    Graders of texts know no abstaining; of what does not exist it is the right answer.
    """
    if grade.outcome is Outcome.ABSTAINED:
        return True
    stated = grade.scores.get("recall") or grade.scores.get("bleed")
    contradicts = grade.scores.get("contradiction")
    return abstains(text) and not stated and not contradicts


def _unknowable(sample: Sample) -> bool:
    found = (sample.detail.get("retrieval") or {}).get("found")
    return group_of(sample) in UNKNOWABLE and not found


def _made_up(grade: Grade) -> bool:
    if grade.outcome in (Outcome.WRONG, Outcome.CONTRADICTORY):
        return True
    # One right value of two, and a wrong one: a reader's word on it is of the whole answer.
    contradicts = bool(grade.scores.get("contradiction"))
    return grade.outcome is Outcome.PARTIAL and contradicts and grade.rule is None
