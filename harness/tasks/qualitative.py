"""Does it still answer ordinary questions well? Short answers to everyday questions, read by eye.

Data, one JSON object a line: `id, question`, and optionally `topic` and `reference`. A row without
`reference` asks for what has no one right answer: advice, an explanation, a few kind words.

No rule can say whether such an answer is good. It says what it can: an answer with signs of damage
(`harness.grading.damage`: it never ended, loops, is in another language ...) is wrong, one that
refuses is no answer. Every other one is *ungraded*, until a person grades it (docs/grading.md) or
a calibrated judge does (docs/judge.md): neither right nor wrong, and in no accuracy.

    graded    share of the answers that have a verdict: a person's, a judge's, or the rule's
    accuracy  share of right answers. Those that the rule leaves to a reader stand for each other:
              what is right of the graded ones is taken for all of them (double sampling,
              `harness.statistics.double_sampling`), or the more damage there is, the worse the
              rest would look while few are graded. Absent while none of them has a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.grading.damage import DAMAGED, REFUSED, SIGNS, signs
from harness.jsonl import read_rows, text_field
from harness.records import Grade, Outcome, Request, Response, Sample
from harness.statistics.double_sampling import Stratum, corrected_accuracy
from harness.tasks import Measure, SampleSet, given, share
from harness.tasks.parameters import at_least

AUTHOR = "rule:damage/1"


@dataclass(frozen=True, slots=True)
class Qualitative:
    """Everyday questions, one greedy answer each, without anything looked up."""

    prompt: str = "{question}"
    max_new_tokens: int = 256
    name: str = "qualitative"
    optional: bool = True

    def __post_init__(self) -> None:
        at_least("Qualitative", "max_new_tokens", self.max_new_tokens, 1, "256 is the default.")

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
        id = given(row, "id", f"row-{number}")
        named = row.get("reference") is not None
        reference = (text_field(path, number, row, "reference"),) if named else ()
        prompt = self.prompt.replace("{question}", question)
        return Sample(
            id=id,
            request=Request(prompt, max_new_tokens=self.max_new_tokens),
            gold=reference,
            cluster=id,
            detail={"question": question, "kind": given(row, "topic", "")},
        )

    def grade(self, sample: Sample, response: Response) -> Grade:
        """Wrong where it is damaged, abstained where it refuses, otherwise for a reader to say."""
        seen = signs(sample.asked, sample.gold, response)
        if seen.get(DAMAGED):
            reason = ", ".join(sign for sign in SIGNS if seen[sign])
            return Grade(Outcome.WRONG, {"correct": 0.0}, AUTHOR, reason)
        if seen.get(REFUSED):
            return Grade(Outcome.ABSTAINED, {"correct": 0.0}, AUTHOR, REFUSED)
        return Grade(Outcome.UNGRADED, {}, AUTHOR, unsure=True)

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """`graded`, and `accuracy` where the graded answers tell it."""
        known = [
            (sample.cluster, float(grade.outcome is not Outcome.UNGRADED))
            for sample, grade in graded
        ]
        return [*_accuracy([grade for _, grade in graded]), share("graded", known)]


def _accuracy(grades: Sequence[Grade]) -> list[Measure]:
    """The accuracy, each question a cluster of its own; nothing where it can't be told."""
    left = [(g.rule or g).outcome is Outcome.UNGRADED for g in grades]
    read = [g for g, open in zip(grades, left, strict=True) if open]
    sure = [g for g, open in zip(grades, left, strict=True) if not open]
    said = [g for g in read if g.outcome is not Outcome.UNGRADED]
    right, right_by_rule = (sum(g.correct for g in of) for of in (said, sure))
    found = corrected_accuracy(
        [
            Stratum("left to a reader", size=len(read), graded=len(said), right=right),
            Stratum("sure", size=len(sure), certain=len(sure), certain_right=right_by_rule),
        ]
    )
    if found.value is None or found.interval is None:
        return []
    n = found.graded
    return [Measure("accuracy", found.value, found.interval, n, n, headline=True)]
