"""What does it make up, and can it be told? Signals of doubt in answers that were given anyway.

The questions, prompts and grades are another suite's, the knowledge suite's unless another is
given, so its answers serve and are not asked for again. How sure the model was of each token is
recorded as it writes, by weights on this machine and, but for the entropy, by servers that tell it;
of other answers the shares remain, and what is drawn anew. Asked besides is how likely each
question is without any answer; on request also, with one more request a question, whether the model
believes its answer (p_true), and `draws` answers more, whose meanings are told by values, words, or
the matrix's judge (`grading.meanings`).

A text suite of your own: evaluate(Hallucination(JSQuAD(), name="hallucination_jsquad")).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.grading.meanings import Answers, Comparer, Verdicts, by_meaning, verdicts_on
from harness.grading.slots import stated_spans
from harness.hallucination import followups, study
from harness.hallucination.labels import ABSTAINED, ANY, HALLUCINATED, TRAINED, group_of, labelled
from harness.hallucination.selection import selection
from harness.hallucination.signals import CONTROLS, ON_REQUEST, SIGNALS, doubts
from harness.records import Grade, Interval, Outcome, Request, Response, Sample
from harness.retrieval.retriever import Retriever
from harness.retrieval.search import Progress
from harness.tasks import AskedTask, Measure, Study
from harness.tasks.knowledge import Knowledge

_HEADLINES = ("hallucinated_trained", "hallucinated_any", "hallucinated_control")
_DECIMALS = 4  # of signals, as their tokens have
_MEANINGS = "meanings"  # how an answer's row tells what those drawn anew were compared by


@dataclass(frozen=True, slots=True)
class Hallucination:
    """See the module. of: the suite whose answers are looked at.

    verdicts: what a judge says of answers drawn anew (`compared`); None where nobody was asked.
    """

    of: AskedTask = field(default_factory=Knowledge)
    draws: int = 0
    p_true: bool = False
    name: str = "hallucination"
    optional: bool = True
    verdicts: Verdicts | None = field(default=None, compare=False)

    @property
    def data_of(self) -> str:
        """See `Task`."""
        return getattr(self.of, "data_of", self.of.name)

    @property
    def judged_as(self) -> str:
        """See `Task`: its answers are the other suite's."""
        return self.of.name

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        found = {**self.of.identity, "of": self.of.name}
        if self.draws:
            found["draws"] = self.draws
        if self.verdicts is not None:
            found["meanings"] = f"{self.verdicts.name}/{self.verdicts.setup}"
        return found

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`."""
        return self.of.load(path)

    def retrieved(
        self, samples: Sequence[Sample], retriever: Retriever, progress: Progress
    ) -> list[Sample]:
        """See `Task.retrieved`: with what the other suite shows."""
        if not hasattr(self.of, "retrieved"):
            return list(samples)
        found: list[Sample] = self.of.retrieved(samples, retriever, progress)
        return found

    def following(self, answered: Sequence[tuple[Sample, Response]]) -> list[Request]:
        """See `Task`."""
        return [
            request
            for sample, response in answered
            if response.text.strip() and not response.unanswered
            for request in self._asked_of(sample, response)
        ]

    def _asked_of(self, sample: Sample, response: Response) -> list[Request]:
        asked = [followups.question_read(sample)]
        if self.p_true:
            asked.append(followups.belief(sample, response.text))
        return asked + list(followups.redrawn(sample.request, self.draws))

    def compared(
        self,
        answered: Sequence[tuple[Sample, Response]],
        followed: Mapping[Request, Response],
        comparer: Comparer,
    ) -> Hallucination:
        """See `Task`: with a judge's word on which answers drawn anew mean the same."""
        if not self.draws:
            return self
        drawn = [self._drawn(sample, response, followed) for sample, response in answered]
        return replace(self, verdicts=verdicts_on([group for group in drawn if group], comparer))

    def _drawn(
        self, sample: Sample, response: Response, followed: Mapping[Request, Response]
    ) -> Answers | None:
        """An answer with those drawn anew; None where there are none."""
        if response.unanswered or not response.text.strip():
            return None
        asked = followups.redrawn(sample.request, self.draws)
        drawn = [followed[request] for request in asked if request in followed]
        if not asked or len(drawn) < len(asked):
            return None
        return followups.read_drawn(sample, response.text, drawn)

    def grades(
        self,
        answered: Sequence[tuple[Sample, Response]],
        _reference: Mapping[Request, Response],
        followed: Mapping[Request, Response],
    ) -> list[Grade]:
        """See `Task`: the other suite's grades, with signals as figures."""
        return [self._graded(sample, response, followed) for sample, response in answered]

    def _graded(
        self, sample: Sample, response: Response, followed: Mapping[Request, Response]
    ) -> Grade:
        drawn = self._drawn(sample, response, followed)
        figures = self._signals(sample, response, followed)
        detail: dict[str, Any] = {"group": group_of(sample)}
        if drawn is not None:
            sorting = by_meaning(drawn, self.verdicts.told if self.verdicts else None)
            figures |= followups.spread(sorting)
            detail[_MEANINGS] = followups.ways_of(sorting)
        figures = {name: round(value, _DECIMALS) for name, value in figures.items()}
        return replace(self.of.grade(sample, response), figures=figures, detail=detail)

    def relabelled(self, sample: Sample, response: Response, grade: Grade) -> Grade:
        """See `Task`: whether it is made up, by whoever judged it, and by the rule as well."""
        rule = grade.rule and _with_labels(sample, response, grade.rule)
        return replace(_with_labels(sample, response, grade), rule=rule)

    def _signals(
        self, sample: Sample, response: Response, followed: Mapping[Request, Response]
    ) -> dict[str, float]:
        if response.unanswered or not response.text.strip():
            return {}
        fact, question = sample.detail.get("fact"), followups.question_of(sample)
        kind = fact or sample.detail.get("neighbour")
        spans = stated_spans(response.text, kind, question) if kind else []
        found = doubts(response.certainty, spans) if response.certainty else {}
        read = followups.question_nll(followed.get(followups.question_read(sample)))
        if read is not None:
            found["question_nll"] = read
        belief = followed.get(followups.belief(sample, response.text)) if self.p_true else None
        if belief is not None:
            found["p_true"] = followups.p_true(belief)
        return found

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """See `Task`: shares by group, what signals tell, calibration, and what may be answered."""
        judged = [(sample, grade) for sample, grade in graded if HALLUCINATED in grade.scores]
        answers = [_answer(sample, grade) for sample, grade in judged]
        figures = study.shares(answers)
        if (wrong := study.confidently_wrong(answers)) is not None:
            figures["confidently_wrong"] = wrong
        calibrated, bins = study.calibration(answers)
        detected = study.detection(answers)
        chosen = selection(answers)
        measures = [
            *(_measure(name, figure) for name, figure in {**figures, **calibrated}.items()),
            *_detected(detected.get(TRAINED) or detected.get(ANY) or {}),
            *_selected(chosen),
        ]
        told = sum(bool(answer.signals) for answer in answers)
        by = self.verdicts.name if self.verdicts else ""
        drawn = [g.detail[_MEANINGS] for _, g in graded if _MEANINGS in g.detail]
        details: dict[str, Any] = {
            "detection": detected,
            "reliability": bins,
            "selection": chosen,
            "groups": {g: sum(a.group == g for a in answers) for g in {a.group for a in answers}},
            "told": told,
            "n": len(answers),
            "unjudged": len(graded) - len(judged),
        }
        if ways := followups.all_ways(drawn, by):
            details["meanings"] = ways
        return Study(measures, details)


def _with_labels(sample: Sample, response: Response, grade: Grade) -> Grade:
    return replace(grade, scores={**grade.scores, **labelled(sample, response, grade)})


def _answer(sample: Sample, grade: Grade) -> study.Answer:
    made_up, abstained = (bool(grade.scores[name]) for name in (HALLUCINATED, ABSTAINED))
    return study.Answer(
        group_of(sample),
        sample.cluster,
        made_up,
        abstained,
        grade.outcome is Outcome.CORRECT and not made_up and not abstained,
        {n: grade.figures[n] for n in (*SIGNALS, *ON_REQUEST, *CONTROLS) if n in grade.figures},
    )


def _measure(name: str, figure: study.Figure) -> Measure:
    return Measure(
        name, figure.value, figure.interval, figure.n, figure.clusters, name in _HEADLINES
    )


def _detected(entries: Mapping[str, Mapping[str, Any]]) -> list[Measure]:
    return [
        _interval_measure(f"{metric}_{signal}", entry, metric, prefix)
        for signal, entry in entries.items()
        for metric, prefix in (("auroc", ""), ("ap", "ap_"))
    ]


def _interval_measure(name: str, entry: Mapping[str, Any], value: str, prefix: str) -> Measure:
    interval = Interval(entry[f"{prefix}low"], entry[f"{prefix}high"], entry[f"{prefix}interval"])
    return Measure(name, entry[value], interval, entry["n"], entry["clusters"])


def _selected(chosen: Mapping[str, Any]) -> list[Measure]:
    if not chosen:
        return []
    percent = round(100 * chosen["target"])
    measures = []
    for name, value in ((f"answered_at_{percent}", "coverage"), (f"risk_at_{percent}", "risk")):
        interval = Interval(**chosen[f"{value}_interval"])
        n = chosen["n"] if value == "coverage" else chosen["answered"]
        if n:
            clusters = chosen["clusters"] if value == "coverage" else chosen["clusters_answered"]
            measures.append(Measure(name, chosen[value], interval, n, clusters))
    if withheld := chosen["withheld"]:
        interval = Interval(**withheld["interval"])
        figures = withheld["value"], interval, withheld["n"], withheld["clusters"]
        measures.append(Measure(f"withheld_at_{percent}", *figures))
    return measures
