"""Which answers are made up: by the grader's word, or a person's over it, never by ROUGE.

Labels from overlaps of words make likelihoods look up to 46 % better than a judge's do (arXiv
2508.08285). What the model can't know it makes up, whatever it says: questions about documents that
it never saw, and facts that no training text states. A value that is right by luck is no knowledge.
"""

from __future__ import annotations

from harness.grading.statements import abstains
from harness.records import Grade, Outcome, Sample

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


def labelled(group: str, text: str, grade: Grade) -> dict[str, float]:
    """Scores "hallucinated" and "abstained" of one answer, 0 or 1; both 0 where it is right.

    Saying nothing abstains. Some of several values, and no wrong one, is neither.
    """
    silent = not text.strip()
    abstained = silent or grade.outcome is Outcome.ABSTAINED or _admits(group, text, grade)
    return {
        HALLUCINATED: float(not abstained and _made_up(group, grade)),
        ABSTAINED: float(abstained),
    }


def _admits(group: str, text: str, grade: Grade) -> bool:
    """Whether it says that it does not know, and gives no value all the same."""
    return group == UNANSWERABLE and grade.outcome is Outcome.CORRECT and abstains(text)


def _made_up(group: str, grade: Grade) -> bool:
    if group in UNKNOWABLE:
        return True
    contradicts = bool(grade.scores.get("contradiction"))
    return contradicts or grade.outcome in (Outcome.WRONG, Outcome.CONTRADICTORY)
