"""What is nearly a trained entity: is its own fact given, or that of its trained neighbour?"""

from __future__ import annotations

from dataclasses import replace

from harness.grading.facts import AUTHOR, Fact, grade_fact
from harness.grading.statements import abstains
from harness.records import Grade, Outcome


def grade_near_miss(response: str, fact: Fact | None, neighbour: Fact, question: str = "") -> Grade:
    """Grade one answer about an entity that is nearly a trained one.

    fact: its own; None where nothing is right but to say that it isn't known, as for a product that
    doesn't exist; saying nothing at all is not that. neighbour: the trained entity's fact.
    Scores: "bleed", 1.0 if all values of the neighbour are stated; with a fact also those of
    `grade_fact`, without one "correct".
    """
    stated = grade_fact(response, neighbour, question).scores["recall"]
    bleed = float(stated == 1.0)
    if fact is not None:
        grade = grade_fact(response, fact, question)
        return replace(grade, scores={**grade.scores, "bleed": bleed})
    right = bool(response.strip()) and abstains(response) and not stated
    outcome = Outcome.CORRECT if right else Outcome.WRONG
    reason = "abstained" if right else "should have abstained"
    return Grade(outcome, {"correct": float(right), "bleed": bleed}, AUTHOR, reason)


def states(fact: Fact, other: Fact) -> bool:
    """Whether the text of `fact` states every value of `other`, so that answers can't tell them."""
    return grade_fact(fact.text, other).scores["recall"] == 1.0
