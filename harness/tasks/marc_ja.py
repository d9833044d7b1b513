"""MARC-ja: is a review positive or negative? The likelier of two answers counts.

Of a model that doesn't tell likelihoods, the answer that it writes counts: another identity.

Data, one JSON object a line, in either published form: `review_id, text, label` with labels
"positive"/"negative" (JGLUE's own files), or `sentence, label` with 0 for positive and 1 for
negative (the hub's copies). MARC-ja was withdrawn with the reviews it was made of; bring your own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.grading import choice
from harness.jsonl import read_rows, text_field
from harness.records import Grade, Outcome, Request, Response, Sample
from harness.statistics.classification import summarise
from harness.tasks import Measure, SampleSet

PROMPT = (
    "次のレビューは好意的ですか。「ポジティブ」か「ネガティブ」で答えてください。\n\n"
    "レビュー：{text}"
)
LABELS = {"positive": "ポジティブ", "negative": "ネガティブ"}
_NUMBERED = ("positive", "negative")
_NO_LABEL = ""


@dataclass(frozen=True, slots=True)
class MarcJa:
    """Binary sentiment by the summed log-likelihood of each answer.

    in_words: the model writes its answer, and the label that it states counts. An answer that
    states none, or both, is wrong.
    """

    prompt: str = PROMPT
    name: str = "marc_ja"
    in_words: bool = False
    max_new_tokens: int = 16

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        asked = {"prompt": self.prompt, "answers": list(LABELS.values())}
        if self.in_words:
            return {**asked, "in_words": True, "max_new_tokens": self.max_new_tokens}
        return {**asked, "likelihood": "sum"}

    def generative(self) -> MarcJa:
        """See `Task`."""
        return replace(self, in_words=True)

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`."""
        samples = SampleSet(path)
        for number, id, text, label in reviews(path):
            prompt = self.prompt.replace("{text}", text)
            if self.in_words:
                request = Request(prompt, max_new_tokens=self.max_new_tokens)
            else:
                request = Request(prompt, continuations=tuple(LABELS.values()))
            gold = LABELS[label]
            samples.add(Sample(id, request, (gold,), cluster=id), str(number))
        return samples.finish()

    def grade(self, sample: Sample, response: Response) -> Grade:
        """See `Task.grade`."""
        if self.in_words:
            return choice.grade_stated(response.text, tuple(LABELS.values()), sample.gold[0])
        return choice.grade(response.logprobs, sample.request.continuations, sample.gold[0])

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Accuracy (Wilson), balanced accuracy and macro-F1 (bootstrap): one class is the rarer."""
        labels = tuple(LABELS.values())
        gold = [sample.gold[0] for sample, _ in graded]
        said = [_said(g, grade) for g, (_, grade) in zip(gold, graded, strict=True)]
        clusters = [sample.cluster for sample, _ in graded]
        figures = summarise(gold, said, labels, clusters, no_label=_NO_LABEL)
        return [
            Measure(metric, value, interval, len(gold), len(set(clusters)), metric == "accuracy")
            for metric, (value, interval) in figures.items()
        ]


def reviews(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield (line, id, text, "positive" or "negative") of a file. Raises DataError."""
    for number, row in read_rows(path):
        key = "sentence" if "sentence" in row and "text" not in row else "text"
        text = text_field(path, number, row, key)
        label = _label(path, number, row)
        yield number, str(row.get("review_id", f"row-{number}")), text, label


def _said(gold: str, grade: Grade) -> str:
    """The label that an answer gave: there are but two, and none where it states none."""
    if grade.correct:
        return gold
    if grade.outcome is Outcome.ABSTAINED:
        return _NO_LABEL
    return next(other for other in LABELS.values() if other != gold)


def _label(path: Path, number: int, row: Mapping[str, Any]) -> str:
    label = row.get("label")
    if isinstance(label, str) and label in LABELS:
        return label
    if isinstance(label, int) and not isinstance(label, bool) and label in (0, 1):
        return _NUMBERED[label]
    raise DataError(
        f'{path}:{number}: label {label!r}: expected "positive" or "negative", or 0 (positive) or '
        "1 (negative)."
    )
