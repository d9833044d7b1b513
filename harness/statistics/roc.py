"""How well a score tells members from others: AUROC, operating points, curves.

Everywhere the higher score is the more member-like one. AUROC is the probability that a random
member scores above a random other text, ties counting half. Its variance is that of the structural
components (DeLong, DeLong and Clarke-Pearson 1988, doi 10.2307/2531595): a member's component is
the share of others below it, another text's the share of members above it. Texts of one document
are summed, and a document with texts on both sides adds its covariance (Obuchowski 1997, doi
10.2307/2533958). How often the intervals hold the truth: the tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.records import Interval
from harness.statistics.intervals import (
    LEVEL,
    clustered_proportion,
    satterthwaite,
    t_quantile,
    wilson,
)
from harness.statistics.threshold import effective_members, threshold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Scores = tuple[Sequence[float], Sequence[float]]  # members, others


@dataclass(frozen=True, slots=True)
class Spread:
    """Variance of an AUROC or of a difference of two. smaller: clusters of the smaller side."""

    variance: float
    degrees: float
    smaller: int


@dataclass(frozen=True, slots=True)
class TprAtFpr:
    """How many members are found where few others are.

    target: the FPR asked for. threshold: a score above it calls a text a member. tpr, fpr: shares
    of members and others above it. few: fewer than 10/target others, so that the threshold hangs on
    a handful of them; too_few: fewer than 2/target - 1, so that it is the highest of them, of which
    a bootstrap can't tell how far it varies (Bickel and Freedman 1981; such intervals held the
    truth in 63 to 97 % of trials), and which keeps to a rate far below the target.
    """

    target: float
    threshold: float
    tpr: float
    interval: Interval
    fpr: float
    fpr_interval: Interval
    few: bool
    too_few: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of each side between common edges; the outer bins hold what lies beyond, too."""

    edges: tuple[float, ...]
    members: tuple[float, ...]
    others: tuple[float, ...]


def auroc(members: Sequence[float], others: Sequence[float]) -> float:
    """Return the AUROC. Raises ValueError where a side is empty or a score is not a number."""
    return float(_components(members, others)[0].mean())


def auroc_interval(
    members: Sequence[float],
    others: Sequence[float],
    member_clusters: Sequence[str],
    other_clusters: Sequence[str],
    level: float = LEVEL,
    times: float = 1.0,
) -> tuple[float, Interval]:
    """Return the AUROC and its interval; clusters are aligned with the scores.

    times: what the variance is multiplied by, for scores that share more than their documents.

    log(A/(1-A)) ± t · SE/(A(1-A)), which stays within [0, 1] (Qin and Hotilovac 2008). Where no
    component differs (A = 1, or all scores equal) SE is 0 and tells nothing. As many independent
    pairs of a member's and another's cluster can be formed as the smaller side has clusters, k, and
    each is right with probability A: the interval is then Wilson's on k trials. One cluster on a
    side gives [0, 1]. Raises ValueError as `auroc` does, or if lengths differ.
    """
    components = _components(members, others)
    value = float(components[0].mean())
    spread = _spread(*components, member_clusters, other_clusters)
    if spread.smaller == 1:
        return value, Interval(0.0, 1.0, "one cluster: not estimable", level)
    wider = "" if times == 1 else f", {times:g} × variance"
    if spread.variance <= 0 or not 0 < value < 1:
        trials = spread.smaller / times
        plain = wilson(value * trials, trials, level)
        return value, Interval(plain.low, plain.high, f"Wilson, by clusters{wider}", level)
    error = math.sqrt(spread.variance * times)
    half = t_quantile(level, spread.degrees) * error / (value * (1 - value))
    middle = math.log(value / (1 - value))
    # 1 / (1 + exp(-x)), which two clusters' wide intervals would overflow
    low, high = (0.5 + 0.5 * math.tanh(end / 2) for end in (middle - half, middle + half))
    return value, Interval(low, high, f"DeLong on the logit, clustered t{wider}", level)


def auroc_difference(
    ours: Scores,
    theirs: Scores,
    member_clusters: Sequence[str],
    other_clusters: Sequence[str],
    level: float = LEVEL,
    times: float = 1.0,
) -> tuple[float, Interval]:
    """Return the AUROC of `ours` less that of `theirs`, two scores of the same texts, aligned.

    times: what the variance of `theirs` alone is multiplied by, as for `auroc_interval`.

    The variance is that of the differences of the components, which has the covariance of the two
    scores in it, and no less than 2/(k + 2)², k the clusters of the smaller side: that of k
    independent pairs that are all alike, with one won and one lost added (Bonett and Price 2012, as
    in `harness.statistics.paired`). So equal scores, or two that are both never wrong, give an
    interval that shrinks with k rather than a point. t, clipped to [-1, 1], to which one cluster on
    a side leaves it. Raises ValueError as `auroc_interval` does, or if the texts differ in number.
    """
    if [len(side) for side in ours] != [len(side) for side in theirs]:
        raise ValueError("two scores of the same texts must be aligned")
    (mine, my_others), (your, your_others) = _components(*ours), _components(*theirs)
    spread = _spread(mine - your, my_others - your_others, member_clusters, other_clusters)
    value = float(mine.mean() - your.mean())
    if spread.smaller == 1:
        return value, Interval(-1.0, 1.0, "one cluster: not estimable", level)
    variance = spread.variance
    if times != 1:
        variance += (times - 1) * _spread(
            your, your_others, member_clusters, other_clusters
        ).variance
    variance = max(variance, 2 / (spread.smaller + 2) ** 2)
    half = t_quantile(level, spread.degrees) * math.sqrt(variance)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return value, Interval(low, high, "DeLong, paired, clustered t", level)


