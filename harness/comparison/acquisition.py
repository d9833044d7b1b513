"""Did it learn the documents? The difference in differences.

Accuracy also rises where nothing was learnt: a fine-tuning teaches the form of the answers, and
values can be guessed by analogy. Control documents, which no training text holds, show that rise.
What a checkpoint gained over the base on trained documents, less what it gained on control ones, is
what it acquired of them (on public data a run that looked significant gained 1.1 ± 3.5 points so:
the outcomes published with arXiv 2508.06178).

    acquisition            new questions on trained facts (paraphrase, held_out: each form counts
                           the same, however many questions it has or a limit leaves); the headline
    acquisition_seen       the training questions themselves: memory of them, too; the headline
                           where there are no new ones
    acquisition_untrained  facts of trained documents that no training text holds: covers 0, or
                           something leaks

Left out on both sides, with a note, is what would not compare like with like: carried-over facts,
which are answered by analogy and which control questions don't have, and control questions about
documents that have trained ones, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.comparison.derived import Derived, ended_set
from harness.comparison.retrieval import looks_up_alike
from harness.comparison.scores import ScoreSet, paired, unlike
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
_TRAINED = frozenset(form for forms in GAINS.values() for form in forms)
_MOST = 10  # a question of a small form counts at most as ten of the largest
_SCORE = "correct"


@dataclass(slots=True)
class _Pairs:
    """Scores of some forms at a checkpoint and at the base, aligned; clusters are documents.

    weights: each form's add up to the same, unless it has too few questions (`_weights`). missing:
    questions that only one of the two was asked.
    """

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    missing: int = 0

    @property
    def columns(self) -> tuple[list[float], list[float], list[str]]:
        return self.ours, self.theirs, self.clusters


def acquisition_results(run: Run) -> Derived:
    """Every checkpoint's difference in differences to the run's baseline; nothing is asked."""
    baseline = run.baseline
    theirs = ended_set(run, baseline, KNOWLEDGE) if baseline else None
    if theirs is None:
        return Derived()
    theirs, notes = _comparable(run, theirs)
    alike = looks_up_alike(run)
    others = [str(c["id"]) for c in run.checkpoints if str(c["id"]) not in alike]
    if others:
        found = (
            f"Acquisition leaves out {', '.join(others)}: they don't look up what {baseline} does, "
            "and what is found was not acquired."
        )
        notes = (*notes, found)
    if not any(sample.stratum == CONTROL for sample in theirs.samples):
        without = "No control questions: what rose is not shown to be knowledge of the documents."
        return Derived(notes=(*notes, without))
    results = [
        result
        for checkpoint in (str(c["id"]) for c in run.checkpoints)
        if checkpoint != baseline and checkpoint in alike
        if (ours := ended_set(run, checkpoint, KNOWLEDGE)) is not None
        for result in _results(_comparable(run, ours)[0], theirs)
    ]
    return Derived(tuple(results), notes)


def _comparable(run: Run, scores: ScoreSet) -> tuple[ScoreSet, tuple[str, ...]]:
    """The questions that trained and control documents can be compared on, and notes on others."""
    rows = run.samples(scores.checkpoint, KNOWLEDGE)
    carried = {str(row["id"]) for row in rows if (row.get("detail") or {}).get("carried_over")}
    used = [s for s in scores.samples if s.stratum in _TRAINED or s.stratum == CONTROL]
    trained = {s.cluster for s in used if s.stratum in _TRAINED}
    analogous = [s for s in used if s.id in carried]
    mixed = [s for s in used if s.stratum == CONTROL and s.cluster in trained]
    alone = [s for s in used if s.cluster == s.id]
    notes = (
        f"Acquisition leaves out {len(analogous)} questions on carried-over facts: they are "
        "answered by analogy, and control questions have none.",
        f"{len(mixed)} control questions are about documents that have trained ones, too (such as "
        f"{mixed[0].cluster}): they are no controls and are left out."
        if mixed
        else "",
        f"{len(alone)} questions name no document and are counted as independent: where several "
        'share one, the intervals are too narrow. Add "document" to the data.',
    )
    told = tuple(n for n, of in zip(notes, (analogous, mixed, alone), strict=True) if of)
    out = {s.id for s in (*analogous, *mixed)}
    kept = tuple(s for s in scores.samples if s.id not in out)
    return replace(scores, samples=kept), told


def _results(ours: ScoreSet, theirs: ScoreSet) -> list[Result]:
    keys = unlike(ours, theirs)
    otherwise = f"{', '.join(keys)} not as in {theirs.checkpoint}" if keys else ""
    control = _gather(ours, theirs, (CONTROL,))
    found: list[Result] = []
    for metric, forms in GAINS.items():
        trained = _gather(ours, theirs, forms)
        if not trained.ours or not control.ours:
            continue
        missing = trained.missing + control.missing
        n = len(trained.ours) + len(control.ours)
        partly = f"only {n} of {n + missing} questions were asked of both" if missing else ""
        value, interval = difference_in_differences(
            trained.columns, control.columns, weights=trained.weights
        )
        found.append(
            Result(
                checkpoint=ours.checkpoint,
                task=TASK,
                metric=metric,
                value=value,
                low=interval.low,
                high=interval.high,
                n=n,
                clusters=len({*trained.clusters, *control.clusters}),
                interval=interval.method,
                headline=not found and metric != UNTRAINED,
                verdict=Verdict.INCOMPARABLE if keys else Verdict.MEASURED,
                reason="; ".join(r for r in (otherwise, partly) if r),
                identity=ours.identity,
            )
        )
    return found


def _gather(ours: ScoreSet, theirs: ScoreSet, forms: Sequence[str]) -> _Pairs:
    gathered, sizes = _Pairs(), []
    for form in forms:
        pairs = paired(ours, theirs, _SCORE, form)
        gathered.ours += pairs.ours
        gathered.theirs += pairs.theirs
        gathered.clusters += pairs.clusters
        sizes.append(len(pairs.ids))
        gathered.missing += pairs.missing_here + pairs.missing_there
    gathered.weights = _weights(sizes)
    return gathered


def _weights(sizes: Sequence[int]) -> list[float]:
    """The weights of forms of these sizes, for each question: of all forms alike, but for a limit.

    A form of a few questions can't decide: none counts more than `_MOST` of the largest form.
    """
    most = _MOST / max(1, *sizes)
    return [weight for size in sizes for weight in size * [min(1 / max(1, size), most)]]
