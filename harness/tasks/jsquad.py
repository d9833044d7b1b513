"""JSQuAD: take the answer out of the given text. Data: SQuAD 1.1 JSON as JGLUE publishes it.

Contexts are `title [SEP] text` and are asked as they stand. Scores under three definitions that
circulate under one name; `harness.grading.extractive` says what each is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.grading import extractive
from harness.jsonl import read_json
from harness.records import Grade, Request, Response, Sample
from harness.statistics.intervals import mean_interval
from harness.tasks import Measure, SampleSet

PROMPT = (
    "次の文章を読み、質問の答えを文章から抜き出してください。\n\n"
    "文章：{context}\n\n質問：{question}"
)
METRICS = ("f1", "exact_match", "exact_match_lm_eval", "char_f1_llm_jp_eval")


@dataclass(frozen=True, slots=True)
class JSQuAD:
    """Extractive question answering, generated greedily."""

    prompt: str = PROMPT
    max_new_tokens: int = 32
    name: str = "jsquad"

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {"prompt": self.prompt, "max_new_tokens": self.max_new_tokens, "greedy": True}

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`."""
        samples = SampleSet(path)
        for place, title, context, question in questions(path):
            try:
                gold = tuple(answer["text"] for answer in question["answers"])
                asked = str(question["question"])
                prompt = self.prompt.replace("{question}", asked)
                id = str(question["id"])
            except (KeyError, TypeError) as error:
                raise DataError(
                    f"{path}: {place}: expected id, question and answers[].text ({error!r})."
                ) from error
            if not gold:
                raise DataError(f"{path}: {place}: question {id!r} has no answer.")
            request = Request(
                prompt.replace("{context}", context), max_new_tokens=self.max_new_tokens
            )
            detail = {"question": asked}
            samples.add(Sample(id, request, gold, cluster=title, detail=detail), place)
        return samples.finish()

    def grade(self, sample: Sample, response: Response) -> Grade:
        """See `Task.grade`."""
        return extractive.grade(response.text, sample.gold)

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Mean of each definition, clustered by article."""
        clusters = [sample.cluster for sample, _ in graded]
        measures = []
        for metric in METRICS:
            value, interval = mean_interval([g.scores[metric] for _, g in graded], clusters)
            measures.append(
                Measure(metric, value, interval, len(clusters), len(set(clusters)), metric == "f1")
            )
        return measures


def questions(path: Path) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Yield (place, article title, context, question) over a SQuAD file. Raises DataError."""
    document = read_json(path, "Expected one SQuAD 1.1 document, as jsquad-valid-v1.3.json is.")
    try:
        for a, article in enumerate(document["data"]):
            for p, paragraph in enumerate(article["paragraphs"]):
                for q, question in enumerate(paragraph["qas"]):
                    place = f"data[{a}].paragraphs[{p}].qas[{q}]"
                    title = str(article.get("title", f"article-{a}"))
                    yield place, title, paragraph["context"], question
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path}: not in SQuAD 1.1 form (data[].paragraphs[].qas[]): {error!r}."
        ) from error
