"""The gate: has a figure fallen by more than its margin? Three answers, and "can't be compared".

Non-inferiority on paired samples (Wellek, Testing Statistical Hypotheses of Equivalence and
Noninferiority, 2010), read off the interval that the report shows:

    passed        the lower bound of the difference lies above -margin
    regressed     the whole interval lies below 0, and the drop is at least half the margin
    inconclusive  neither: too few samples, or too near the margin, to tell
    incomparable  the reference was measured otherwise, or nothing is shared with it

Half a margin, so that a drop that is certain but too small to matter fails nobody. Where less is
better (bleed), a rise counts as a drop does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.comparison.scores import (
    LOOKED_UP,
    RETRIEVAL,
    Paired,
    ScoreSet,
    metric_samples,
    paired,
    unlike,
    worse_if_more,
)
from harness.config.gates import Gate
from harness.hallucination.labels import ABSTAINED, HALLUCINATED
from harness.records import Interval, Verdict
from harness.statistics.paired import flips, paired_difference
from harness.statistics.power import design_effect, discordance, sample_size
from harness.statistics.significance import sign_flip
from harness.toml import suggestion

# With which a gate should pass what did not change, and see what fell by its margin. Above the
# usual .8, so that .8 is kept where noise was guessed too low (docs/gates.md).
POWER = 0.9
_WITH_A_RETRIEVER = (
    "What was found goes by a baseline with a retriever, or by a blessed run (--eval-baseline)"
)
_BY_READERS = frozenset({"correct", HALLUCINATED, ABSTAINED})  # scores that may wait for a reader
_GRADE = "have both graded: by python -m harness review RUN, or by [judge] in the matrix"
_SHOWN = 5  # ids named in a reason
_KEPT = 20  # ids of samples that became worse, kept for the summary


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate says.

    reason: one line for a person. figures: against, margin, and where samples could be paired
    difference (ours minus the reference's), low, high, n, worse, better, p (sign flips of whole
    clusters), fell: ids of samples that became worse, and for an inconclusive gate needed: the n it
    would take.
    """

    gate: Gate
    verdict: Verdict
    reason: str
    figures: Mapping[str, Any]


def judge(
    difference: float, interval: Interval, margin: float, lower_is_better: bool = False
) -> Verdict:
    """The verdict on a difference (ours minus the reference's) and its interval."""
    if lower_is_better:
        difference = -difference
        interval = replace(interval, low=-interval.high, high=-interval.low)
    if interval.low > -margin:
        return Verdict.PASSED
    if interval.high < 0 and difference <= -margin / 2:
        return Verdict.REGRESSED
    return Verdict.INCONCLUSIVE


def decide(gate: Gate, ours: ScoreSet, theirs: ScoreSet | None, against: str) -> Decision:
    """Judge one figure of a checkpoint against a reference's. against: what to call that."""
    if theirs is None:
        return _incomparable(gate, against, f"{against} holds no {ours.task} of {ours.checkpoint}")
    if otherwise := unlike(ours, theirs):
        return _incomparable(gate, against, f"{', '.join(otherwise)} not as in {against}")
    if gate.metric in LOOKED_UP and RETRIEVAL not in theirs.identity:
        return _incomparable(gate, against, f"{against} looks nothing up. {_WITH_A_RETRIEVER}")
    score, stratum = metric_samples(gate.metric)
    pairs = paired(ours, theirs, score, stratum)
    if problem := _problem(gate, pairs, against):
        return _incomparable(gate, against, problem)
    worse = worse_if_more(score, stratum, ours.lower_is_better)
    return _compared(gate, pairs, against, worse)


def concerns(gate: Gate, ours: ScoreSet) -> bool:
    """Whether a gate is set for samples like these: what is found, only where it is looked up."""
    looked_up = RETRIEVAL in ours.identity or gate.metric not in LOOKED_UP
    return gate.task == ours.task and looked_up


def mistake(gate: Gate, metrics: Sequence[str], ours: ScoreSet) -> str:
    """What is wrong with a gate for these metrics and samples, in words; "" for nothing."""
    if gate.metric == "accuracy" and "graded" in metrics and gate.metric not in metrics:
        return (
            "its answers are not graded yet. Set this gate when they are: python -m harness review "
            "RUN, or [judge] in the matrix."
        )
    means = [metric for metric in metrics if _behind(metric, ours)]
    if gate.metric not in means:
        wrong = f"no such metric.{suggestion(gate.metric, means)}"
        if gate.metric in metrics:
            wrong = "no mean over samples, so it can't be compared answer by answer."
        return f"{wrong} Gates can be set for: {', '.join(means) or 'nothing of this task'}."
    ids = _behind(gate.metric, ours)
    if unknown := [id for id in gate.must_not_break if id not in ids]:
        return f"must_not_break names {', '.join(unknown)}, not among the {len(ids)} asked."
    return ""


