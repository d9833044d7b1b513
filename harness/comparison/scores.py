"""Graded samples in the one form that everything here compares, whoever wrote them.

Samples are paired by what was asked and what counts as right, not by their ids: two files may
number the same questions differently, and the same number may stand for another question.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.grading.damage import VOICE
from harness.hallucination.labels import ABSTAINED, HALLUCINATED, UNKNOWABLE
from harness.runs import Run

# Scores that have a metric for each stratum, and how its name begins.
_BY_STRATUM = {
    "correct": "accuracy",
    "bleed": "bleed",
    HALLUCINATED: HALLUCINATED,
    ABSTAINED: ABSTAINED,
}
PEOPLE = "people"
LOWER_IS_BETTER = frozenset({"bleed", "contradiction", HALLUCINATED, *VOICE})
PRECISION = ("dtype", "quantization")
UNTOLD = "untold"  # a precision of weights that nobody here has seen
RETRIEVAL = "retrieval"  # of an identity: what a checkpoint looks up, and how
LOOKED_UP = frozenset({"found"})  # scores of checkpoints that look passages up, and of no other
# What data sets call the document that questions share; SQuAD's articles have a title.
_DOCUMENT = ("document_id", "document", "title")


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer with its figures.

    key: what pairs it with the same sample elsewhere (`sample_key`). cluster: what samples share
    that makes them dependent. scores: named figures; correct: None where nobody said.
    rule: the rule's figures where somebody else judged the answer, None where nobody did. judge:
    who judged: "people", the setup of a judging model, or "" for the rule. unsure: whether the rule
    had to guess.
    prompt: hash of what the model was given, where the key stands for the bare document only.
    """

    key: str
    id: str
    cluster: str
    stratum: str
    scores: Mapping[str, float]
    response: str
    correct: bool | None
    prompt: str = ""
    rule: Mapping[str, float] | None = None
    judge: str = ""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class ScoreSet:
    """The samples of one task on one checkpoint.

    identity: what must match to be compared. lower_is_better: scores that are better the lower.
    """

    checkpoint: str
    task: str
    identity: Mapping[str, Any]
    samples: tuple[Scored, ...]
    lower_is_better: frozenset[str] = frozenset()

    def read(self) -> ScoreSet:
        """This set: as `Unread` has it."""
        return self

    def by_key(self) -> dict[str, Scored]:
        """Samples by key, in their order. The second of one key goes by "KEY#2", and so on."""
        found: dict[str, Scored] = {}
        repeats: dict[str, int] = {}
        for sample in self.samples:
            repeats[sample.key] = repeat = repeats.get(sample.key, 0) + 1
            found[sample.key if repeat == 1 else f"{sample.key}#{repeat}"] = sample
        return found


@dataclass(frozen=True, slots=True)
class Unread:
    """The samples of one item of a run, to be read when they are compared: there may be many."""

    run: Run
    checkpoint: str
    task: str

    def read(self) -> ScoreSet:
        """The set, read anew each time."""
        found = score_set(self.run, self.checkpoint, self.task)
        return found or ScoreSet(self.checkpoint, self.task, {}, ())


@dataclass(frozen=True, slots=True)
class Paired:
    """One score of the samples that two sets share, aligned, in the order of ours.

    samples: the pairs themselves. missing_here: samples that have the score in theirs and not in
    ours; missing_there: the other way round.
    """

    ours: list[float]
    theirs: list[float]
    clusters: list[str]
    ids: list[str]
    samples: list[tuple[Scored, Scored]]
    missing_here: int
    missing_there: int


def sample_key(prompt: str, gold: Sequence[str]) -> str:
    """16 hexadecimal digits of what was asked and what counts as right."""
    # As ASCII: a lone surrogate, which a prompt may hold, has no UTF-8.
    return hashlib.sha256(json.dumps([prompt, list(gold)]).encode()).hexdigest()[:16]


def metric_samples(metric: str) -> tuple[str, str | None]:
    """The score that a metric of our tasks is the mean of, and the stratum (None: all samples).

    A metric that is no mean over samples (balanced accuracy, macro-F1) names a score that no
    sample has.
    """
    if metric == "accuracy":
        return "correct", None
    for score, prefix in _BY_STRATUM.items():
        if metric.startswith(f"{prefix}_"):
            return score, metric.removeprefix(f"{prefix}_")
    return metric, None


def worse_if_more(
    score: str, stratum: str | None, lower: Collection[str] = LOWER_IS_BETTER
) -> bool:
    """Whether a rise of a score is a loss. lower: the scores that are better the lower.

    To say that one does not know is right where nothing can be known, and elsewhere a loss.
    """
    if score == ABSTAINED and stratum is not None:
        return stratum not in UNKNOWABLE
    return score in lower


def score_set(run: Run, checkpoint: str, task: str) -> ScoreSet | None:
    """The graded samples of one item of a run; None where it has none.

    Of an id that stands there twice the last row counts.
    """
    rows = run.samples(checkpoint, task)
    results = (
        r for i in run.items if (i.checkpoint, i.task) == (checkpoint, task) for r in i.results
    )
    identity = next((result.identity for result in results), {})
    return from_rows(checkpoint, task, identity, rows) if rows else None


