"""How much general ability a checkpoint kept: its scores relative to the run's baseline.

The parts are JSQuAD's F1 and MARC-ja's accuracy, paired sample by sample with the baseline's, as in
the article whose second table this fills.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.comparison.derived import Derived, ended_set
from harness.comparison.scores import Paired, ScoreSet, paired, unlike
from harness.records import Result, Verdict
from harness.runs import Run
from harness.statistics.relative import Part, relative_score

TASK = "relative"
HEADLINE = "relative_score"


@dataclass(frozen=True, slots=True)
class _Source:
    task: str
    metric: str
    score: str

    @property
    def relative_metric(self) -> str:
        return f"relative_{self.task}_{self.metric}"


SOURCES = (_Source("jsquad", "f1", "f1"), _Source("marc_ja", "accuracy", "correct"))


@dataclass(frozen=True, slots=True)
class _Part:
    """One part, paired, and what keeps it from being trusted ("" for nothing)."""

    source: _Source
    pairs: Paired
    problem: str
    identity: Mapping[str, Any]


def relative_results(run: Run) -> Derived:
    """Pair every checkpoint with the run's baseline; nothing is asked or graded again."""
    baseline = run.baseline
    if baseline is None:
        return Derived(notes=("Relative scores need a baseline; the matrix marks none.",))
    results: list[Result] = []
    notes: list[str] = []
    reference = {s.task: ended_set(run, baseline, s.task) for s in SOURCES}
    for checkpoint in (str(c["id"]) for c in run.checkpoints):
        pairs: list[_Part] = []
        for source in SOURCES:
            ours, theirs = ended_set(run, checkpoint, source.task), reference[source.task]
            if ours is None or theirs is None:
                continue  # the tables say so already
            found = _pair(ours, theirs, source)
            if isinstance(found, _Part):
                pairs.append(found)
            else:
                notes.append(f"{checkpoint}, {source.task}: {found}")
        results += [_result(checkpoint, p.source.relative_metric, [p]) for p in pairs]
        if len(pairs) == len(SOURCES):
            results.append(_result(checkpoint, HEADLINE, pairs))
        elif pairs:
            notes.append(
                f"{checkpoint}: no relative score, only {pairs[0].source.task} could be paired."
            )
            notes += [f"{checkpoint}, {part.problem}." for part in pairs if part.problem]
    return Derived(tuple(results), tuple(notes))


def _pair(ours: ScoreSet, theirs: ScoreSet, source: _Source) -> _Part | str:
    """The paired part; or why there is none."""
    pairs = paired(ours, theirs, source.score)
    if not pairs.ids:
        return f"not comparable, no sample in common with {theirs.checkpoint}."
    if not any(pairs.theirs):
        return f"no relative score, {theirs.checkpoint} scored 0 and a ratio to it is undefined."
    problem = _missing(pairs) or _unlike(ours, theirs)
    return _Part(source, pairs, f"{source.task}: {problem}" if problem else "", ours.identity)


def _unlike(ours: ScoreSet, theirs: ScoreSet) -> str:
    keys = unlike(ours, theirs)
    return f"{', '.join(keys)} not as in the baseline" if keys else ""


def _missing(pairs: Paired) -> str:
    shared = len(pairs.ids)
    if not (pairs.missing_here or pairs.missing_there):
        return ""
    here, there = shared + pairs.missing_there, shared + pairs.missing_here
    return f"only {shared} samples are shared, of {here} here and {there} of the baseline"


def _result(checkpoint: str, metric: str, parts: list[_Part]) -> Result:
    value, interval = relative_score(
        [Part(p.pairs.ours, p.pairs.theirs, p.pairs.clusters) for p in parts]
    )
    problem = "; ".join(p.problem for p in parts if p.problem)
    return Result(
        checkpoint=checkpoint,
        task=TASK,
        metric=metric,
        value=value,
        low=interval.low,
        high=interval.high,
        n=sum(len(p.pairs.ids) for p in parts),
        clusters=sum(len(set(p.pairs.clusters)) for p in parts),
        interval=interval.method,
        headline=metric == HEADLINE,
        verdict=Verdict.INCOMPARABLE if problem else Verdict.MEASURED,
        reason=problem,
        identity={p.source.task: dict(p.identity) for p in parts},
    )
