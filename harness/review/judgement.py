"""What people said of an answer, folded from their events, and how it counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from harness.records import Grade
from harness.review.events import GradeEvent

RIGHT, WRONG, SKIPPED, CLEARED = "right", "wrong", "skipped", "cleared"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person says of one answer.

    verdict: "right", "wrong" or "skipped". picked: "queue" (or "queue:WHAT") for an answer that the
    sampling offered, "hand" for one that the person chose: only the former are a random sample, and
    stay so when they are looked at again. time: of the verdict that holds. rubric: the version
    of what counted as right.
    """

    verdict: str
    picked: str = "hand"
    note: str = ""
    time: str = ""
    rubric: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that people say of one answer. opinions: by author."""

    opinions: Mapping[str, Opinion]

    @property
    def verdict(self) -> str:
        """ "right" or "wrong", what most say; "" for a tie, or where all of them skipped it."""
        said = [opinion.verdict for opinion in self.opinions.values()]
        ahead = said.count(RIGHT) - said.count(WRONG)
        return RIGHT if ahead > 0 else WRONG if ahead < 0 else ""


def latest(events: Iterable[GradeEvent]) -> list[GradeEvent]:
    """Of each author the last event on each answer, by time, then place; "cleared" ones, too.

    An answer that the sampling offered once stays one that it offered, however it is looked at
    again.
    """
    last: dict[tuple[str, str], GradeEvent] = {}
    for event in sorted(events, key=lambda e: e.moment):  # stable: of one moment the later line
        before = last.get((event.sample, event.author))
        offered = before is not None and before.picked != "hand" and event.picked == "hand"
        last[event.sample, event.author] = (
            replace(event, picked=before.picked) if before and offered else event
        )
    return list(last.values())


def judgements(events: Iterable[GradeEvent]) -> dict[str, Judgement]:
    """What holds of each answer, by its key: what each author said `latest`.

    An answer that nobody has anything to say of any more is left out.
    """
    opinions: dict[str, dict[str, Opinion]] = {}
    for event in latest(events):
        if event.verdict != CLEARED:
            opinion = Opinion(event.verdict, event.picked, event.note, event.time, event.rubric)
            opinions.setdefault(event.sample, {})[event.author] = opinion
    return {key: Judgement(said) for key, said in opinions.items()}


def over_rule(grade: Grade, judgement: Judgement) -> Grade:
    """A rule's grade with people's verdict in its place, and the rule's own kept beside it.

    Where people can't agree the rule's stands. Of a wrong answer the rule's finer word (abstained,
    partial ...) is kept. Scores other than "correct" stay what their definitions make them: a
    published F1 is no opinion. An ungraded answer gets its "correct" here.
    """
    verdict = judgement.verdict
    people = {"verdict": verdict, "opinions": plain(judgement)}
    if not verdict:
        return replace(grade, people=people)
    agreeing = [author for author, o in judgement.opinions.items() if o.verdict == verdict]
    notes = [f"{author}: {o.note}" for author, o in judgement.opinions.items() if o.note]
    return replace(
        grade.decided(verdict == RIGHT),
        author=f"human:{','.join(agreeing)}",
        reason="; ".join([grade.reason, *notes] if grade.reason else notes),
        rule=grade,
        people=people,
    )


def plain(judgement: Judgement) -> dict[str, dict[str, str]]:
    """Opinions as plain JSON, by author."""
    return {author: dataclasses.asdict(o) for author, o in judgement.opinions.items()}
