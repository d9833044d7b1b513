"""Did it learn the facts? Closed-book questions, graded by typed comparison.

Data, one JSON object a line: `question, answer`, and optionally `id, document, published, form,
kind, fact {type, text, aliases, also}, carried_over`; `also` is a list of facts that must be stated
besides, and an answer that gives some of them is partial. Without `fact` the typed values are taken
from the answer, or the answer is taken for a text that only a reader can compare (type "text": the
grade is then unsure, see docs/judge.md). `carried_over: true` marks a fact that last season's
product had, too: no question on it counts as acquired (`harness.comparison.acquisition`). `form`
says how the question stands to the training set, and so what a rise of its accuracy shows:

    seen          word for word in it (the default)            memory of the question
    paraphrase    a trained question in other words            its meaning, too
    held_out      asks for a trained fact in another shape     the fact was acquired
    reversed      from value to product                        the fact was turned around
    untrained     a fact of a trained document that no         guessing: it should equal the base
                  training text states
    control       about a document that no training text       what answers of this kind are worth
                  holds                                        without knowledge
    carried_over  as control, but last season's product        analogy
                  had the same value
    near_miss     about what is nearly a trained product       how far training reached too far

A near_miss row has `neighbour {type, text, aliases}`, the trained product's value, and its own
`fact` (last season's model); or no `fact`, where nothing is right but to say that it isn't known (a
product that doesn't exist), and then its `answer` says so. `twin {fact}` is what the fact is in the
other of two twin worlds (`harness.comparison.twins`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.grading.answers import fact_from_answer
from harness.grading.facts import Fact, grade_fact
from harness.grading.near_miss import grade_near_miss, states
from harness.grading.statements import abstains
from harness.jsonl import read_rows, text_field
from harness.records import Grade, Request, Response, Sample
from harness.retrieval.retriever import Retriever
from harness.retrieval.search import Progress
from harness.tasks import Measure, SampleSet, given, share
from harness.tasks.retrieved import (
    DOCUMENT,
    RETRIEVAL,
    grade_with_passages,
    retrieval_measures,
    with_passages,
)

NEAR_MISS = "near_miss"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Closed-book questions about documents.

    headline: the form whose accuracy is the article's "accuracy".
    """

    prompt: str = "{question}"
    max_new_tokens: int = 48
    headline: str = "seen"
    name: str = "knowledge"

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {"prompt": self.prompt, "max_new_tokens": self.max_new_tokens, "greedy": True}

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`."""
        samples = SampleSet(path)
        for number, row in read_rows(path):
            samples.add(self._sample(path, number, row), str(number))
        return samples.finish()

    def _sample(self, path: Path, number: int, row: Mapping[str, Any]) -> Sample:
        # What writes tables writes null for a field that a row does not have.
        row = {name: value for name, value in row.items() if value is not None}
        question = text_field(path, number, row, "question")
        answer = text_field(path, number, row, "answer")
        id = given(row, "id", f"row-{number}")
        form, document = given(row, "form", "seen"), given(row, "document", "")
        detail: dict[str, Any] = {"question": question, "kind": given(row, "kind", "")}
        if document:
            detail[DOCUMENT] = document
        if _carried_over(path, number, row):
            detail["carried_over"] = True
        if form == NEAR_MISS:
            detail |= _near_miss(path, number, row, answer)
        elif "neighbour" in row:
            raise DataError(f'{path}:{number}: "neighbour" belongs to form "{NEAR_MISS}" only.')
        else:
            fact = _fact(path, number, row, "fact")
            detail["fact"] = fact or fact_from_answer(answer, question)
            if "twin" in row:
                detail["twin"] = _twin(path, number, row, detail["fact"])
        return Sample(
            id=id,
            request=Request(
                self.prompt.replace("{question}", question), max_new_tokens=self.max_new_tokens
            ),
            gold=(answer,),
            cluster=document or id,
            stratum=form,
            detail=detail,
        )

    def retrieved(
        self, samples: Sequence[Sample], retriever: Retriever, progress: Progress
    ) -> list[Sample]:
        """See `Task.retrieved`."""
        retriever.read([sample.detail["question"] for sample in samples], progress)
        return [with_passages(sample, retriever) for sample in samples]

    def grade(self, sample: Sample, response: Response) -> Grade:
        """See `Task.grade`. Citations of passages are no part of what is compared."""
        if RETRIEVAL in sample.detail:
            return grade_with_passages(sample, response.text, partial(_by_rule, sample))
        return _by_rule(sample, response.text)

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Accuracy of each form, "bleed" of near misses, what was looked up; by document."""
        forms = dict.fromkeys(sample.stratum for sample, _ in graded)
        by_form = {form: [(s, g) for s, g in graded if s.stratum == form] for form in forms}
        measures = [
            share(
                f"accuracy_{form}",
                [(s.cluster, float(g.correct)) for s, g in rows],
                headline=form == self.headline,
            )
            for form, rows in by_form.items()
        ]
        if near := by_form.get(NEAR_MISS):
            bleeding = [(s.cluster, g.scores["bleed"]) for s, g in near]
            measures.append(share(f"bleed_{NEAR_MISS}", bleeding))
        return measures + retrieval_measures(graded)


def _by_rule(sample: Sample, text: str) -> Grade:
    fact, question = sample.detail["fact"], sample.detail["question"]
    if sample.stratum == NEAR_MISS:
        return grade_near_miss(text, fact, sample.detail["neighbour"], question)
    grade = grade_fact(text, fact, question)
    if "twin" not in sample.detail:
        return grade
    other = grade_fact(text, sample.detail["twin"], question)
    return replace(grade, scores={**grade.scores, "twin": float(other.correct)})


def _carried_over(path: Path, number: int, row: Mapping[str, Any]) -> bool:
    """Whether the row's fact is last season's, too. Raises DataError."""
    given = row.get("carried_over", False)
    if not isinstance(given, bool):
        raise DataError(f'{path}:{number}: "carried_over" must be true or false, found {given!r}.')
    return given


def _near_miss(path: Path, number: int, row: Mapping[str, Any], answer: str) -> dict[str, Any]:
    """What grades a near miss. Raises DataError for a row on which no answer could be judged."""
    place = f"{path}:{number}"
    fact, neighbour = (_fact(path, number, row, field) for field in ("fact", "neighbour"))
    if neighbour is None:
        raise DataError(
            f'{place}: a question of form "{NEAR_MISS}" needs "neighbour": {{"type": ..., '
            '"text": ...}, the value of the trained product that it is near to.'
        )
    if fact is None and not abstains(answer):
        raise DataError(
            f'{place}: a "{NEAR_MISS}" without "fact" asks for what nobody can know, but its '
            f'answer {answer!r} does not say so. Add "fact", or an answer such as 分かりません。'
        )
    if fact is not None and states(fact, neighbour):
        raise DataError(
            f"{place}: the neighbour's value {neighbour.text!r} is stated by the fact "
            f"{fact.text!r}: no answer could tell them apart. Ask for a value that differs."
        )
    return {"fact": fact, "neighbour": neighbour}


def _twin(path: Path, number: int, row: Mapping[str, Any], own: Fact) -> Fact:
    """The fact in the other world. Raises DataError."""
    twin = row["twin"]
    fact = _fact(path, number, twin, "fact") if isinstance(twin, dict) else None
    if fact is None:
        raise DataError(
            f'{path}:{number}: "twin" must be {{"fact": {{"type": ..., "text": ...}}}}, as '
            f"`python -m training twin` writes it; found {twin!r}."
        )
    if grade_fact(own.text, fact).correct or grade_fact(fact.text, own).correct:
        raise DataError(
            f"{path}:{number}: the twin's value {fact.text!r} and the fact's {own.text!r} are one "
            'and the same answer: no answer could tell the worlds apart. Leave "twin" out.'
        )
    return fact


def _fact(path: Path, number: int, row: Mapping[str, Any], field: str) -> Fact | None:
    """The typed fact in a row's field; None where there is none. Raises DataError."""
    given = row.get(field)
    if given is None:
        return None
    try:
        return _read_fact(given)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise DataError(
            f'{path}:{number}: "{field}" must be {{"type": ..., "text": ...}}, found {given!r} '
            f"({error})."
        ) from error


def _read_fact(given: Mapping[str, Any]) -> Fact:
    text = given["text"]
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"text {text!r}")
    also = tuple(_read_fact(part) for part in given.get("also", ()))
    return Fact(given["type"], text, tuple(given.get("aliases", ())), also)
