"""Tests of "no difference" between two checkpoints on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.statistics.bootstrap import SEED, cluster_sums
from harness.statistics.intervals import count_clusters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_BATCH = 1000  # resamples held at once; a few thousand documents fit


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two-sided p-values. mid_p: less conservative, and the one to prefer (Fagerland 2013)."""

    exact: float
    mid_p: float


def sign_flip(
    differences: Sequence[float],
    clusters: Sequence[str],
    *,
    resamples: int = 10_000,
    seed: int = SEED,
) -> float:
    """Return the two-sided p of the permutation test that flips the signs of whole documents.

    T is the sum of all differences. p = (1 + #{|T*| >= |T|}) / (resamples + 1) (Phipson and Smyth
    2010), or exact over all flips where they are no more than `resamples`. Documents whose
    differences cancel change nothing and are left out; with fewer than two others, p is 1.
    Raises ValueError without differences or if the lengths differ.
    """
    import numpy as np
    from scipy.stats import permutation_test

    count_clusters(differences, clusters)
    totals = cluster_sums(np.asarray(differences, dtype=float), clusters)
    # Sums of decimal scores that cancel can leave 1e-17.
    totals = totals[np.abs(totals) > 1e-12]
    if len(totals) < 2:
        return 1.0

    def distance(totals: Array, axis: int) -> Array:
        far: Array = np.abs(totals.sum(axis=axis))
        return far

    test = permutation_test(
        (totals,),
        distance,
        permutation_type="samples",
        alternative="greater",
        n_resamples=resamples,
        vectorized=True,
        batch=_BATCH,
        rng=np.random.default_rng(seed),
    )
    return float(test.pvalue)


def mcnemar(won: int, lost: int) -> McNemar:
    """Return McNemar's test on the pairs that differ, for questions that share no document.

    Both p-values are binomial: exact = min(1, 2 P(X <= min)), mid_p = 2 P(X < min) + P(X = min)
    with X ~ Binomial(won + lost, 1/2). Raises ValueError for a negative count.
    """
    from scipy.stats import binom

    if won < 0 or lost < 0:
        raise ValueError(f"{won} won and {lost} lost are no counts")
    fewer, pairs = min(won, lost), won + lost
    twice = 2 * float(binom.cdf(fewer, pairs, 0.5))
    return McNemar(min(1.0, twice), min(1.0, twice - float(binom.pmf(fewer, pairs, 0.5))))