def _behind(metric: str, ours: ScoreSet) -> set[str]:
    """Ids of the samples that a metric is the mean of; none where it is no mean."""
    score, stratum = metric_samples(metric)
    return {s.id for s in ours.samples if score in s.scores and stratum in (None, s.stratum)}


def _problem(gate: Gate, pairs: Paired, against: str) -> str:
    """Why samples can't be compared, though identities are alike."""
    if not pairs.ids:
        return f"no sample of {gate.task} has a score behind {gate.metric} here and in {against}"
    if missing := pairs.missing_here + pairs.missing_there:
        told = f"{missing} samples have no {gate.metric} on both sides, here and in {against}"
        return f"{told}; {_GRADE}" if metric_samples(gate.metric)[0] in _BY_READERS else told
    return ""


def _compared(gate: Gate, pairs: Paired, against: str, worse_is_more: bool) -> Decision:
    difference, interval = paired_difference(pairs.ours, pairs.theirs, pairs.clusters)
    verdict = judge(difference, interval, gate.margin, worse_is_more)
    changed = flips(pairs.ours, pairs.theirs)
    apart = [now - before for now, before in zip(pairs.ours, pairs.theirs, strict=True)]
    figures: dict[str, Any] = {
        "against": against,
        "margin": gate.margin,
        "before": math.fsum(pairs.theirs) / len(apart),
        "now": math.fsum(pairs.ours) / len(apart),
        "difference": difference,
        "low": interval.low,
        "high": interval.high,
        "n": len(apart),
        "worse": changed.won if worse_is_more else changed.lost,
        "better": changed.lost if worse_is_more else changed.won,
        "p": sign_flip(apart, pairs.clusters),
    }
    if fell := _fell(pairs, worse_is_more):
        figures["fell"] = fell[:_KEPT]
    reason = _reason(figures)
    if broken := _broken(gate, pairs, worse_is_more):
        verdict = Verdict.REGRESSED
        figures["broken"] = broken
        reason += f"; must not break, and broke: {_some(broken)}"
    if verdict is Verdict.INCONCLUSIVE:
        size = figures["needed"] = needed(pairs, gate.margin)
        reason += f"; {advice(size)}"
    return Decision(gate, verdict, reason, figures)


def _reason(figures: Mapping[str, Any]) -> str:
    percent = {name: 100 * figures[name] for name in ("before", "now", "margin")}
    points = {name: f"{100 * figures[name]:+.1f}" for name in ("difference", "low", "high")}
    return (
        f"{percent['before']:.1f} → {percent['now']:.1f} % against {figures['against']}: "
        f"{points['difference']} points [{points['low']}, {points['high']}], "
        f"margin {percent['margin']:g}, n {figures['n']}, "
        f"{figures['worse']} worse, {figures['better']} better, p {_p(figures['p'])}"
    )


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def needed(pairs: Paired, margin: float) -> int | None:
    """Samples to tell with POWER, if nothing changed in truth; None where there are as many."""
    n = len(pairs.ids)
    # As if one pair more had changed each way: no change seen is not no change.
    changed = (discordance(pairs.ours, pairs.theirs) * n + 2) / (n + 2)
    effect = design_effect(pairs.theirs, pairs.clusters)
    size = sample_size(margin, changed, power=POWER, design_effect=effect)
    # As many as would do if nothing had changed do not where something has.
    return size if size > n else None


def advice(size: int | None) -> str:
    """What to do about too few samples, in words."""
    return f"n ≈ {size:,} would tell" if size else "too near the margin to tell"


def _broken(gate: Gate, pairs: Paired, worse_is_more: bool) -> list[str]:
    return [id for id in _fell(pairs, worse_is_more) if id in gate.must_not_break]


def _fell(pairs: Paired, worse_is_more: bool) -> list[str]:
    """Ids of samples that became worse, those that fell furthest first."""
    sign = 1 if worse_is_more else -1
    rows = zip(pairs.ids, pairs.ours, pairs.theirs, strict=True)
    by = [((now - before) * sign, id) for id, now, before in rows]
    # Sorting is stable: those that fell as far stand in the order of the data.
    return [id for drop, id in sorted(by, key=lambda pair: -pair[0]) if drop > 0]


def _incomparable(gate: Gate, against: str, problem: str) -> Decision:
    figures = {"against": against, "margin": gate.margin}
    return Decision(gate, Verdict.INCOMPARABLE, problem, figures)


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more
