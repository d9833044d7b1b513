"""The verdict on a run in one sentence: which checkpoint may be shipped, or why none can be called.

A checkpoint may be shipped if it was shown to have acquired something (its interval lies above 0)
and each of its gates passed; of several, the one that acquired most, where the paired interval of
its lead over the next lies above 0. A gate that can't tell bars as one that regressed does, and
without gates nobody said how much may be lost: then none is called. Twins are no candidates, they
learnt another world's values; nor is what looks up other passages than the baseline does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from harness.comparison.acquisition import acquisition_results
from harness.comparison.derived import ended_set
from harness.comparison.retrieval import looks_up_alike
from harness.comparison.scores import metric_samples, paired
from harness.records import Result, Verdict
from harness.runs import Run
from harness.statistics.paired import paired_difference

ACQUISITION = ("acquisition", None)  # the headline, whichever it is
ACCURACY = ("knowledge", "accuracy_seen")
_BARS = (Verdict.REGRESSED, Verdict.INCOMPARABLE, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Lead:
    """How far one checkpoint is ahead of another in what it acquired; shares of 1."""

    of: str
    over: str
    value: float
    low: float
    high: float


def verdict(run: Run, results: Sequence[Result]) -> dict[str, Any] | None:
    """What the sentence is made of; None where no checkpoint was measured beside the baseline.

    results: all of the run, those of comparisons included.

    task, metric: what candidates are ranked by (acquisition, or accuracy where there is none).
    ranked: the candidates, best first. lead: of the best over the next, of those that may be
    shipped or else of all (`Lead`); None where there is no next. call: "ship", "tied" (the best
    can't be told from the others in `ships`), "barred" (by gates), "unshown" (none was shown to
    have acquired anything), "ungated", "unacquired" (accuracy alone, which is not shown to be
    knowledge). ships: who is meant. barred: {checkpoint: its worst gate verdict}.
    """
    alike = looks_up_alike(run)
    own = {
        str(c["id"])
        for c in run.checkpoints
        if not (c["baseline"] or c.get("twin_of")) and c["id"] in alike
    }
    for task, metric in (ACQUISITION, ACCURACY):
        measured = {
            r.checkpoint: r
            for r in results
            if (r.task == task and (r.metric == metric if metric else r.headline))
            and r.checkpoint in own
            and math.isfinite(r.value)
            and r.verdict is not Verdict.INCOMPARABLE
        }
        if measured:
            ranked = sorted(measured, key=lambda c: -measured[c].value)
            return _called(run, results, task, ranked, measured)
    return None


def _called(
    run: Run,
    results: Sequence[Result],
    task: str,
    ranked: Sequence[str],
    measured: Mapping[str, Result],
) -> dict[str, Any]:
    gated = {r.checkpoint for r in results if r.gate}
    barred = _barred(results, ranked)
    shown = [c for c in ranked if measured[c].low > 0]
    allowed = [c for c in shown if c in gated and c not in barred]
    ships: list[str] = []
    if task != ACQUISITION[0]:
        call = "unacquired"
    elif not shown:
        call = "unshown"
    elif not gated & {*shown}:
        call = "ungated"
    elif not allowed:
        call = "barred"
    else:
        ships = [allowed[0], *(c for c in allowed[1:] if not _ahead(run, task, allowed[0], c))]
        call = "ship" if len(ships) == 1 else "tied"
    among = allowed if ships else ranked
    return {
        "task": task,
        "metric": measured[ranked[0]].metric,
        "ranked": list(ranked),
        "lead": _as_dict(lead(run, task, among[0], among[1]) if among[1:] else None),
        "call": call,
        "ships": ships,
        "barred": barred,
    }


def _barred(results: Sequence[Result], checkpoints: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for checkpoint in checkpoints:
        verdicts = {r.verdict for r in results if r.gate and r.checkpoint == checkpoint}
        worst = next((str(v) for v in _BARS if v in verdicts), None)
        if worst:
            found[checkpoint] = worst
    return found


def _ahead(run: Run, task: str, one: str, other: str) -> bool:
    found = lead(run, task, one, other)
    return found is not None and found.low > 0


def lead(run: Run, task: str, one: str, other: str) -> Lead | None:
    """The difference of two checkpoints in what they acquired, paired by question.

    What two acquired over one base differs by what the one acquired over the other: the base's
    scores cancel. So the second takes the base's place. None where they can't be compared.
    """
    if task == ACQUISITION[0]:
        chosen = [c for c in run.checkpoints if c["id"] in (one, other)]
        pair = [{**c, "baseline": c["id"] == other} for c in chosen]
        results = acquisition_results(replace(run, manifest={**run.manifest, "checkpoints": pair}))
        found = results.result(one)
        if found is None or found.verdict is Verdict.INCOMPARABLE:
            return None
        return Lead(one, other, found.value, found.low, found.high)
    ours, theirs = (ended_set(run, c, ACCURACY[0]) for c in (one, other))
    pairs = paired(ours, theirs, *metric_samples(ACCURACY[1])) if ours and theirs else None
    if pairs is None or not pairs.ids:
        return None
    value, interval = paired_difference(pairs.ours, pairs.theirs, pairs.clusters)
    return Lead(one, other, value, interval.low, interval.high)


def _as_dict(found: Lead | None) -> dict[str, Any] | None:
    return asdict(found) if found else None
