"""Planning: how many paired questions a gate takes, and what it can see with those it has.

The gate is a non-inferiority test whose verdict is read off a two-sided interval: a checkpoint
passes where the interval's low end lies above -margin. With no true difference, and differences d
of mean square `discordance`,

    n = (z_{(1+level)/2} + z_power)² · discordance / margin² · design effect

(the paired formula in Miller, arXiv 2411.00640, and Chow, Shao and Wang 2008, with a one-sided
level of (1 - level)/2). For right and wrong answers the discordance is the share of pairs that
differ. Where hardly any do, the two pseudo-observations of `harness.statistics.paired` weigh more
than the data: the gate then takes n = z_{(1+level)/2} · √2 / margin · design effect, at which even
equal answers only just pass. The larger of the two counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from harness.statistics.intervals import LEVEL, clustered_variance, count_clusters

POWER = 0.8
_NORMAL = NormalDist()


def sample_size(
    margin: float,
    discordance: float,
    *,
    power: float = POWER,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> int:
    """Return the pairs needed to pass with probability `power` where nothing changed.

    margin: in the scores' unit, above 0. Raises ValueError for figures out of range.
    """
    _check(margin, discordance, design_effect)
    z = _NORMAL.inv_cdf(0.5 + level / 2)
    both = z + _NORMAL.inv_cdf(power)
    pairs = max(both * both * discordance / margin**2, z * math.sqrt(2) / margin)
    return math.ceil(pairs * design_effect)


def detectable_difference(
    n: int,
    discordance: float,
    *,
    power: float = POWER,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> float:
    """Return the smallest margin for which `n` pairs suffice: the inverse of `sample_size`.

    Above 1 where n pairs can show nothing at all. Raises ValueError for figures out of range.
    """
    _check(n, discordance, design_effect)
    z = _NORMAL.inv_cdf(0.5 + level / 2)
    both = z + _NORMAL.inv_cdf(power)
    pairs = n / design_effect
    return max(both * math.sqrt(discordance / pairs), z * math.sqrt(2) / pairs)


def power_of(
    n: int,
    margin: float,
    discordance: float,
    *,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> float:
    """Return the probability with which `n` pairs pass where nothing changed.

    0 where not even equal answers would. Raises ValueError for figures out of range.
    """
    _check(n, discordance, design_effect)
    _check(margin, discordance, design_effect)
    z, pairs = _NORMAL.inv_cdf(0.5 + level / 2), n / design_effect
    if margin < z * math.sqrt(2) / pairs:
        return 0.0
    if discordance == 0:
        return 1.0
    return _NORMAL.cdf(margin * math.sqrt(pairs / discordance) - z)


def discordance(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the mean squared difference of aligned scores, E[d²].

    Raises ValueError without scores or if the lengths differ.
    """
    if not ours or len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} scores against {len(theirs)}: they must be paired")
    squares = ((one - other) ** 2 for one, other in zip(ours, theirs, strict=True))
    return math.fsum(squares) / len(ours)


def design_effect(scores: Sequence[float], clusters: Sequence[str]) -> float:
    """Return how many times wider clusters make the variance of the mean of `scores`.

    Clustered (CR1) over independent variance, no less than 1 and no more than the mean cluster
    size m, which stands for all of a cluster answering alike (1 + (m - 1)·1; Kish 1965). It is
    also taken where nothing can be estimated: all scores equal, or one cluster.
    Raises ValueError without scores or if the lengths differ.
    """
    groups, n = count_clusters(scores, clusters), len(scores)
    mean = math.fsum(scores) / n
    squares = math.fsum((score - mean) ** 2 for score in scores)
    if groups == 1 or len(set(scores)) == 1:
        return n / groups
    independent = squares / (n - 1) / n
    return min(max(1.0, clustered_variance(scores, clusters) / independent), n / groups)


def _check(positive: float, discordance: float, design_effect: float) -> None:
    if positive <= 0 or not 0 <= discordance <= 1 or design_effect < 1:
        raise ValueError(
            f"n or margin {positive} must be above 0, discordance {discordance} in [0, 1], "
            f"design effect {design_effect} at least 1"
        )
