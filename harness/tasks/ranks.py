"""Is each fact known? The true value's rank among exchangeable ones (`harness.membership.ranks`).

Data: facts with questions (`harness.tasks.facts`). Each fact is asked about in several wordings,
with its own value and those drawn for it as answers to score.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.membership.claims import ALPHA, Claim, claim, sentence
from harness.membership.ranks import (
    VALUES,
    Candidate,
    Rank,
    document_p,
    exchangeable,
    histogram,
    known_ps,
    means,
    negative,
    rank,
)
from harness.records import Grade, Interval, Outcome, Request, Response, Sample
from harness.selection import limited_groups
from harness.statistics.equivalence import Equivalence, tost_mean
from harness.statistics.multiplicity import benjamini_hochberg
from harness.tasks import Measure, SampleSet, Study
from harness.tasks.facts import CARRIED_OVER, KNOWN, AskedFact, Facts, load_facts
from harness.tasks.parameters import at_least, between

AUTHOR = "rank test"
_BINS = 20
_SHOWN = 100  # flagged documents that a report names
_Ranked = Sequence[tuple[Sample, Mapping[str, float]]]  # facts with their figures


@dataclass(frozen=True, slots=True)
class Ranks:
    """Ranks of true values. values: drawn for each fact; fewer leave it out. prompts: wordings of
    a fact's question at most. margin: how far from .50 a mean rank may be to count as unknown.

    `prepared` fills in tokens: of each value; left_out: how many facts of each set have too few
    values; unused: rows by form that are not asked about. read: files, so that each is read once.
    """

    values: int = VALUES
    prompts: int = 2
    margin: float = 0.05
    tokens: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    unused: Mapping[str, int] = field(default_factory=dict)
    name: str = "ranks"
    optional: bool = True
    data_of: str = "knowledge"
    read: dict[Path, Facts] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        why = f"{VALUES}, the default, is the least with which one fact alone can reach p = .05."
        at_least("Ranks", "values", self.values, 2, why)
        at_least("Ranks", "prompts", self.prompts, 1, "It is wordings of a question, 2 by default.")
        why = "It is how far from .50 an unknown mean rank may be, .05 by default."
        between("Ranks", "margin", self.margin, 0, 0.5, why)

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {"values": self.values, "prompts": self.prompts, "likelihood": "sum"}

    def preliminary(self, path: Path) -> list[Request]:
        """The values, to be split into tokens."""
        values = dict.fromkeys(fact.candidate.value for fact in self._read(path).facts)
        return [_tokens(value) for value in values]

    def prepared(self, path: Path, answers: Mapping[Request, Response]) -> Ranks:
        """With the length of every value, and what its length leaves out."""
        tokens = {request.asked: response.tokens for request, response in answers.items()}
        task = dataclasses.replace(self, tokens=tokens, unused=self._read(path).unused)
        left_out = Counter(
            fact.set for fact, alike in task._facts(path) if not task._enough(fact, alike)
        )
        return dataclasses.replace(task, left_out=left_out)

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`: one sample a fact and wording. Facts with too few values are left out.

        Raises DataError where no fact has enough.
        """
        samples = SampleSet(path)
        for fact, alike in self._facts(path):
            if not self._enough(fact, alike):
                continue
            drawn = exchangeable(fact.candidate, alike, self.values, fact.id)
            for number, question in enumerate(fact.questions[: self.prompts], 1):
                samples.add(_sample(fact, number, question, drawn), str(fact.line))
        if not samples.samples:
            raise DataError(
                f"{path}: no fact has {self.values} others of its kind and token length on other "
                "documents. Add documents, or ask for fewer with Ranks(values=...)."
            )
        return samples.finish()

    def _read(self, path: Path) -> Facts:
        return self.read.get(path) or self.read.setdefault(path, load_facts(path))

    def _facts(self, path: Path) -> list[tuple[AskedFact, Sequence[Candidate]]]:
        """Each fact that is asked about, with the values of its group and length.

        Facts that were carried over lend theirs to none: a value that older text has may be
        likelier than one that no text has.
        """
        facts = [_measured(fact, self.tokens) for fact in self._read(path).facts]
        lending: dict[tuple[tuple[str, ...], int], list[Candidate]] = {}
        for fact in facts:
            if fact.set != CARRIED_OVER:
                key = (fact.candidate.group, fact.candidate.tokens)
                lending.setdefault(key, []).append(fact.candidate)
        return [
            (fact, lending.get((fact.candidate.group, fact.candidate.tokens), ()))
            for fact in facts
            if fact.questions
        ]

    def _enough(self, fact: AskedFact, alike: Sequence[Candidate]) -> bool:
        return sum(c.document != fact.candidate.document for c in alike) >= self.values

    def select(self, samples: Sequence[Sample], limit: int | None) -> list[Sample]:
        """Whole facts, about `limit` requests of them; sets take turns."""
        return limited_groups(samples, limit, "fact_id")

    def grade(self, sample: Sample, response: Response) -> Grade:
        """One wording alone is ranked by itself: see `grades`."""
        return self.grades([(sample, response)], {})[0]

    def grades(
        self, answered: Sequence[tuple[Sample, Response]], reference: Mapping[Request, Response]
    ) -> list[Grade]:
        """The rank of each fact over all its wordings, by mean log-probability."""
        wordings: dict[str, list[tuple[Sample, Response]]] = {}
        for sample, response in answered:
            wordings.setdefault(sample.detail["fact_id"], []).append((sample, response))
        figures = {fact: _figures(asked) for fact, asked in wordings.items()}
        return [
            Grade(Outcome.MEASURED, {}, AUTHOR, figures=figures[sample.detail["fact_id"]])
            for sample, _ in answered
        ]

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """Mean ranks and what they allow to claim, by set and kind; documents that stand out."""
        facts = [(s, g.figures) for s, g in graded if s.detail["wording"] == 1]
        sets = list(dict.fromkeys(sample.stratum for sample, _ in facts))
        bins = min(_BINS, self.values + 1)
        parts = {name: [(s, f) for s, f in facts if s.stratum == name] for name in sets}
        chances = known_ps({name: _column(part, "likelier") for name, part in parts.items()})
        measures, told, kinds, flagged = [], [], [], []
        for name, part in parts.items():
            mean, p = self._mean(part, "likelier"), chances[name]
            verdict = claim(mean, p, self.margin, guessable=name == CARRIED_OVER)
            documents = _documents(name, part)
            out = [d for d in documents if d["q"] < ALPHA]
            told.append(
                {
                    "set": name,
                    "facts": len(part),
                    "documents": mean.clusters,
                    "verdict": str(verdict),
                    "sentence": sentence(verdict, mean, p, self.margin),
                    "flagged": len(out),
                    "dropped": self.left_out.get(name, 0),
                    "p": p,
                    "histogram": histogram([f["likelier"] for _, f in part], bins),
                    "negative": _plain(self._mean(part, "negative")),
                }
                | _plain(mean)
            )
            if name != KNOWN:
                flagged += out
            kinds += self._kinds(name, part)
            interval = Interval(mean.low, mean.high, "clustered t, 90 %", 1 - 2 * ALPHA)
            measures.append(
                Measure(f"mean_rank_{name}", mean.mean, interval, len(part), mean.clusters, True)
            )
        told += [
            {
                "set": name,
                "facts": 0,
                "documents": 0,
                "dropped": dropped,
                "verdict": str(Claim.UNDECIDED),
                "sentence": f"{Claim.UNDECIDED}: no fact has {self.values} exchangeable values",
            }
            for name, dropped in self.left_out.items()
            if name not in sets
        ]
        flagged.sort(key=lambda document: (document["q"], document["p"]))
        details = {
            "values": self.values + 1,
            "prompts": self.prompts,
            "margin": self.margin,
            "unused": dict(self.unused),
            "sets": told,
            "kinds": kinds,
            "flagged": flagged[:_SHOWN],
        }
        return Study(measures, details)

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> Sequence[Measure]:
        """See `Task.measure`."""
        return self.study(graded).measures

    def _mean(self, facts: _Ranked, figure: str) -> Equivalence:
        return tost_mean(*_column(facts, figure), centre=0.5, margin=self.margin, alpha=ALPHA)

    def _kinds(self, name: str, facts: _Ranked) -> list[dict[str, Any]]:
        found = []
        for kind in dict.fromkeys(sample.detail["kind"] for sample, _ in facts):
            part = [(s, f) for s, f in facts if s.detail["kind"] == kind]
            mean = self._mean(part, "likelier")
            found.append({"set": name, "kind": kind, "facts": len(part)} | _plain(mean))
        return found


