"""How well did the base know each fact before? SliCK (Gekhman et al. 2024, arXiv 2405.05904).

Data: the questions of the task `knowledge`. Each fact that has a "seen" or a "control" question is
asked in all wordings of the file (the "paraphrase" ones, too) and, in the first one, behind a few
questions and answers of its kind on other documents: on each prompt once greedily, on the first
wording and the few-shot prompts also several times by sampling. `harness.grading.slick` has the
categories; their shares are told apart by set of documents, trained and control.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.grading.facts import Fact, grade_fact
from harness.grading.slick import GREEDY, SAMPLED, Category, categories
from harness.records import Grade, Request, Response, Sample
from harness.statistics.intervals import mean_interval
from harness.tasks import Measure
from harness.tasks.knowledge import Knowledge
from harness.tasks.parameters import at_least, between

EXAMPLE = "質問：{question}\n答え：{answer}"
_CONTROL = "control"
_NEXT = "質問："  # where a model goes on with an example of its own


@dataclass(frozen=True, slots=True)
class Known:
    """Facts by how well they are known. The paper: 10 prompts of 4 shots, 16 samples at 0.5.

    prompts: few-shot prompts a fact, each with `shots` examples. samples: draws at `temperature` on
    the seen wording and on each few-shot prompt. data_of: the task whose data serve where the
    matrix names none for this one.
    """

    prompts: int = 4
    shots: int = 4
    samples: int = 4
    temperature: float = 0.5
    max_new_tokens: int = 48
    name: str = "known"
    data_of: str = "knowledge"

    def __post_init__(self) -> None:
        at_least("Known", "prompts", self.prompts, 0, "0 asks without examples.")
        at_least("Known", "shots", self.shots, 1, "Known(prompts=0) asks without examples.")
        at_least("Known", "samples", self.samples, 0, "0 asks each prompt once, greedily.")
        at_least("Known", "max_new_tokens", self.max_new_tokens, 1, "48 is the default.")
        between("Known", "temperature", self.temperature, 0, math.inf, "The paper's is 0.5.")

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {
            "prompts": self.prompts,
            "shots": self.shots,
            "example": EXAMPLE,
            "samples": self.samples,
            "temperature": self.temperature,
            "max_new_tokens": self.max_new_tokens,
        }

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`. Raises DataError also where there are too few examples."""
        questions = Knowledge(max_new_tokens=self.max_new_tokens).load(path)
        pool = sorted((q for q in questions if q.stratum == "seen"), key=lambda q: _ticket(q.id))
        if not pool:
            raise DataError(f'{path}: no question of form "seen": there is no fact to ask about.')
        return [
            sample
            for key, wordings in _facts(questions).items()
            for sample in self._samples(path, key, wordings, pool)
        ]

    def select(self, samples: Sequence[Sample], limit: int | None) -> list[Sample]:
        """As many whole facts as `limit` samples hold, at least one: half a fact has no category.

        By the hash of the seen question's id, as `harness.selection` draws: the facts of a limit
        are among those of a larger one, and those that the knowledge suite asks about.
        """
        if limit is None:
            return list(samples)
        sizes = Counter(str(sample.detail["fact_key"]) for sample in samples)
        drawn = {str(s.detail["fact_key"]): _ticket(s.detail["seen_id"]) for s in samples}
        kept: set[str] = set()
        room = limit
        for key in sorted(sizes, key=drawn.__getitem__):
            room -= sizes[key]
            if kept and room < 0:
                break
            kept.add(key)
        return [sample for sample in samples if sample.detail["fact_key"] in kept]

    def grade(self, sample: Sample, response: Response) -> Grade:
        """See `Task.grade`."""
        return grade_fact(response.text, sample.detail["fact"], sample.detail["question"])

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """Share of the facts in each category, clustered by document; "_control" ones apart."""
        return [
            measure
            for form, tail in (("seen", ""), (_CONTROL, f"_{_CONTROL}"))
            for measure in self._shares([x for x in graded if x[0].detail["set"] == form], tail)
        ]

    def _shares(self, graded: Sequence[tuple[Sample, Grade]], tail: str) -> list[Measure]:
        found = categories(
            {"stratum": s.stratum, "correct": g.correct, "detail": s.detail} for s, g in graded
        )
        document = {str(s.detail["fact_key"]): s.cluster for s, _ in graded}
        clusters = [document[key] for key in found]
        if not found:
            return []
        measures = []
        for category in Category:
            scores = [float(of_fact is category) for of_fact in found.values()]
            value, interval = mean_interval(scores, clusters)
            measures.append(
                Measure(
                    metric=f"share_{category}{tail}",
                    value=value,
                    interval=interval,
                    n=len(scores),
                    clusters=len(set(clusters)),
                    headline=category is Category.UNKNOWN and not tail,
                )
            )
        return measures

    def _samples(
        self, path: Path, key: str, wordings: Sequence[Sample], pool: Sequence[Sample]
    ) -> Iterator[Sample]:
        seen = wordings[0]
        few_shot = [
            (f"few-shot-{n}", dataclasses.replace(seen, request=request))
            for n, request in enumerate(self._few_shot(path, key, seen, pool), 1)
        ]
        reworded = [(f"wording-{n}", wording) for n, wording in enumerate(wordings[1:], 2)]
        for name, question in [("seen", seen), *reworded, *few_shot]:
            yield _sample(key, f"{name}/{GREEDY}", GREEDY, question, question.request, seen)
        for name, question in [("seen", seen), *few_shot]:
            for draw in range(self.samples):
                request = dataclasses.replace(
                    question.request, temperature=self.temperature, draw=draw
                )
                yield _sample(key, f"{name}/draw-{draw + 1}", SAMPLED, question, request, seen)

    def _few_shot(
        self, path: Path, key: str, seen: Sample, pool: Sequence[Sample]
    ) -> Iterator[Request]:
        """The seen wording behind examples: each prompt takes the next ones from a hashed place.

        Of the fact's own kind where there are enough: behind a telephone number a small model
        answers with a telephone number, and that says nothing of what it knows.
        """
        alike = [e for e in pool if e.detail["kind"] == seen.detail["kind"]]
        others = [e for e in pool if e.detail["kind"] != seen.detail["kind"]]
        for number in range(self.prompts):
            turn = int(_ticket(key), 16) + number * self.shots
            drawn = (e for e in (*_turned(alike, turn), *_turned(others, turn)) if _serves(e, seen))
            examples = list(islice(drawn, self.shots))
            if len(examples) < self.shots:
                raise DataError(
                    f"{path}: {len(examples)} questions of other documents can stand as examples "
                    f"before {seen.id!r}, {self.shots} are needed. Add documents, or ask with "
                    "Known(shots=...) or Known(prompts=0)."
                )
            shown = [_example(e.detail["question"], e.gold[0]) for e in examples]
            prompt = "\n\n".join([*shown, _example(seen.detail["question"], "")])
            yield dataclasses.replace(seen.request, prompt=prompt, stop=(_NEXT,))


