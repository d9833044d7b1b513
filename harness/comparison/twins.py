"""Twin worlds: what only training can have taught.

Two adapters are trained on the same questions; in world B each fact has another product's value
(`python -m training twin`). A fact counts as acquired where the first answers its own world's value
and the second its own. Guessing by analogy, what leaked before and a lenient grader help both
worlds alike, and so cancel: a pair that answers by chance crosses over as often as it holds. Whole
documents are flipped to test that (`harness.statistics.significance.sign_flip`).

    acquired      share of facts that both answer as their own world has them
    crossed       share of facts that both answer as the other's: 0 but for chance
    excess        acquired less crossed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.comparison.derived import Derived, ended_set
from harness.comparison.scores import Scored, ScoreSet, unlike_keys
from harness.records import Interval, Result, Verdict
from harness.runs import Run
from harness.statistics.intervals import mean_interval
from harness.statistics.paired import paired_difference
from harness.statistics.significance import sign_flip

TASK = "twins"
HEADLINE = "acquired"
KNOWLEDGE = "knowledge"
OWN, OTHER = "correct", "twin"  # scores of a knowledge sample: what world A has, what world B has


def twin_results(run: Run) -> Derived:
    """The figures of every pair of twins, under the checkpoint that names the other."""
    results: list[Result] = []
    notes: list[str] = []
    twins = {str(c["id"]): str(c.get("twin_of") or "") for c in run.checkpoints}
    for second, first in twins.items():
        if not first:
            continue
        if twins.get(first):
            found: tuple[list[Result], str] | str = (
                f"{first} is itself the twin of {twins[first]}, so which world is whose? twin_of "
                "belongs to the checkpoints of world B alone, and names one of world A."
            )
        else:
            found = _pair_of(run, first, second)
        if isinstance(found, str):
            notes.append(f"{second}, twin of {first}: {found}")
        else:
            results += found[0]
            notes.append(f"{second}, twin of {first}: {found[1]}")
    return Derived(tuple(results), tuple(notes))


def _pair_of(run: Run, first: str, second: str) -> tuple[list[Result], str] | str:
    """The figures and a note; or why there are none."""
    ours, theirs = (ended_set(run, id, KNOWLEDGE) for id in (first, second))
    if ours is not None and theirs is not None:
        return _pair(ours, theirs)
    lacking = [id for id, scores in ((first, ours), (second, theirs)) if scores is None]
    return f"{' and '.join(lacking)} not measured."


def _pair(first: ScoreSet, second: ScoreSet) -> tuple[list[Result], str] | str:
    here, there = _by_twin(first), _by_twin(second)
    shared = [key for key in here if key in there]
    if not shared:
        return 'no question with "twin" facts was asked of both.'
    clusters = [here[key].cluster for key in shared]
    acquired = [_both(here[key], there[key], OWN, OTHER) for key in shared]
    crossed = [_both(here[key], there[key], OTHER, OWN) for key in shared]
    unlike = unlike_keys(first.identity, second.identity)
    every = len({*here, *there})
    reasons = (
        f"{', '.join(unlike)} not as in {first.checkpoint}" if unlike else "",
        f"only {len(shared)} of {every} questions were asked of both"
        if len(shared) < every
        else "",
    )
    common = Result(
        checkpoint=second.checkpoint,
        task=TASK,
        metric=HEADLINE,
        value=0.0,
        low=0.0,
        high=0.0,
        n=len(shared),
        clusters=len(set(clusters)),
        interval="",
        verdict=Verdict.INCOMPARABLE if unlike else Verdict.MEASURED,
        reason="; ".join(filter(None, reasons)),
        identity=first.identity,
    )
    p = sign_flip([a - c for a, c in zip(acquired, crossed, strict=True)], clusters)
    excess, interval = paired_difference(acquired, crossed, clusters)
    figures = [
        replace(_filled(common, *mean_interval(acquired, clusters)), headline=True),
        replace(_filled(common, *mean_interval(crossed, clusters)), metric="crossed"),
        replace(_filled(common, excess, interval), metric="excess"),
    ]
    told = f"acquired against crossed over, sign flips of whole documents: p {p:.1e}."
    return figures, told


def _filled(result: Result, value: float, interval: Interval) -> Result:
    return replace(
        result, value=value, low=interval.low, high=interval.high, interval=interval.method
    )


def _by_twin(scores: ScoreSet) -> Mapping[str, Scored]:
    return {key: s for key, s in scores.by_key().items() if OTHER in s.scores}


def _both(first: Scored, second: Scored, one: str, other: str) -> float:
    """1 if the first answers as `one` says and the second as `other` does."""
    return float(first.scores[one] == 1 and second.scores[other] == 1)
