"""Intervals for a mean of scores in [0, 1], alone or in clusters.

Questions on one document are right or wrong together, so an interval that takes them for
independent is too narrow. `mean_interval` chooses:

    scores 0 or 1, no cluster shared   Wilson
    scores 0 or 1, clusters            Wilson on the effective sample size (Korn and Graubard 1998)
    other scores                       the same, with t: `bounded_mean`

`clustered_mean` is the usual symmetric interval, clustered standard error (Miller, arXiv
2411.00640) and t. No figure of a report has it: it is here to be measured against. How often each
holds the truth: docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from harness.records import Interval

LEVEL = 0.95


def mean_interval(
    scores: Sequence[float], clusters: Sequence[str], level: float = LEVEL
) -> tuple[float, Interval]:
    """Return the mean of `scores` (each in [0, 1]) and its interval; `clusters` is aligned.

    Raises ValueError without scores or if the lengths differ.
    """
    groups = count_clusters(scores, clusters)
    if not set(scores) <= {0.0, 1.0}:
        return bounded_mean(scores, clusters, level)
    if groups < len(scores):
        return clustered_proportion(scores, clusters, level)
    successes = round(sum(scores))
    return successes / len(scores), wilson(successes, len(scores), level)


def wilson(successes: float, n: float, level: float = LEVEL) -> Interval:
    """Wilson's score interval; both figures may be fractional (effective sample sizes).

    Raises ValueError unless 0 <= successes <= n and n > 0.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} is no proportion")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At the ends the bound is exact; the arithmetic above only comes near it.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low, high, "Wilson", level)


def clustered_mean(
    scores: Sequence[float],
    clusters: Sequence[str],
    level: float = LEVEL,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, Interval]:
    """Return the mean and its t interval from the cluster-robust (CR1) standard error.

    SE² = G/(G-1) · Σ_c (Σ_i∈c (s_i - mean))² / n², with G - 1 degrees of freedom, clipped to
    `bounds`. One cluster says nothing of the spread: the interval is `bounds`.
    Raises ValueError without scores or if the lengths differ.
    """
    groups = count_clusters(scores, clusters)
    mean = math.fsum(scores) / len(scores)
    if groups == 1:
        return mean, Interval(*bounds, "one cluster: not estimable", level)
    half = t_quantile(level, groups - 1) * math.sqrt(clustered_variance(scores, clusters))
    low, high = max(bounds[0], mean - half), min(bounds[1], mean + half)
    return mean, Interval(low, high, "clustered t", level)


def bounded_mean(
    scores: Sequence[float], clusters: Sequence[str], level: float = LEVEL
) -> tuple[float, Interval]:
    """Return the mean of scores in [0, 1] and a Wilson interval on the effective sample size.

    Near 0 or 1 few scores differ and the t interval misses a truth farther in. Here the variance
    is taken to follow the true mean as μ(1-μ), scaled to what was seen: |m - μ| <= t_{G-1} ·
    √(μ(1-μ)/n_eff), Wilson's with t for z (after Korn and Graubard 1998). Of the two sums in
    n_eff = n · (n·m(1-m) + 1)/(n²SE² + 1), the first is what zeros and ones on their own would
    spread, the second what was seen; one such answer is added to both, so that a few small faults
    don't promise that all faults are small. One cluster gives [0, 1].
    Raises ValueError without scores or if the lengths differ.
    """
    groups, n = count_clusters(scores, clusters), len(scores)
    mean = math.fsum(scores) / n
    if groups == 1:
        return mean, Interval(0.0, 1.0, "one cluster: not estimable", level)
    seen = n * n * clustered_variance(scores, clusters)
    effective = n * (n * mean * (1 - mean) + 1) / (seen + 1)
    effective *= (NormalDist().inv_cdf(0.5 + level / 2) / t_quantile(level, groups - 1)) ** 2
    plain = wilson(mean * effective, effective, level)
    return mean, Interval(plain.low, plain.high, "clustered Wilson", level)


def clustered_proportion(
    scores: Sequence[float], clusters: Sequence[str], level: float = LEVEL
) -> tuple[float, Interval]:
    """Return the share of ones and a Wilson interval on the effective sample size.

    n_eff = p(1-p)/SE², SE as in `clustered_mean`, times (t_{n-1}/t_{G-1})² for the few degrees of
    freedom, at most n (Korn and Graubard 1998). At p = 0 or 1 the spread can't be seen: n_eff is
    then the number of clusters, as if each answered alike, times the same factor. When no
    cluster is shared it is the plain Wilson interval; one cluster gives [0, 1].
    Raises ValueError without scores, if the lengths differ, or for a score other than 0 or 1.
    """
    groups, n = count_clusters(scores, clusters), len(scores)
    if not set(scores) <= {0.0, 1.0}:
        raise ValueError("a proportion needs scores of 0 or 1")
    p = math.fsum(scores) / n
    if groups == n:
        return p, wilson(round(p * n), n, level)
    if groups == 1:
        return p, Interval(0.0, 1.0, "one cluster: not estimable", level)
    factor = (t_quantile(level, n - 1) / t_quantile(level, groups - 1)) ** 2
    variance = clustered_variance(scores, clusters)
    effective = float(groups) if p in (0.0, 1.0) else float(n)
    if p not in (0.0, 1.0) and variance > 0:
        effective = p * (1 - p) / variance
    effective = min(float(n), effective * factor)
    plain = wilson(p * effective, effective, level)
    return p, Interval(plain.low, plain.high, "clustered Wilson", level)


def clustered_variance(scores: Sequence[float], clusters: Sequence[str]) -> float:
    """Return the CR1 variance of the mean; needs two clusters or more."""
    n, groups = len(scores), len(set(clusters))
    squares = residual_squares(scores, clusters, math.fsum(scores) / n)
    return groups / (groups - 1) * squares / (n * n)


def residual_squares(scores: Sequence[float], clusters: Sequence[str], centre: float) -> float:
    """Return Σ_c (Σ_i∈c (s_i - centre))², the sum in every clustered variance here."""
    residuals: dict[str, float] = {}
    for score, cluster in zip(scores, clusters, strict=True):
        residuals[cluster] = residuals.get(cluster, 0.0) + (score - centre)
    return math.fsum(residual * residual for residual in residuals.values())


def satterthwaite(variances: Sequence[float], degrees: Sequence[float]) -> float:
    """Return the degrees of freedom of a sum of independent variances, not all of them 0.

    (Σ v)² / Σ v²/df (Satterthwaite 1946; Welch 1947).
    """
    pairs = zip(variances, degrees, strict=True)
    return math.fsum(variances) ** 2 / math.fsum(v * v / df for v, df in pairs)


def t_quantile(level: float, degrees: float) -> float:
    """Return the two-sided quantile of Student's t."""
    # Not scipy.stats, which takes a second longer to import and asks the same function.
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 2))


def count_clusters(scores: Sequence[float], clusters: Sequence[str]) -> int:
    """Return the number of clusters. Raises ValueError without scores or if the lengths differ."""
    if not scores:
        raise ValueError("no scores: nothing can be said of their mean")
    if len(scores) != len(clusters):
        raise ValueError(f"{len(scores)} scores but {len(clusters)} clusters")
    return len(set(clusters))
