"""Percentile cluster bootstrap of a statistic that is a function of sums over rows.

Whole clusters are drawn with replacement. Because only their sums enter, a resample is a vector of
multinomial counts times a table of cluster sums: no row is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.records import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES = 2000
SEED = 20240521
_CELLS = 4_000_000  # multinomial counts held at once: 32 MB


def bootstrap_interval(
    rows: Array,
    clusters: Sequence[str],
    statistic: Callable[[Array], Array],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = 0.95,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Return the percentile interval of `statistic`.

    rows: (n, ...) summands. statistic: takes sums of shape (resamples, ...) and returns
    (resamples,); resamples for which it is NaN are left out. One cluster gives `bounds`.
    Raises ValueError if nothing is given, the lengths differ or every resample is NaN.
    """
    import numpy as np

    if len(rows) != len(clusters) or not len(rows):
        raise ValueError(f"{len(rows)} rows and {len(clusters)} clusters")
    if len(set(clusters)) == 1:
        return Interval(*bounds, "one cluster: not estimable", level)
    sums = resampled_sums(rows, clusters, resamples, np.random.default_rng(seed))
    return percentile_interval(statistic(sums), level)


def paired_bootstrap(
    ours: Sequence[float],
    theirs: Sequence[float],
    clusters: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = 0.95,
) -> Interval:
    """Return the percentile interval of the mean of `ours` - `theirs`, aligned scores in [0, 1].

    Beside `paired.paired_difference`, not in its place: where no pair differs every resample is 0
    and so is the interval. One cluster gives [-1, 1].
    Raises ValueError if nothing is given or the lengths differ.
    """
    import numpy as np

    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} scores against {len(theirs)}: they must be paired")
    rows = np.column_stack([np.subtract(ours, theirs), np.ones(len(ours))])
    return bootstrap_interval(
        rows,
        clusters,
        lambda sums: sums[:, 0] / sums[:, 1],
        resamples=resamples,
        seed=seed,
        level=level,
        bounds=(-1.0, 1.0),
    )


def resampled_sums(
    rows: Array, clusters: Sequence[str], resamples: int, generator: np.random.Generator
) -> Array:
    """Return (resamples, ...) sums of `rows` (n, ...), each over as many clusters as there are."""
    import numpy as np

    table = cluster_sums(rows, clusters)
    groups = len(table)
    # Clusters with equal sums are interchangeable: draw among the distinct ones, weighted.
    table, repeats = np.unique(table, axis=0, return_counts=True)
    chunk = max(1, _CELLS // len(table))
    sums = []
    for start in range(0, resamples, chunk):
        drawn = generator.multinomial(groups, repeats / groups, size=min(chunk, resamples - start))
        sums.append(np.tensordot(drawn.astype(np.float64), table, axes=1))
    return np.concatenate(sums)


def percentile_interval(figures: Array, level: float) -> Interval:
    """Return the interval between the outer percentiles of the resamples' `figures`, NaN left out.

    Raises ValueError if every one is NaN.
    """
    import numpy as np

    if np.isnan(figures).all():
        raise ValueError("the statistic is undefined in every resample")
    tail = (1 - level) / 2
    low, high = np.nanquantile(figures, [tail, 1 - tail])
    return Interval(float(low), float(high), f"cluster bootstrap, {len(figures)} resamples", level)


def cluster_sums(rows: Array, clusters: Sequence[str]) -> Array:
    """Return (clusters, ...) sums of `rows`, clusters in order of first appearance."""
    import numpy as np

    order = {cluster: index for index, cluster in enumerate(dict.fromkeys(clusters))}
    table = np.zeros((len(order), *rows.shape[1:]))
    np.add.at(table, [order[cluster] for cluster in clusters], rows)
    return table
