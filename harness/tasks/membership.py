"""Does membership inference work on this model, in this language? And what of the own documents?

Data: texts with labels (`harness.tasks.texts`). Each is read once, up to the longest band; all
attacks (`harness.membership.attacks`) are computed on windows of equal token length, by language
and band. `harness.membership.panel` says what their figures are worth. Documents that are asked
about are held against the threshold that a chosen share of the known non-members exceed, but only
where the method works.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.membership.attacks import PANEL, Frequencies, count_tokens, window
from harness.membership.panel import Judgement, Scored, Verdict, curves, judge
from harness.records import Grade, Outcome, Reading, Request, Response, Sample
from harness.statistics.intervals import mean_interval
from harness.statistics.threshold import threshold
from harness.tasks import Measure, SampleSet, Study
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
from harness.tasks.parameters import at_least, between
from harness.tasks.texts import ASKED, FREQUENCIES, MEMBER, OTHER, Text, load_texts

_WORDS = {
    Verdict.WORKS: "works",
    Verdict.NO_POWER: "no power here",
    Verdict.TOO_FEW: "too few texts",
    Verdict.INVALID: "pair invalid",
}
_WANTING = {
    "reference": NO_REFERENCE,
    "dc_pdd": f'no text of this language with the label "{FREQUENCIES}"',
}
_ENOUGH = 0.8  # share of either side that must reach a band for a verdict to be made on it


@dataclass(frozen=True, slots=True)
class Membership:
    """Attacks by language and band. bands: window lengths in tokens. fpr: of the threshold that the
    own documents are held against. frequencies: of tokens, by language; `prepared` fills them in.
    read: files that were read, so that an item reads its texts once.
    """

    bands: tuple[int, ...] = (32, 64, 128)
    fpr: float = 0.05
    frequencies: Mapping[str, Frequencies] = field(default_factory=dict)
    name: str = "membership"
    optional: bool = True
    read: dict[Path, list[Text]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.bands or len(set(self.bands)) < len(self.bands):
            raise ConfigError(
                f"Membership(bands={self.bands!r}): at least one length, and none twice. The "
                "default is (32, 64, 128)."
            )
        for band in self.bands:
            at_least("Membership", "bands", band, 1, "Each is the length of a window in tokens.")
        between("Membership", "fpr", self.fpr, 0, 1, "It is a share, .05 by default.")

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        counted = {language: f.total for language, f in sorted(self.frequencies.items())}
        return {"bands": list(self.bands), "fpr": self.fpr, "frequencies": counted}

    def preliminary(self, path: Path) -> list[Request]:
        """The texts that token frequencies are counted in, to be split into tokens."""
        return [_tokens(text) for text in self._texts(path) if text.label == FREQUENCIES]

    def prepared(self, path: Path, answers: Mapping[Request, Response]) -> Membership:
        """With the token frequencies of each language that there is text for."""
        readings: dict[str, list[Reading]] = {}
        for text in self._texts(path):
            if text.label == FREQUENCIES:
                found = reading_of(answers[_tokens(text)])
                readings.setdefault(text.language, []).append(found)
        counted = {language: count_tokens(texts) for language, texts in readings.items()}
        return dataclasses.replace(self, frequencies=counted)

    def _texts(self, path: Path) -> list[Text]:
        return self.read.get(path) or self.read.setdefault(path, load_texts(path))

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`."""
        samples = SampleSet(path)
        for text in self._texts(path):
            if text.label == FREQUENCIES:
                continue
            request = Request(
                prompt="",
                chat=False,
                continuations=(text.text,),
                per_token="likelihoods",
                window=max(self.bands),
            )
            detail = {
                "language": text.language,
                "label": text.label,
                "published": text.published,
                "characters": len(text.text),
            }
            stratum = f"{text.language}/{text.label}"
            sample = Sample(text.id, request, (), text.document, stratum, detail)
            samples.add(sample, text.place.rpartition(":")[2])
        return samples.finish()

    def grades(
        self,
        answered: Sequence[tuple[Sample, Response]],
        reference: Mapping[Request, Response],
    ) -> list[Grade]:
        """Each text's scores, "BAND/ATTACK" and "blind/BASELINE"; the latter for the pair only."""
        figures: list[dict[str, float]] = [
            self._attacks(sample, response, reference.get(sample.request))
            for sample, response in answered
        ]
        samples = [sample for sample, _ in answered]
        for language in sorted({str(s.detail["language"]) for s in samples}):
            places = [
                place
                for place, sample in enumerate(samples)
                if sample.detail["language"] == language and sample.detail["label"] != ASKED
            ]
            pair = [samples[place] for place in places]
            texts = [sample.request.asked for sample in pair]
            members = [sample.detail["label"] == MEMBER for sample in pair]
            for name, scores in blind_of_pair(pair, texts, members, language).items():
                for place, score in zip(places, scores, strict=True):
                    figures[place][BLIND + name] = score
        return [Grade(Outcome.MEASURED, {}, AUTHOR, figures=found) for found in figures]

    def _attacks(
        self, sample: Sample, response: Response, reference: Response | None
    ) -> dict[str, float]:
        reading = reading_of(response)
        frequencies = self.frequencies.get(str(sample.detail["language"]))
        figures = {"tokens": float(len(reading.ids))}
        for band in self.bands:
            part = window(reading, band)
            if part is not None:
                text = sample.request.asked
                scores = scores_of(sample, part, text, reference, frequencies)
                figures |= {f"{band}/{name}": score for name, score in scores.items()}
        return figures

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """AUROCs, verdicts and what of the own documents is above the threshold, by language."""
        measures: list[Measure] = []
        languages: list[dict[str, Any]] = []
        for language in sorted({str(s.detail["language"]) for s, _ in graded}):
            part = [(s, g) for s, g in graded if s.detail["language"] == language]
            found, details = self._language(language, part)
            measures += found
            languages.append(details)
        return Study(measures, {"languages": languages})

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> Sequence[Measure]:
        """See `Task.measure`."""
        return self.study(graded).measures

    def grade(self, sample: Sample, response: Response) -> Grade:
        """One text alone has no blind scores: see `grades`."""
        return self.grades([(sample, response)], {})[0]

    def _language(
        self, language: str, graded: Sequence[tuple[Sample, Grade]]
    ) -> tuple[list[Measure], dict[str, Any]]:
        by_band = {band: _scored(graded, band) for band in self.bands}
        band = self._band(graded, by_band)
        judged = {b: judge(texts) for b, texts in by_band.items() if texts}
        if band is None:
            verdict = {"language": language, "band": None, "verdict": str(Verdict.TOO_FEW)}
            reason = self._no_band(graded, by_band)
            word = _WORDS[Verdict.TOO_FEW]
            return [], verdict | {"sentence": f"{word}: {reason}", "reason": reason}
        judgement = judged[band]
        asked = self._asked(graded, band, judgement, by_band[band])
        measures = [
            measure_of(f"auroc_{name}_{language}", estimate, judgement, name == judgement.attack)
            for name, estimate in judgement.attacks.items()
        ]
        if judgement.best_blind:
            best = judgement.blind[judgement.best_blind]
            measures.append(measure_of(f"blind_{language}", best, judgement))
        if judgement.attack:
            evidence = judgement.evidence[judgement.attack]
            measures.append(measure_of(f"evidence_{language}", evidence, judgement))
        details = verdict_details(judgement, _WORDS, _WANTING) | {
            "language": language,
            "band": band,
            "bands": [
                {
                    "tokens": b,
                    "members": judged[b].members,
                    "others": judged[b].others,
                    "attacks": curves(by_band[b], judged[b]) if judged[b].attacks else {},
                }
                for b in self.bands
                if b in judged
            ],
            "asked": asked,
        }
        return measures, details

    def _band(
        self, graded: Sequence[tuple[Sample, Grade]], by_band: Mapping[int, Sequence[Scored]]
    ) -> int | None:
        """The longest band that most texts of both sides reach."""
        labels = [sample.detail["label"] for sample, _ in graded]
        whole = {True: labels.count(MEMBER), False: labels.count(OTHER)}
        for band in sorted(self.bands, reverse=True):
            reached = [text.member for text in by_band[band]]
            if all(n and reached.count(side) >= _ENOUGH * n for side, n in whole.items()):
                return band
        return None

    def _no_band(
        self, graded: Sequence[tuple[Sample, Grade]], by_band: Mapping[int, Sequence[Scored]]
    ) -> str:
        shortest = min(self.bands)
        reached = [text.member for text in by_band[shortest]]
        labels = [sample.detail["label"] for sample, _ in graded]
        sides = ((MEMBER, True), (OTHER, False))
        told = [f"{reached.count(side)} of {labels.count(label)} {label}s" for label, side in sides]
        return f"{' and '.join(told)} have {shortest} tokens; {_ENOUGH:.0%} of either are needed"

    def _asked(
        self,
        graded: Sequence[tuple[Sample, Grade]],
        band: int,
        judgement: Judgement,
        pair: Sequence[Scored],
    ) -> dict[str, Any] | None:
        """How many of the own documents score above the threshold; None where that says nothing."""
        labels = [sample.detail["label"] for sample, _ in graded]
        key = f"{band}/{judgement.attack}"
        rows = [
            (sample, grade.figures[key])
            for sample, grade in graded
            if sample.detail["label"] == ASKED and key in grade.figures
        ]
        if judgement.verdict is not Verdict.WORKS or not rows:
            return None
        others = [t.attacks[judgement.attack] for t in pair if not t.member]
        highest = threshold(others, self.fpr)
        above = [float(score > highest) for _, score in rows]
        share, interval = mean_interval(above, [sample.cluster for sample, _ in rows])
        return {
            "n": len(rows),
            "short": labels.count(ASKED) - len(rows),
            "flagged": int(sum(above)),
            "fpr": self.fpr,
            "share": share,
            "low": interval.low,
            "high": interval.high,
            "attack": judgement.attack,
            "threshold": highest,
            "documents": [s.id for (s, _), flag in zip(rows, above, strict=True) if flag],
        }


def _tokens(text: Text) -> Request:
    return Request(prompt="", chat=False, continuations=(text.text,), per_token="ids")


def _scored(graded: Sequence[tuple[Sample, Grade]], band: int) -> list[Scored]:
    """The labelled texts that reach a band."""
    prefix = f"{band}/"
    return [
        Scored(
            id=sample.id,
            document=sample.cluster,
            member=sample.detail["label"] == MEMBER,
            attacks=figures_of(grade.figures, prefix),
            blind=figures_of(grade.figures, BLIND),
        )
        for sample, grade in graded
        if sample.detail["label"] != ASKED and f"{prefix}{PANEL[0]}" in grade.figures
    ]
