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
    for checkpoint in run.checkpoints:
        if not checkpoint.get("twin_of"):
            continue
        second, first = str(checkpoint["id"]), str(checkpoint["twin_of"])
        found = _pair(ended_set(run, first, KNOWLEDGE), ended_set(run, second, KNOWLEDGE))
        if isinstance(found, str):
            notes.append(f"{second}, twin of {first}: {found}")
        else:
            results += found[0]
            notes.append(f"{second}, twin of {first}: {found[1]}")
    return Derived(tuple(results), tuple(notes))


def _pair(first: ScoreSet | None, second: ScoreSet | None) -> tuple[list[Result], str] | str:
    if first is None or second is None:
        return "one of them was not measured."
    here, there = _by_twin(first), _by_twin(second)
    shared = [key for key in here if key in there]
    if not shared:
        return 'no question with "twin" facts was asked of both.'
    clusters = [here[key].cluster for key in shared]
    acquired = [_both(here[key], there[key], OWN, OTHER) for key in shared]
    crossed = [_both(here[key], there[key], OTHER, OWN) for key in shared]
    unlike = unlike_keys(first.identity, second.identity)
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
        reason=f"{', '.join(unlike)} not as in {first.checkpoint}" if unlike else "",
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
