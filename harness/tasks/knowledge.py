"""Did it learn the facts? Closed-book questions, graded by typed comparison.

Data, one JSON object a line: `question, answer`, and optionally `id, document, published, form,
kind, fact {type, text, aliases}`. `form` says how the question stands to the training set: "seen"
(word for word in it; the default), "paraphrase", "reversed" (from value to product), "control"
(about a document that no training text holds). Without `fact` the typed values are taken from the
answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.grading.answers import fact_from_answer
from harness.grading.facts import Fact, grade_fact
from harness.jsonl import read_rows, text_field
from harness.records import Grade, Request, Response, Sample
from harness.statistics.intervals import mean_interval
from harness.tasks import Measure, SampleSet


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
        question = text_field(path, number, row, "question")
        answer = text_field(path, number, row, "answer")
        id = str(row.get("id", f"row-{number}"))
        fact = _fact(path, number, row, question, answer)
        return Sample(
            id=id,
            request=Request(
                self.prompt.replace("{question}", question), max_new_tokens=self.max_new_tokens
            ),
            gold=(answer,),
            cluster=str(row.get("document", id)),
            stratum=str(row.get("form", "seen")),
            detail={"question": question, "fact": fact, "kind": str(row.get("kind", ""))},
        )

    def grade(self, sample: Sample, response: Response) -> Grade:
        """See `Task.grade`."""
        return grade_fact(response.text, sample.detail["fact"], sample.detail["question"])

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Accuracy of each form, clustered by document."""
        forms = dict.fromkeys(sample.stratum for sample, _ in graded)
        measures = []
        for form in forms:
            rows = [(s.cluster, float(g.correct)) for s, g in graded if s.stratum == form]
            clusters, scores = zip(*rows, strict=True)
            value, interval = mean_interval(scores, clusters)
            measures.append(
                Measure(
                    metric=f"accuracy_{form}",
                    value=value,
                    interval=interval,
                    n=len(scores),
                    clusters=len(set(clusters)),
                    headline=form == self.headline,
                )
            )
        return measures


def _fact(path: Path, number: int, row: Mapping[str, Any], question: str, answer: str) -> Fact:
    fact = row.get("fact")
    if fact is None:
        return fact_from_answer(answer, question)
    try:
        return Fact(fact["type"], fact["text"], tuple(fact.get("aliases", ())))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise DataError(
            f'{path}:{number}: "fact" must be {{"type": ..., "text": ...}}, found {fact!r} '
            f"({error})."
        ) from error
