"""How much general ability a checkpoint kept: its scores relative to the run's baseline.

The parts are JSQuAD's F1 and MARC-ja's accuracy, paired sample by sample with the baseline's, as in
the article whose second table this fills.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.records import Result, Verdict
from harness.runs import Run
from harness.statistics.relative import Part, relative_score

TASK = "relative"
HEADLINE = "relative_score"


@dataclass(frozen=True, slots=True)
class Relative:
    """Relative results of every checkpoint that has any, and why others have none."""

    results: tuple[Result, ...] = ()
    notes: tuple[str, ...] = ()

    def result(self, checkpoint: str, metric: str = HEADLINE) -> Result | None:
        """One relative result, or None where it could not be made."""
        return next(
            (r for r in self.results if (r.checkpoint, r.metric) == (checkpoint, metric)), None
        )


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
class _Paired:
    """One part with what is needed to say how far it may be trusted."""

    source: _Source
    part: Part
    n: int
    clusters: int
    problem: str
    identity: Mapping[str, Any]


def relative_results(run: Run) -> Relative:
    """Pair every checkpoint with the run's baseline; nothing is asked or graded again."""
    baseline = run.baseline
    if baseline is None:
        return Relative(notes=("Relative scores need a baseline; the matrix marks none.",))
    results: list[Result] = []
    notes: list[str] = []
    reference = {s.task: _scores(run, baseline, s) for s in SOURCES}
    for checkpoint in (str(c["id"]) for c in run.checkpoints):
        pairs: list[_Paired] = []
        for source in SOURCES:
            found = _pair(run, checkpoint, baseline, source, reference[source.task])
            if isinstance(found, _Paired):
                pairs.append(found)
            elif found:
                notes.append(found)
        results += [_result(checkpoint, p.source.relative_metric, [p]) for p in pairs]
        if len(pairs) == len(SOURCES):
            results.append(_result(checkpoint, HEADLINE, pairs))
        elif pairs:
            notes.append(
                f"{checkpoint}: no relative score, only {pairs[0].source.task} could be paired."
            )
    return Relative(tuple(results), tuple(notes))


def _scores(run: Run, checkpoint: str, source: _Source) -> dict[str, tuple[float, str]]:
    """Score and cluster by sample id; of a sample stored twice the last row counts."""
    found: dict[str, tuple[float, str]] = {}
    for row in run.samples(checkpoint, source.task):
        score = (row.get("scores") or {}).get(source.score)
        if isinstance(score, (int, float)) and math.isfinite(score):
            identifier = str(row["id"])
            found[identifier] = (float(score), str(row.get("cluster") or identifier))
    return found


def _pair(
    run: Run,
    checkpoint: str,
    baseline: str,
    source: _Source,
    reference: Mapping[str, tuple[float, str]],
) -> _Paired | str:
    """The paired part; or why there is none ("" where the tables already say so)."""
    ours = run.result(checkpoint, source.task, source.metric)
    theirs = run.result(baseline, source.task, source.metric)
    if ours is None or theirs is None:
        return ""
    scores = reference if checkpoint == baseline else _scores(run, checkpoint, source)
    shared = [identifier for identifier in reference if identifier in scores]
    where = f"{checkpoint}, {source.task}"
    if not shared:
        return f"{where}: not comparable, no sample in common with {baseline}."
    if not any(reference[i][0] for i in shared):
        return f"{where}: no relative score, {baseline} scored 0 and a ratio to it is undefined."
    clusters = [reference[i][1] for i in shared]
    part = Part([scores[i][0] for i in shared], [reference[i][0] for i in shared], clusters)
    problem = _id_problem(len(shared), len(scores), len(reference)) or _identity_problem(
        ours.identity, theirs.identity
    )
    return _Paired(
        source=source,
        part=part,
        n=len(shared),
        clusters=len(set(clusters)),
        problem=f"{source.task}: {problem}" if problem else "",
        identity=ours.identity,
    )


def _id_problem(shared: int, ours: int, theirs: int) -> str:
    if shared == ours == theirs:
        return ""
    return f"only {shared} samples are shared, of {ours} here and {theirs} of the baseline"


def _identity_problem(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    unlike = [k for k in sorted({*ours, *theirs}) if ours.get(k) != theirs.get(k)]
    return f"{', '.join(unlike)} not as in the baseline" if unlike else ""


def _result(checkpoint: str, metric: str, pairs: list[_Paired]) -> Result:
    value, interval = relative_score([p.part for p in pairs])
    problem = "; ".join(p.problem for p in pairs if p.problem)
    return Result(
        checkpoint=checkpoint,
        task=TASK,
        metric=metric,
        value=value,
        low=interval.low,
        high=interval.high,
        n=sum(p.n for p in pairs),
        clusters=sum(p.clusters for p in pairs),
        interval=interval.method,
        headline=metric == HEADLINE,
        verdict=Verdict.INCOMPARABLE if problem else Verdict.MEASURED,
        reason=problem,
        identity={p.source.task: dict(p.identity) for p in pairs},
    )
