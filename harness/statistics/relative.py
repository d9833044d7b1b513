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
from harness.statistics.bootstrap import RESAMPLES, SEED, percentile_interval, resampled_sums
from harness.statistics.intervals import (
    LEVEL,
    clustered_variance,
    satterthwaite,
    t_quantile,
    wilson,
)


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
    top, bottom = _sums(parts)
    ratio = top / bottom
    if all(_alike(part) for part in parts):
        return ratio, Interval(ratio, ratio, "identical scores", level)
    if _one_cluster(parts):
        return ratio, _logical_bounds(parts, bottom, level)
    if top <= 0:
        return ratio, _interval_at_zero(parts, bottom, level)
    variances = [_variance(part, top, bottom) for part in parts]
    total = math.fsum(variances)
    if total <= 0:
        return ratio, Interval(ratio, ratio, "delta method on log r", level)
    degrees = satterthwaite(variances, [len(set(part.clusters)) - 1 for part in parts])
    half = t_quantile(level, degrees) * math.sqrt(total)
    low, high = ratio * math.exp(-half), ratio * math.exp(half)
    return ratio, Interval(low, high, "delta method on log r", level)


def relative_score_bootstrap(
    parts: Sequence[Part],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> Interval:
    """Return the percentile bootstrap interval of r, to set beside the delta method's.

    Clusters are drawn within each part, checkpoint and baseline together; parts are drawn
    independently. Resamples in which the baseline scores 0 are left out. Where a part has only
    one cluster the interval is the logical bounds, as in `relative_score`.
    Raises ValueError without parts or where the baseline scores nothing at all.
    """
    import numpy as np

    _, bottom = _sums(parts)
    if _one_cluster(parts):
        return _logical_bounds(parts, bottom, level)
    generator = np.random.default_rng(seed)
    both = np.zeros((resamples, 2))
    for part in parts:
        ones = np.ones(len(part.clusters))
        rows = np.column_stack([part.checkpoint_scores, part.baseline_scores, ones])
        sums = resampled_sums(rows, part.clusters, resamples, generator)
        both += sums[:, :2] / sums[:, 2:]
    ratios = np.full(resamples, np.nan)
    np.divide(both[:, 0], both[:, 1], out=ratios, where=both[:, 1] > 0)
    return percentile_interval(ratios, level)


def _sums(parts: Sequence[Part]) -> tuple[float, float]:
    """Return A and B. Raises ValueError where r = A / B is not defined."""
    if not parts:
        raise ValueError("a relative score needs at least one part")
    top = math.fsum(_mean(part.checkpoint_scores) for part in parts)
    bottom = math.fsum(_mean(part.baseline_scores) for part in parts)
    if bottom <= 0:
        raise ValueError("the baseline scores 0: nothing is relative to it")
    return top, bottom


def _one_cluster(parts: Sequence[Part]) -> bool:
    return any(len(set(part.clusters)) == 1 for part in parts)


def _logical_bounds(parts: Sequence[Part], bottom: float, level: float) -> Interval:
    """Scores are at most 1: all that can be said where a part's spread can't be seen."""
    return Interval(0.0, len(parts) / bottom, "one cluster: not estimable", level)


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
