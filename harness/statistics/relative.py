"""The relative score: a checkpoint's scores over the baseline's.

With parts k (JSQuAD's F1, MARC-ja's accuracy ...), A = Σ mean(checkpoint_k), B = Σ mean(baseline_k)
and r = A / B. The interval is the delta method's on log r: to first order log r varies as the sum
over parts of mean(c_i/A - b_i/B), so the pairing of c_i with b_i, the covariance, is in it, and
each part is clustered on its own. Parts are taken for independent; their degrees of freedom are
joined by Satterthwaite's rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.records import Interval
from harness.statistics.intervals import LEVEL, clustered_variance, t_quantile, wilson


@dataclass(frozen=True, slots=True)
class Part:
    """One part's scores in [0, 1], aligned sample by sample, and the samples' clusters.

    Raises ValueError without samples or if the lengths differ.
    """

    checkpoint_scores: Sequence[float]
    baseline_scores: Sequence[float]
    clusters: Sequence[str]

    def __post_init__(self) -> None:
        lengths = {len(self.checkpoint_scores), len(self.baseline_scores), len(self.clusters)}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError("a part needs samples, paired: scores and clusters of one length")


def relative_score(parts: Sequence[Part], level: float = LEVEL) -> tuple[float, Interval]:
    """Return r and its interval; the baseline against itself gives 1 and [1, 1].

    Raises ValueError without parts or where the baseline scores nothing at all.
    """
    if not parts:
        raise ValueError("a relative score needs at least one part")
    top = math.fsum(_mean(part.checkpoint_scores) for part in parts)
    bottom = math.fsum(_mean(part.baseline_scores) for part in parts)
    if bottom <= 0:
        raise ValueError("the baseline scores 0: nothing is relative to it")
    ratio = top / bottom
    if all(_alike(part) for part in parts):
        return ratio, Interval(ratio, ratio, "identical scores", level)
    if any(len(set(part.clusters)) == 1 for part in parts):
        # Scores are at most 1, so this is all that can be said.
        return ratio, Interval(0.0, len(parts) / bottom, "one cluster: not estimable", level)
    if top <= 0:
        return ratio, _interval_at_zero(parts, bottom, level)
    variances = [_variance(part, top, bottom) for part in parts]
    total = math.fsum(variances)
    if total <= 0:
        return ratio, Interval(ratio, ratio, "delta method on log r", level)
    degrees = total**2 / math.fsum(
        variance**2 / (len(set(part.clusters)) - 1)
        for variance, part in zip(variances, parts, strict=True)
    )
    half = t_quantile(level, degrees) * math.sqrt(total)
    low, high = ratio * math.exp(-half), ratio * math.exp(half)
    return ratio, Interval(low, high, "delta method on log r", level)


def _variance(part: Part, top: float, bottom: float) -> float:
    """Variance of this part's share in log r."""
    pairs = zip(part.checkpoint_scores, part.baseline_scores, strict=True)
    return clustered_variance([one / top - other / bottom for one, other in pairs], part.clusters)


def _interval_at_zero(parts: Sequence[Part], bottom: float, level: float) -> Interval:
    """Log 0 has no interval: take Wilson's upper bound on as many trials as there are clusters."""
    top = math.fsum(wilson(0, len(set(part.clusters)), level).high for part in parts)
    return Interval(0.0, top / bottom, "Wilson at 0, by clusters", level)


def _alike(part: Part) -> bool:
    pairs = zip(part.checkpoint_scores, part.baseline_scores, strict=True)
    return all(one == other for one, other in pairs)


def _mean(scores: Sequence[float]) -> float:
    return math.fsum(scores) / len(scores)