def _facts(questions: Sequence[Sample]) -> dict[str, list[Sample]]:
    """The wordings of each fact, a seen one first, by the key "document/kind".

    Where a document has several facts of a kind, the key ends with the id of the seen question.
    """
    places: dict[tuple[str, str], dict[Fact, list[Sample]]] = {}
    for question in questions:
        if question.stratum in ("seen", _CONTROL):
            facts = places.setdefault((question.cluster, question.detail["kind"]), {})
            facts.setdefault(question.detail["fact"], []).append(question)
    for question in questions:
        if question.stratum == "paraphrase":
            facts = places.get((question.cluster, question.detail["kind"]), {})
            # Without typed facts in the file an answer in other words may be read as another one.
            fact = next(iter(facts)) if len(facts) == 1 else question.detail["fact"]
            if fact in facts:
                facts[fact].append(question)
    return {
        f"{document}/{kind}" + (f"/{wordings[0].id}" if len(facts) > 1 else ""): wordings
        for (document, kind), facts in places.items()
        for wordings in facts.values()
    }


def _turned(pool: Sequence[Sample], turn: int) -> Sequence[Sample]:
    """The pool, begun at another place."""
    start = turn % max(1, len(pool))
    return (*pool[start:], *pool[:start])


def _serves(example: Sample, seen: Sample) -> bool:
    """Whether an example is of another document and does not give the answer away."""
    if example.cluster == seen.cluster:
        return False
    told = grade_fact(example.gold[0], seen.detail["fact"], seen.detail["question"])
    return told.scores["recall"] < 1


def _example(question: str, answer: str) -> str:
    return EXAMPLE.format(question=question, answer=answer)


def _sample(
    key: str, name: str, stratum: str, question: Sample, request: Request, seen: Sample
) -> Sample:
    detail = {**question.detail, "fact_key": key, "seen_id": seen.id, "set": seen.stratum}
    return dataclasses.replace(
        question, id=f"{key}/{name}", request=request, stratum=stratum, detail=detail
    )


def _ticket(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
