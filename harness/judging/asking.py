"""A judge asked of the answers of one item, and its opinions put beside the rule's grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.judging.calibration import Calibration, stratum_of
from harness.judging.counting import over_unsure
from harness.judging.prompt import Case, judge_requests
from harness.judging.rubric import JudgeRubric
from harness.judging.verdict import Opinion, Said, opinion, read_verdict
from harness.records import Ask, Grade, Graded, Outcome, Response, Sample


@dataclass(frozen=True, slots=True)
class Bench:
    """How a judge works. model: the id by which it goes. setup: digits that stand for all that
    makes another judge of it (`calibration.Judged`). always: asked of every written answer.

    repeats: times asked of one answer, at `temperature`. calibration: None where nothing is known
    of how far it is to be trusted; it then never counts.
    """

    model: str
    setup: str
    always: bool
    repeats: int
    temperature: float
    rubric: JudgeRubric
    calibration: Calibration | None = None


def judged(suite: str, graded: Sequence[Graded], bench: Bench, ask: Ask) -> list[Graded]:
    """The answers of a suite with the judge's opinions in their grades, in the same order.

    ask: the judge's responses to all of these requests. Equal answers are one case, asked once.
    """
    cases = [
        case_of(sample, response)
        if _written(response, grade) and (bench.always or (grade.rule or grade).unsure)
        else None
        for sample, response, grade in graded
    ]
    heard = _heard(list(dict.fromkeys(case for case in cases if case)), bench, ask)
    return [
        (sample, response, _told(suite, sample, grade, heard[case], bench) if case else grade)
        for (sample, response, grade), case in zip(graded, cases, strict=True)
    ]


def case_of(sample: Sample, response: Response) -> Case:
    """What the judge is shown of an answer: the bare question, not the prompt around it.

    Accepted is what the sample's gold says, and any alias of its fact.
    """
    question = str(sample.detail.get("question") or sample.request.asked)
    aliases = getattr(sample.detail.get("fact"), "aliases", ())
    references = tuple(dict.fromkeys((*sample.gold, *aliases)))
    return Case(question, references, response.text)


def _written(response: Response, grade: Grade) -> bool:
    """Whether there is a text that somebody wrote, and that is right or wrong."""
    silent = response.finish == "scored" or response.unanswered or not response.text.strip()
    return not silent and grade.outcome is not Outcome.MEASURED


@dataclass(frozen=True, slots=True)
class _Heard:
    """An opinion, and which snapshots of an API's model gave it.

    cut, unanswered: times without a verdict because the text was cut off, because there was none.
    """

    opinion: Opinion
    snapshots: tuple[str, ...]
    cut: int
    unanswered: int


def _heard(cases: Sequence[Case], bench: Bench, ask: Ask) -> dict[Case, _Heard]:
    asked = {
        case: judge_requests(case, bench.rubric, bench.repeats, bench.temperature) for case in cases
    }
    requests = [request for of_case in asked.values() for request in of_case]
    responses = ask(requests) if requests else {}
    return {
        case: _hearing(case, [responses[request] for request in of_case])
        for case, of_case in asked.items()
    }


def _hearing(case: Case, responses: Sequence[Response]) -> _Heard:
    said = [_said(case, response) for response in responses]
    silent = [r for r, one in zip(responses, said, strict=True) if one is None]
    return _Heard(
        opinion(said),
        tuple(sorted({r.usage.model for r in responses if r.usage and r.usage.model})),
        cut=sum(response.finish == "length" for response in silent),
        unanswered=sum(response.unanswered for response in silent),
    )


def _said(case: Case, response: Response) -> Said | None:
    return None if response.unanswered else read_verdict(response.text, case.answer)


def _told(suite: str, sample: Sample, grade: Grade, heard: _Heard, bench: Bench) -> Grade:
    rule = grade.rule or grade
    kind = str(sample.detail.get("kind") or "")
    stratum = stratum_of(suite, sample.stratum, kind, rule.unsure)
    trusted = bench.calibration is not None and bench.calibration.trusts(stratum, heard.snapshots)
    # A person's verdict stands over the judge's, which is told beside it.
    judged = over_unsure(rule, heard.opinion, bench.model, trusted and grade.rule is None)
    told = {**judged.judge, "trusted": trusted, "setup": bench.setup}
    why = {"cut": heard.cut, "unanswered": heard.unanswered}
    told |= {name: times for name, times in why.items() if times}
    if heard.snapshots:
        told["snapshots"] = list(heard.snapshots)
    if grade.rule is None:
        return replace(judged, judge=told)
    return replace(grade, judge=told)
