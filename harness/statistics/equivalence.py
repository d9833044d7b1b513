"""Equivalence: showing that a mean is where it should be, rather than failing to show otherwise.

Two one-sided t tests (Schuirmann 1987, doi 10.1007/BF01068419): a mean is equivalent to a centre if
it is shown to lie above centre - margin and to lie below centre + margin, each at level alpha. That
is so just where the interval of level 1 - 2·alpha lies between the two. No level is lost to testing
twice, since both must hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.statistics.intervals import clustered_variance, count_clusters, t_quantile


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether a mean was shown to be near its centre. low, high: the 1 - 2·alpha interval.

    p: the larger of the two one-sided p-values. n: scores; clusters: independent groups of them.
    """

    mean: float
    low: float
    high: float
    equivalent: bool
    p: float
    n: int
    clusters: int


def tost_mean(
    scores: Sequence[float],
    clusters: Sequence[str],
    centre: float = 0.5,
    margin: float = 0.05,
    alpha: float = 0.05,
) -> Equivalence:
    """Test whether the mean of `scores`, each in [0, 1], lies within `margin` of `centre`.

    `clusters` is aligned. Standard error and degrees of freedom are those of
    `harness.statistics.intervals.clustered_mean`. The variance is no less than .5/(G + 2)², that of
    G clusters all at one half with one at 0 and one at 1 added: scores that are all alike prove
    nothing by that alone, and at .05 no mean of fewer than 23 clusters is equivalent within .05.
    One cluster never is. The interval is clipped to [0, 1].
    Raises ValueError without scores, if lengths differ, or for a margin or alpha out of range.
    """
    from scipy.special import stdtr

    if margin <= 0 or not 0 < alpha < 0.5:
        raise ValueError(f"margin {margin} must be above 0, alpha {alpha} between 0 and .5")
    groups, n = count_clusters(scores, clusters), len(scores)
    mean = math.fsum(scores) / n
    if groups == 1:
        return Equivalence(mean, 0.0, 1.0, False, 1.0, n, 1)
    error = math.sqrt(max(clustered_variance(scores, clusters), 0.5 / (groups + 2) ** 2))
    nearer = margin - abs(mean - centre)  # to the bound that is harder to keep away from
    p = float(stdtr(groups - 1, -nearer / error))
    half = t_quantile(1 - 2 * alpha, groups - 1) * error
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    return Equivalence(mean, low, high, p < alpha, p, n, groups)
