"""Figures of a classification, each a function of (weighted) confusion counts.

Counts have shape (..., K, K): gold labels in rows, predicted ones in columns. Leading axes are
kept, so that one call serves all resamples of a bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from harness.records import Interval
from harness.statistics.bootstrap import bootstrap_interval
from harness.statistics.intervals import mean_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def summarise(
    gold: Sequence[str],
    predicted: Sequence[str],
    labels: Sequence[str],
    clusters: Sequence[str],
    no_label: str | None = None,
) -> dict[str, tuple[float, Interval]]:
    """Return accuracy, balanced accuracy and macro-F1 with their intervals; aligned sequences.

    no_label: what is predicted where an answer gives no label: wrong for its gold label, and no
    class of its own to average over. Raises ValueError without answers, if lengths differ, or for a
    label that isn't in `labels`.
    """
    told = labels if no_label is None else (*labels, no_label)
    rows = indicators(gold, predicted, told)
    right = [float(one == other) for one, other in zip(gold, predicted, strict=True)]
    counts = rows.sum(axis=0)
    return {
        "accuracy": mean_interval(right, clusters),
        "balanced_accuracy": (
            float(balanced_accuracy(counts)),
            bootstrap_interval(rows, clusters, balanced_accuracy),
        ),
        "macro_f1": (
            float(macro_f1(counts, len(labels))),
            bootstrap_interval(rows, clusters, partial(macro_f1, classes=len(labels))),
        ),
    }


def indicators(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Array:
    """Return (n, K, K): a 1 in the cell of each answer; their sum is the confusion counts."""
    import numpy as np

    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold labels but {len(predicted)} predictions")
    index = {label: position for position, label in enumerate(labels)}
    if unknown := sorted({*gold, *predicted} - set(index)):
        raise ValueError(f"labels {unknown} are not among {list(labels)}")
    rows = np.zeros((len(gold), len(labels), len(labels)))
    for position, (expected, answered) in enumerate(zip(gold, predicted, strict=True)):
        rows[position, index[expected], index[answered]] = 1
    return rows


def accuracy(counts: Array) -> Array:
    """Share of the diagonal. NaN without any count."""
    import numpy as np

    return _share(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def balanced_accuracy(counts: Array) -> Array:
    """Mean recall over the labels that occur in gold."""
    import numpy as np

    recalls = _share(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))
    return _mean_of_defined(recalls)


def macro_f1(counts: Array, classes: int | None = None) -> Array:
    """Mean F1 over the labels that occur in gold or among the predictions.

    classes: how many of the labels, from the first, are classes; None for all.
    """
    import numpy as np

    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    f1 = _share(2 * hits, counts.sum(axis=-1) + counts.sum(axis=-2))
    return _mean_of_defined(f1[..., :classes])


def _share(part: Array, whole: Array) -> Array:
    """Quotient, NaN where `whole` is 0."""
    import numpy as np

    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    quotient: Array = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient


def _mean_of_defined(figures: Array) -> Array:
    """Mean over the last axis, NaN left out; NaN where nothing is left."""
    import numpy as np

    defined = ~np.isnan(figures)
    return _share(np.where(defined, figures, 0.0).sum(axis=-1), defined.sum(axis=-1))