def tpr_at_fpr(
    members: Sequence[float],
    others: Sequence[float],
    fpr: float,
    member_clusters: Sequence[str],
    other_clusters: Sequence[str],
    level: float = LEVEL,
) -> TprAtFpr:
    """Return the TPR at the lowest threshold that keeps the FPR to `fpr` (`threshold`).

    Its interval is Wilson's on the effective number of members (`effective_members`), which has the
    threshold's own uncertainty in it. That of the realised FPR is Wilson's, clustered. Where there
    are too few others, or one cluster on a side, the TPR may be anything: [0, 1]. Raises ValueError
    as `auroc_interval` does, or unless 0 < fpr < 1.
    """
    if not 0 < fpr < 1:
        raise ValueError(f"an FPR of {fpr} is not between 0 and 1")
    spread = _spread(*_components(members, others), member_clusters, other_clusters)
    least = threshold(others, fpr)
    found = sum(score > least for score in members) / len(members)
    alarms = [float(score > least) for score in others]
    share, alarm_interval = clustered_proportion(alarms, other_clusters, level)
    too_few = (len(others) + 1) * fpr < 2 - 1e-9
    if spread.smaller == 1 or too_few:
        why = "too few others" if too_few else "one cluster"
        interval = Interval(0.0, 1.0, f"{why}: not estimable", level)
    else:
        n = effective_members(members, others, member_clusters, other_clusters, fpr)
        plain = wilson(found * n, n, level)
        interval = Interval(plain.low, plain.high, "Wilson, bootstrap of both sides", level)
    few = len(others) * fpr < 10 - 1e-9
    return TprAtFpr(fpr, least, found, interval, share, alarm_interval, few, too_few)


def roc_points(
    members: Sequence[float], others: Sequence[float], most: int = 60
) -> list[tuple[float, float]]:
    """Return (FPR, TPR) from (0, 0) to (1, 1), at most `most` of them, even along the curve.

    Raises ValueError as `auroc` does, or for fewer than 2 points.
    """
    import numpy as np

    if most < 2:
        raise ValueError("a curve has two ends")
    _components(members, others)
    sides = [np.sort(np.asarray(side, dtype=float)) for side in (others, members)]
    cuts = np.unique(np.concatenate(sides))
    x, y = (
        np.append(1 - np.searchsorted(side, cuts, side="left") / len(side), 0.0)[::-1]
        for side in sides
    )
    # Steps of the curve's length; each takes the point that it has come nearest to.
    along = np.searchsorted(x + y, np.linspace(0, 2, most) - 1e-12)
    keep = np.unique(np.clip(along, 0, len(x) - 1))
    return [(float(x[place]), float(y[place])) for place in keep]


def histograms(members: Sequence[float], others: Sequence[float], bins: int = 30) -> Histogram:
    """Return shares of both sides in `bins` equal bins over the middle 99 % of all scores.

    Raises ValueError as `auroc` does.
    """
    import numpy as np

    _components(members, others)
    low, high = np.quantile(np.concatenate([members, others]), [0.005, 0.995])
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    shares = [
        tuple((np.histogram(np.clip(side, low, high), edges)[0] / len(side)).tolist())
        for side in (members, others)
    ]
    return Histogram(tuple(edges.tolist()), *shares)


def _components(members: Sequence[float], others: Sequence[float]) -> tuple[Array, Array]:
    """Share of others below each member, and of members above each other text; ties half."""
    import numpy as np

    above, below = np.asarray(members, dtype=float), np.asarray(others, dtype=float)
    if not len(above) or not len(below):
        raise ValueError(f"{len(above)} members and {len(below)} others: both are needed")
    if np.isnan(above).any() or np.isnan(below).any():
        raise ValueError("a score is not a number")
    return _share_below(above, below), 1 - _share_below(below, above)


def _share_below(scores: Array, among: Array) -> Array:
    import numpy as np

    ordered = np.sort(among)
    lower, not_higher = (np.searchsorted(ordered, scores, side=side) for side in ("left", "right"))
    share: Array = (lower + not_higher) / (2 * len(ordered))
    return share


def _spread(
    members: Array, others: Array, member_clusters: Sequence[str], other_clusters: Sequence[str]
) -> Spread:
    """Obuchowski's variance of the mean of components, which both sides have alike.

    Degrees of freedom are Satterthwaite's; where a cluster is on both sides, those of the side with
    fewer clusters.
    """
    import numpy as np

    if len(members) != len(member_clusters) or len(others) != len(other_clusters):
        raise ValueError("each score needs its cluster")
    index = {c: i for i, c in enumerate(dict.fromkeys([*member_clusters, *other_clusters]))}
    sums, groups = [], []
    for components, clusters in ((members, member_clusters), (others, other_clusters)):
        places = [index[cluster] for cluster in clusters]
        residuals = (components - components.mean()) / len(components)
        sums.append(np.bincount(places, residuals, minlength=len(index)))
        groups.append(len(set(places)))
    smaller = min(groups)
    if smaller == 1:
        return Spread(math.nan, math.nan, 1)
    one, other = (float(g / (g - 1) * (s @ s)) for s, g in zip(sums, groups, strict=True))
    if sum(groups) == len(index):
        both = one + other
        degrees = satterthwaite([one, other], [g - 1 for g in groups]) if both > 0 else smaller - 1
        return Spread(both, degrees, smaller)
    every = len(index)
    covariance = every / (every - 1) * float(sums[0] @ sums[1])
    return Spread(one + other + 2 * covariance, smaller - 1, smaller)
