"""Tests of "no difference" between two checkpoints on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.statistics.bootstrap import SEED, cluster_sums
from harness.statistics.intervals import count_clusters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_CELLS = 4_000_000  # signs held at once: 32 MB


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

    count_clusters(differences, clusters)
    totals = cluster_sums(np.asarray(differences, dtype=float), clusters)
    # Sums of decimal scores that cancel can leave 1e-17.
    totals = totals[np.abs(totals) > 1e-12]
    if len(totals) < 2:
        return 1.0
    least = abs(totals.sum()) * (1 - 1e-12)  # the same sum in another order is as far away
    every = 2 ** len(totals)
    if every <= resamples:
        places = np.arange(every)[:, None] >> np.arange(len(totals)) & 1
        return float(np.mean(_flipped(places, totals) >= least))
    generator = np.random.default_rng(seed)
    far, chunk = 1, max(1, _CELLS // len(totals))
    for start in range(0, resamples, chunk):
        shape = (min(chunk, resamples - start), len(totals))
        drawn = generator.integers(0, 2, size=shape, dtype=np.int8)
        far += int(np.count_nonzero(_flipped(drawn, totals) >= least))
    return far / (resamples + 1)


def _flipped(flips: NDArray[Any], totals: Array) -> Array:
    """|T*| for each row of `flips`, which has a 1 where a total keeps its sign and 0 elsewhere."""
    far: Array = abs(2 * (flips.astype(float) @ totals) - totals.sum())
    return far


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
