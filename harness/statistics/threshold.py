"""The score above which few non-members lie, and what its own uncertainty does to the TPR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.statistics.bootstrap import SEED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]

_RESAMPLES = 1000  # for a variance; 30 ms for 1,000 members and 1,000 others


def threshold(others: Sequence[float], fpr: float) -> float:
    """Return the lowest score above which a non-member lies with probability `fpr` at most.

    Above it lie ⌊fpr·(n+1)⌋ - 1 of n others, those whose conformal p is `fpr` at most: with
    (1 + #{others >= score})/(n + 1) the text that is asked about is counted in, and the rate kept
    on average over what others were drawn (Vovk et al. 2005). The usual ⌊fpr·n⌋ exceeds it, by half
    at 1 % of 200. With n + 1 < 1/fpr it is the highest of all.
    """
    return sorted(others, reverse=True)[int(_alarms(len(others), fpr))]


def effective_members(
    members: Sequence[float],
    others: Sequence[float],
    member_clusters: Sequence[str],
    other_clusters: Sequence[str],
    fpr: float,
) -> float:
    """Return how many members, drawn one by one at a known threshold, would spread the TPR alike.

    p(1-p)/V, with mean p and variance V of the TPR over a bootstrap that draws clusters of both
    sides, and so the threshold anew each time (Platt, Hanley and Yang 2000). No more than there are
    members; the number of their clusters where all resamples are alike.
    """
    import numpy as np

    generator = np.random.default_rng(SEED)
    high, alarms = _drawn(others, other_clusters, generator)
    over = alarms > _alarms(alarms[:, -1:], fpr)
    thresholds = high[over.argmax(axis=1)]
    found, weights = _drawn(members, member_clusters, generator)
    above = np.searchsorted(-found, -thresholds, side="left")
    counted = np.take_along_axis(weights, np.maximum(above - 1, 0)[:, None], axis=1)[:, 0]
    rates = np.where(above > 0, counted, 0) / weights[:, -1]
    mean, variance = float(rates.mean()), float(rates.var(ddof=1))
    if variance <= 0:
        return float(len(set(member_clusters)))
    return min(mean * (1 - mean) / variance, float(len(members)))


def _alarms(n: Any, fpr: float) -> Any:
    """Of `n` others, how many may lie above the threshold."""
    import numpy as np

    return np.maximum(np.floor(fpr * (n + 1) + 1e-9) - 1, 0)


def _drawn(
    scores: Sequence[float], clusters: Sequence[str], generator: np.random.Generator
) -> tuple[NDArray[np.float64], Counts]:
    """Scores, highest first, and (resamples, n) how many of a resample are among the first 1 to n.

    Clusters are drawn with replacement, as many as there are.
    """
    import numpy as np

    order = np.argsort(scores)[::-1]
    index = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    places = np.array([index[cluster] for cluster in clusters])[order]
    drawn = generator.integers(len(index), size=(_RESAMPLES, len(index)))
    drawn += np.arange(_RESAMPLES)[:, None] * len(index)
    counts = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
    return np.asarray(scores, dtype=float)[order], counts.take(places, axis=1).cumsum(axis=1)