def from_rows(
    checkpoint: str, task: str, identity: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> ScoreSet:
    """A score set of sample rows (`harness.runs.sample_row`)."""
    last = {str(row["id"]): row for row in rows}
    samples = tuple(map(_scored, last.values()))
    # lm-eval's metrics say themselves which way is better.
    lower = LOWER_IS_BETTER | set(identity.get("lower_is_better", ()))
    return ScoreSet(checkpoint, task, identity, samples, lower)


def paired(ours: ScoreSet, theirs: ScoreSet, score: str, stratum: str | None = None) -> Paired:
    """Pair one score, of one stratum or of all samples.

    A sample that both have is of the stratum that ours says: baseline files keep none. Both answers
    of a pair count by the same judge, a person's verdict only where a person judged the other one,
    too: else grading the wrong answers of one side would make it better than it is. A model's
    verdict counts also beside an answer of which the rule is sure, for it is asked of no such one.
    So does a person's where the rule has no figure for the answer, and nothing was replaced. A pair
    without such a judge is none, and counts as missing.
    """
    here, there = ours.by_key(), theirs.by_key()
    every = {**here, **{key: s for key, s in there.items() if key not in here}}
    chosen = [key for key, s in every.items() if stratum in (None, s.stratum)]
    both = [key for key in chosen if _has(here, key, score) and _has(there, key, score)]
    figures = {
        key: (
            _by_same_judge(here[key], there[key], score),
            _by_same_judge(there[key], here[key], score),
        )
        for key in both
    }
    shared = [key for key in both if all(score in one for one in figures[key])]
    return Paired(
        ours=[figures[key][0][score] for key in shared],
        theirs=[figures[key][1][score] for key in shared],
        clusters=[here[key].cluster for key in shared],
        ids=[here[key].id for key in shared],
        samples=[(here[key], there[key]) for key in shared],
        missing_here=sum(_has(there, key, score) for key in chosen) - len(shared),
        missing_there=sum(_has(here, key, score) for key in chosen) - len(shared),
    )


def _by_same_judge(one: Scored, other: Scored, score: str) -> Mapping[str, float]:
    """The figures of one answer by the judge that the other one has, too."""
    if one.rule is None or one.judge == other.judge:
        return one.scores
    settled = other.rule is None and not other.unsure
    beside = one.judge != PEOPLE or score not in one.rule
    return one.scores if beside and settled else one.rule


def _has(samples: Mapping[str, Scored], key: str, score: str) -> bool:
    return key in samples and score in samples[key].scores


def unlike_keys(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """What of two identities is not the same."""
    return [key for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)]


def unlike(ours: ScoreSet, theirs: ScoreSet) -> list[str]:
    """What two sets were measured under that is not the same, but for what is being compared.

    A retriever is a part of its checkpoint: of two checkpoints it may differ, as adapters do. So is
    the precision of an API's model, which nobody is told.
    """
    keys = unlike_keys(ours.identity, theirs.identity)
    if ours.checkpoint == theirs.checkpoint:
        return keys
    untold = {k for k in PRECISION if UNTOLD in (ours.identity.get(k), theirs.identity.get(k))}
    return [key for key in keys if key not in (RETRIEVAL, *untold)]


def finite_scores(scores: Mapping[str, Any]) -> dict[str, float]:
    """The figures among a sample's scores: numbers that are finite; truth counts as 0 or 1."""
    return {
        str(name): float(value)
        for name, value in scores.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }


def cluster_of(fields: Mapping[str, Any], otherwise: str) -> str:
    """The document that a foreign data row names as its own, or `otherwise`."""
    return next((str(fields[name]) for name in _DOCUMENT if fields.get(name)), otherwise)


def measured(*sets: ScoreSet) -> dict[str, tuple[str, str | None]]:
    """The metrics that are means over samples of any of the sets: what `metric_samples` says."""
    found: dict[str, tuple[str, str | None]] = {}
    for sample in (sample for scores in sets for sample in scores.samples):
        for score in sample.scores:
            if sample.stratum and score in _BY_STRATUM:
                found[f"{_BY_STRATUM[score]}_{sample.stratum}"] = score, sample.stratum
            else:
                found["accuracy" if score == "correct" else score] = score, None
    return found


def _scored(row: Mapping[str, Any]) -> Scored:
    identifier = str(row["id"])
    return Scored(
        key=sample_key(str(row["prompt"]), [str(gold) for gold in row["gold"]]),
        id=identifier,
        cluster=str(row.get("cluster") or identifier),
        stratum=stratum_of(row),
        scores=finite_scores(row.get("scores") or {}),
        response=str(row["response"]),
        correct=row.get("correct"),
        rule=finite_scores(row["rule"]["scores"]) if row.get("rule") else None,
        judge=_judge(row),
        unsure=bool(row.get("unsure")),
    )


def stratum_of(row: Mapping[str, Any]) -> str:
    """What a sample row's figures are told by: a form, or of made-up answers a group.

    A group is several forms, or a part of one.
    """
    return str((row.get("detail") or {}).get("group") or row.get("stratum") or "")


def _judge(row: Mapping[str, Any]) -> str:
    """Whose verdict took the place of the rule's."""
    if not row.get("rule"):
        return ""
    judge = row.get("judge") or {}
    return str(judge["setup"]) if judge.get("counted") else PEOPLE
