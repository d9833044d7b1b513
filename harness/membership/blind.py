"""Blind baselines: telling members from others without ever asking the model.

A membership attack can be no evidence on a pair that a program tells apart by what the texts are:
the usual benchmarks are (Das, Zhang and Tramèr, arXiv 2406.16201; WikiMIA .99 by its words alone).
Three baselines, each a logistic regression whose score of a text comes from a fit on other
documents:

    ngrams  TF-IDF of characters' 1- to 4-grams: topics, names, style
    dates   years that the text names, and its date of publication
    length  characters, bytes per character, sentences, lines
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.membership.features import date_figures, length_figures, ngram_weights
from harness.statistics.bootstrap import SEED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FOLDS = 5
# How much more AUROCs of these scores vary than DeLong's variance says: every score shares the luck
# of the fits. On texts of one generator the deviation was 1.43 (n-grams), 1.39 (dates) and 1.29
# (length) times DeLong's (150 draws of 180 a side), 1.3 to 1.4 with 30 or 100 a side, and 1.26 for
# n-grams that tell members at .66. Scores averaged over ten partitions into folds vary as much
# (1.41, 1.55, 1.31): the luck is that of the texts, not of the folds.
VARIANCE = 2.0
_STEPS = 10


def blind_scores(
    texts: Sequence[str],
    labels: Sequence[int],
    clusters: Sequence[str],
    dates: Sequence[str | None],
    language: str,
) -> dict[str, list[float]]:
    """Return each baseline's scores, aligned with the texts; higher: more like a member.

    labels: 1 for members, 0 for others. clusters: a document's texts are all fitted on or all
    scored. dates: of publication, None or "" where not known. language: "ja" or another; it decides
    what is taken for a year. Five folds, or as many as the label with fewer documents has; with
    fewer than two there is nothing to fit, and no baseline is returned. Nothing is random but the
    folds, which have a fixed seed and don't depend on the texts' order.

    Their AUROC varies `VARIANCE` times as much as DeLong's variance says. With that, on texts of
    one generator, the lower end of the n-grams' AUROC was above .55 in 1 % of 150 draws of 30 a
    side and in none of 100 draws of 100; without it in 5 and 2 %.
    Raises ValueError if lengths differ or for another label.
    """
    if len({len(texts), len(labels), len(clusters), len(dates)}) != 1:
        raise ValueError("texts, labels, clusters and dates must be aligned")
    if wrong := set(labels) - {0, 1}:
        raise ValueError(f"{wrong.pop()!r} is no label: 1 is a member, 0 is none")
    folds = _folds(labels, clusters)
    if not folds:
        return {}
    matrices = {
        "ngrams": (ngram_weights(texts), 10.0),
        "dates": (_steps(date_figures(texts, dates, language)), 1.0),
        "length": (_steps(length_figures(texts)), 1.0),
    }
    return {name: _out_of_fold(matrix, labels, folds, c) for name, (matrix, c) in matrices.items()}


def _folds(labels: Sequence[int], clusters: Sequence[str]) -> list[int]:
    """The fold of each text; none where a label is in fewer than two clusters.

    Clusters with both labels, then those with one, are shuffled and dealt round, so that each fold
    has its share of both labels.
    """
    held: dict[str, set[int]] = {}
    for label, cluster in zip(labels, clusters, strict=True):
        held.setdefault(cluster, set()).add(label)
    count = min(FOLDS, *(sum(label in have for have in held.values()) for label in (0, 1)))
    if count < 2:
        return []
    draw = random.Random(SEED)
    kinds = [sorted(c for c in held if held[c] == kind) for kind in ({0, 1}, {0}, {1})]
    for kind in kinds:
        draw.shuffle(kind)
    both, others, members = kinds
    fold = {cluster: place % count for place, cluster in enumerate([*both, *others])}
    fold |= {cluster: place % count for place, cluster in enumerate(members, len(both))}
    return [fold[cluster] for cluster in clusters]


def _steps(figures: Array) -> Array:
    """Figures (n, k) as steps: 1 for each decile of its column that a figure is above.

    So a regression on them may rise and fall with a figure. A missing one is above none, and has a
    column of its own.
    """
    import numpy as np

    columns = []
    for figure in figures.T:
        known = figure[~np.isnan(figure)]
        if len(known) < len(figure):
            columns.append(np.isnan(figure)[:, None])
        if len(known):
            edges = np.unique(np.quantile(known, np.linspace(0, 1, _STEPS + 1)[:-1]))
            columns.append(figure[:, None] > edges)
    return np.concatenate(columns, axis=1).astype(float)


def _out_of_fold(matrix: Any, labels: Sequence[int], folds: Sequence[int], c: float) -> list[float]:
    """Log-odds of each text by the regression on all folds but its own, labels weighing alike."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    wanted, fold = np.asarray(labels), np.asarray(folds)
    scores = np.zeros(len(labels))
    if not matrix.shape[1]:
        return scores.tolist()
    for number in range(max(folds) + 1):
        fit = LogisticRegression(C=c, class_weight="balanced", max_iter=1000)
        fit.fit(matrix[fold != number], wanted[fold != number])
        scores[fold == number] = fit.decision_function(matrix[fold == number])
    return scores.tolist()
