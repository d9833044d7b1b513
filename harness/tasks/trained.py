"""Does the checkpoint show which questions it was trained on? The experiment every user owns.

Trained questions against held-out ones of the same generator, on documents drawn at random: the one
pair whose members are known for certain, and which nothing but the training tells apart. It shows
that a training took, and what the attacks can do at best: what they don't find here they can't find
in a pre-training. Only the answer is read, after the question; the reference is the model without
the adapter (`Checkpoint.reference`).

Data: questions as the knowledge suite has them; form "seen" was trained, "control" was not. Rows
may name a `dataset`, and are then told apart by it. What was carried over from older documents is
left out: the base may know it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.jsonl import read_rows, text_field
from harness.membership.attacks import PANEL
from harness.membership.panel import Judgement, Scored, Verdict, curves, judge
from harness.records import Grade, Outcome, Request, Response, Sample
from harness.tasks import Measure, SampleSet, Study, given
from harness.tasks.pairs import (
    AUTHOR,
    BLIND,
    NO_REFERENCE,
    blind_of_pair,
    figures_of,
    measure_of,
    reading_of,
    scores_of,
    verdict_details,
)
from harness.tasks.texts import guessed

SEEN, HELD_OUT = "seen", "control"
_WORDS = {
    Verdict.WORKS: "detected",
    Verdict.NO_POWER: "not detected",
    Verdict.TOO_FEW: "too few questions",
    Verdict.INVALID: "invalid",
}
# DC-PDD counts tokens of other text, and answers are of few tokens.
_PANEL = tuple(name for name in PANEL if name != "dc_pdd")
_WANTING = {"reference": NO_REFERENCE}


@dataclass(frozen=True, slots=True)
class Trained:
    """Attacks on answers, by data set. data_of: see `Task`."""

    name: str = "trained"
    optional: bool = True
    data_of: str = "knowledge"

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {"read": "answer"}

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`. Raises DataError also where either form is missing."""
        samples = SampleSet(path)
        for number, row in read_rows(path):
            form = row.get("form")
            if form not in (SEEN, HELD_OUT) or row.get("carried_over"):
                continue
            id = given(row, "id", f"row-{number}")
            dataset = str(row.get("dataset") or "")
            answer = text_field(path, number, row, "answer")
            request = Request(
                prompt=text_field(path, number, row, "question"),
                continuations=(answer,),
                per_token="likelihoods",
            )
            detail = {"dataset": dataset, "published": str(row.get("published") or "")}
            stratum = f"{dataset}/{form}" if dataset else str(form)
            cluster = given(row, "document", id)
            samples.add(Sample(id, request, (answer,), cluster, stratum, detail), str(number))
        forms = {_form(sample) for sample in samples.samples}
        if forms != {SEEN, HELD_OUT}:
            raise DataError(
                f'{path}: needs questions of both forms, "{SEEN}" (trained) and "{HELD_OUT}" (held '
                f"out); found: {', '.join(sorted(forms)) or 'none'}."
            )
        return samples.finish()

    def grades(
        self, answered: Sequence[tuple[Sample, Response]], reference: Mapping[Request, Response]
    ) -> list[Grade]:
        """Each answer's scores by attack, and "blind/BASELINE" of question and answer together."""
        figures: list[dict[str, float]] = []
        for sample, response in answered:
            other = reference.get(sample.request)
            figures.append(scores_of(sample, reading_of(response), sample.gold[0], other))
        samples = [sample for sample, _ in answered]
        for dataset in _datasets(samples):
            places = [i for i, s in enumerate(samples) if s.detail["dataset"] == dataset]
            pair = [samples[place] for place in places]
            texts = [f"{s.request.prompt}\n{s.gold[0]}" for s in pair]
            members = [_form(sample) == SEEN for sample in pair]
            language = Counter(map(guessed, texts)).most_common(1)[0][0]
            for name, blind in blind_of_pair(pair, texts, members, language).items():
                for place, score in zip(places, blind, strict=True):
                    figures[place][BLIND + name] = score
        return [Grade(Outcome.MEASURED, {}, AUTHOR, figures=found) for found in figures]

    def grade(self, sample: Sample, response: Response) -> Grade:
        """One answer alone has no blind scores: see `grades`."""
        return self.grades([(sample, response)], {})[0]

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """AUROCs and a verdict for each data set."""
        measures: list[Measure] = []
        datasets = []
        for dataset in _datasets([sample for sample, _ in graded]):
            texts = [
                Scored(
                    id=sample.id,
                    document=sample.cluster,
                    member=_form(sample) == SEEN,
                    attacks={n: v for n, v in grade.figures.items() if not n.startswith(BLIND)},
                    blind=figures_of(grade.figures, BLIND),
                )
                for sample, grade in graded
                if sample.detail["dataset"] == dataset
            ]
            judgement = judge(texts, _PANEL)
            measures += _measures(dataset, judgement)
            details = verdict_details(judgement, _WORDS, _WANTING)
            attacks = curves(texts, judgement) if judgement.attacks else {}
            datasets.append(details | {"dataset": dataset, "attacks": attacks})
        return Study(measures, {"datasets": datasets})

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> Sequence[Measure]:
        """See `Task.measure`."""
        return self.study(graded).measures


def _measures(dataset: str, judgement: Judgement) -> list[Measure]:
    """The AUROC of the attack with the most evidence, and of the best blind baseline."""
    tail = f"_{_slug(dataset)}" if dataset else ""
    if not judgement.attack:
        return []
    found = [
        measure_of(f"auroc{tail}", judgement.attacks[judgement.attack], judgement, True),
        measure_of(f"evidence{tail}", judgement.evidence[judgement.attack], judgement),
    ]
    if judgement.best_blind:
        found.append(measure_of(f"blind{tail}", judgement.blind[judgement.best_blind], judgement))
    return found


def _datasets(samples: Sequence[Sample]) -> list[str]:
    return list(dict.fromkeys(str(sample.detail["dataset"]) for sample in samples))


def _form(sample: Sample) -> str:
    return sample.stratum.rpartition("/")[2]


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")
