"""Two checkpoints on the same questions: the mean difference and its interval.

Few answers differ between a checkpoint and its baseline, often none, and the spread of what was
seen then says nothing: its standard error is 0 after ten equal answers as after ten thousand. So
two pseudo-clusters join the data, one of `w` differences of +1 and one of `w` of -1. With w = 1,
questions that share no document, and z in place of t this is the adjusted Wald interval of Bonett
and Price (2012, doi 10.3102/1076998611411915) for paired proportions, but for the factor G/(G-1).
In documents an observation counts for less, so that w is the design effect of the reference's
scores. The variance is cluster-robust (CR1) as in Miller (arXiv 2411.00640).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.records import Interval
from harness.statistics.intervals import (
    LEVEL,
    count_clusters,
    residual_squares,
    satterthwaite,
    t_quantile,
)
from harness.statistics.power import design_effect

Compared = tuple[Sequence[float], Sequence[float], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Flips:
    """Pairs in which ours is higher, lower, or equal."""

    won: int
    lost: int
    tied: int


def paired_difference(
    ours: Sequence[float],
    theirs: Sequence[float],
    clusters: Sequence[str],
    level: float = LEVEL,
) -> tuple[float, Interval]:
    """Return the mean of ours - theirs and its interval; aligned scores in [0, 1] and clusters.

    The value is the plain mean. The interval, t with G - 1 degrees of freedom and clipped to
    [-1, 1], stands around the mean of data and pseudo-clusters together, which is nearer to 0.
    Equal answers thus give an interval around 0 that shrinks with n. One cluster gives [-1, 1].
    Raises ValueError without scores or if the lengths differ.
    """
    differences = _differences(ours, theirs)
    groups = count_clusters(differences, clusters)
    value = math.fsum(differences) / len(differences)
    if groups == 1:
        return value, Interval(-1.0, 1.0, "one cluster: not estimable", level)
    centre, variance = adjusted_mean(differences, clusters, design_effect(theirs, clusters))
    half = t_quantile(level, groups - 1) * math.sqrt(variance)
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return value, Interval(low, high, "paired, clustered t", level)


def difference_in_differences(
    treated: Compared,
    control: Compared,
    level: float = LEVEL,
    weights: Sequence[float] | None = None,
) -> tuple[float, Interval]:
    """Return the paired difference of `treated` less that of `control`, and its interval.

    Each is (ours, theirs, clusters) as for `paired_difference`; they share no cluster, so that
    their variances add, with Welch's degrees of freedom. The value is in [-2, 2], to which the
    interval is clipped; where either has one cluster, that is the interval. weights: of the treated
    pairs, above 0 (None: all alike); only their ratios count.
    Raises ValueError without scores, if lengths differ, or for a cluster on both sides.
    """
    if shared := set(treated[2]) & set(control[2]):
        raise ValueError(f"clusters {sorted(shared)[:3]} are both treated and control")
    values, centres, variances, degrees = [], [], [], []
    for (ours, theirs, clusters), of in ((treated, weights), (control, None)):
        differences = _differences(ours, theirs)
        groups = count_clusters(differences, clusters)
        weighted = zip(_scaled(of, len(differences)), differences, strict=True)
        values.append(math.fsum(w * d for w, d in weighted) / len(differences))
        degrees.append(groups - 1)
        if groups > 1:
            weight = design_effect(theirs, clusters)
            centre, variance = adjusted_mean(differences, clusters, weight, of)
            centres.append(centre)
            variances.append(variance)
    value = values[0] - values[1]
    if 0 in degrees:
        return value, Interval(-2.0, 2.0, "one cluster: not estimable", level)
    half = t_quantile(level, satterthwaite(variances, degrees)) * math.sqrt(math.fsum(variances))
    middle = centres[0] - centres[1]
    low, high = max(-2.0, middle - half), min(2.0, middle + half)
    return value, Interval(low, high, "difference in differences, clustered t", level)


def flips(ours: Sequence[float], theirs: Sequence[float]) -> Flips:
    """Count the pairs by which side is higher. Raises ValueError if the lengths differ."""
    differences = _differences(ours, theirs)
    won = sum(difference > 0 for difference in differences)
    lost = sum(difference < 0 for difference in differences)
    return Flips(won, lost, len(differences) - won - lost)


def adjusted_mean(
    differences: Sequence[float],
    clusters: Sequence[str],
    weight: float,
    weights: Sequence[float] | None = None,
) -> tuple[float, float]:
    """Return mean and CR1 variance with two pseudo-clusters of `weight` differences of +1 and -1.

    `differences` are in [-1, 1], in two clusters or more. Weight 0 leaves the data as they are.
    `weights` of the differences are scaled to a mean of 1. Unlike ones make n differences say as
    much as n / mean(weights²) like ones (Kish 1965), and so add to the pseudo-clusters.
    """
    groups, n = len(set(clusters)), len(differences)
    scaled = _scaled(weights, n)
    weight *= math.fsum(w * w for w in scaled) / n
    total = n + 2 * weight
    mean = math.fsum(w * d for w, d in zip(scaled, differences, strict=True)) / total
    pseudo = 2 * weight * weight * (1 + mean * mean)  # (w(1 - mean))² + (w(-1 - mean))²
    residuals = [w * (d - mean) for w, d in zip(scaled, differences, strict=True)]
    squares = residual_squares(residuals, clusters, 0.0) + pseudo
    return mean, groups / (groups - 1) * squares / (total * total)


def _scaled(weights: Sequence[float] | None, n: int) -> list[float]:
    """The weights of n differences, with a mean of 1."""
    if weights is None or len(set(weights)) == 1:
        return [1.0] * n
    mean = math.fsum(weights) / n
    return [weight / mean for weight in weights]


def _differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours - theirs, pair by pair. Raises ValueError if the lengths differ."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} scores against {len(theirs)}: they must be paired")
    return [one - other for one, other in zip(ours, theirs, strict=True)]