def _column(facts: _Ranked, figure: str) -> tuple[list[float], list[str]]:
    """One figure of each fact, and its document."""
    return [figures[figure] for _, figures in facts], [sample.cluster for sample, _ in facts]


def _measured(fact: AskedFact, tokens: Mapping[str, int]) -> AskedFact:
    """The fact with its value's length."""
    length = tokens.get(fact.candidate.value, 0)
    return dataclasses.replace(fact, candidate=dataclasses.replace(fact.candidate, tokens=length))


def _sample(fact: AskedFact, number: int, question: str, drawn: Sequence[str]) -> Sample:
    true = fact.candidate.value
    # Each value once, in an order that does not tell which is the true one.
    values = tuple(sorted({true, *drawn}))
    detail = {
        "fact_id": fact.id,
        "wording": number,
        "kind": fact.kind,
        "value": true,
        "drawn": list(drawn),
    }
    request = Request(prompt=question, continuations=values)
    document = fact.candidate.document
    return Sample(f"{fact.id}/wording-{number}", request, (true,), document, fact.set, detail)


def _figures(asked: Sequence[tuple[Sample, Response]]) -> dict[str, float]:
    """Rank, exact p and the negative control of one fact."""
    sample = asked[0][0]
    values = sample.request.continuations
    logprobs = dict(zip(values, means([r.logprobs for _, r in asked]), strict=True))
    drawn = [logprobs[value] for value in sample.detail["drawn"]]
    found = rank(logprobs[sample.detail["value"]], drawn)
    return {
        "likelier": found.likelier,
        "place": float(found.place),
        "p": found.p,
        "negative": negative(drawn),
    }


def _documents(name: str, facts: _Ranked) -> list[dict[str, Any]]:
    """Each document's exact p over its facts, and the p adjusted for all of the set's documents."""
    ranks: dict[str, list[Rank]] = {}
    for sample, figures in facts:
        others = len(sample.detail["drawn"])
        ranks.setdefault(sample.cluster, []).append(
            Rank(int(figures["place"]), figures["likelier"], others)
        )
    chances = [document_p(found) for found in ranks.values()]
    return [
        {
            "document": document,
            "set": name,
            "facts": len(found),
            "mean": sum(r.likelier for r in found) / len(found),
            "p": p,
            "q": q,
        }
        for (document, found), p, q in zip(
            ranks.items(), chances, benjamini_hochberg(chances), strict=True
        )
    ]


def _plain(mean: Equivalence) -> dict[str, Any]:
    return {key: getattr(mean, key) for key in ("mean", "low", "high", "equivalent")}


def _tokens(value: str) -> Request:
    return Request(prompt="", chat=False, continuations=(value,), per_token="ids")
