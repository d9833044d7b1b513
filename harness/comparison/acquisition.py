"""Did it learn the documents? The difference in differences.

Accuracy also rises where nothing was learnt: a fine-tuning teaches the form of the answers, and
values can be guessed by analogy. Control documents, which no training text holds, show that rise.
What a checkpoint gained over the base on trained documents, less what it gained on control ones, is
what it acquired of them (on public data a run that looked significant gained 1.1 ± 3.5 points so:
the outcomes published with arXiv 2508.06178).

    acquisition            new questions on trained facts (paraphrase, held_out); the headline
    acquisition_seen       the training questions themselves: memory of them, too; the headline
                           where there are no new ones
    acquisition_untrained  facts of trained documents that no training text holds: covers 0, or
                           something leaks
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.comparison.derived import Derived
from harness.comparison.scores import ScoreSet, paired, score_set, unlike_keys
from harness.records import Result, Verdict
from harness.runs import Run
from harness.statistics.paired import difference_in_differences

TASK = "acquisition"
HEADLINE = "acquisition"
KNOWLEDGE = "knowledge"
CONTROL = "control"
UNTRAINED = "acquisition_untrained"
GAINS = {
    HEADLINE: ("paraphrase", "held_out"),
    "acquisition_seen": ("seen",),
    UNTRAINED: ("untrained",),
}
_SCORE = "correct"


@dataclass(slots=True)
class _Pairs:
    """Scores of some forms at a checkpoint and at the base, aligned; clusters are documents."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)

    @property
    def columns(self) -> tuple[list[float], list[float], list[str]]:
        return self.ours, self.theirs, self.clusters


def acquisition_results(run: Run) -> Derived:
    """Every checkpoint's difference in differences to the run's baseline; nothing is asked."""
    baseline = run.baseline
    theirs = score_set(run, baseline, KNOWLEDGE) if baseline else None
    if theirs is None:
        return Derived()
    if not any(sample.stratum == CONTROL for sample in theirs.samples):
        note = "No control questions: what rose is not shown to be knowledge of the documents."
        return Derived(notes=(note,))
    results = [
        result
        for checkpoint in (str(c["id"]) for c in run.checkpoints)
        if checkpoint != baseline and (ours := score_set(run, checkpoint, KNOWLEDGE)) is not None
        for result in _results(ours, theirs)
    ]
    return Derived(tuple(results))


def _results(ours: ScoreSet, theirs: ScoreSet) -> list[Result]:
    unlike = unlike_keys(ours.identity, theirs.identity)
    reason = f"{', '.join(unlike)} not as in {theirs.checkpoint}" if unlike else ""
    control = _gather(ours, theirs, (CONTROL,))
    found: list[Result] = []
    for metric, forms in GAINS.items():
        trained = _gather(ours, theirs, forms)
        if not trained.ours or not control.ours:
            continue
        value, interval = difference_in_differences(trained.columns, control.columns)
        found.append(
            Result(
                checkpoint=ours.checkpoint,
                task=TASK,
                metric=metric,
                value=value,
                low=interval.low,
                high=interval.high,
                n=len(trained.ours) + len(control.ours),
                clusters=len({*trained.clusters, *control.clusters}),
                interval=interval.method,
                headline=not found and metric != UNTRAINED,
                verdict=Verdict.INCOMPARABLE if unlike else Verdict.MEASURED,
                reason=reason,
                identity=ours.identity,
            )
        )
    return found


def _gather(ours: ScoreSet, theirs: ScoreSet, forms: Sequence[str]) -> _Pairs:
    gathered = _Pairs()
    for form in forms:
        pairs = paired(ours, theirs, _SCORE, form)
        gathered.ours += pairs.ours
        gathered.theirs += pairs.theirs
        gathered.clusters += pairs.clusters
    return gathered
