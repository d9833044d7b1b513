"""Whether a model says the same thing each time it is asked: entropy and agreement of meanings.

Of sampled answers only their labels count, equal for answers that mean the same
(`harness.grading.meanings`). What is wrong in the same way each time looks as sure as what is
right: these signals see doubt, not error.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence


def discrete_entropy(labels: Sequence[Hashable]) -> float:
    """Return -Σ_c p_c · ln p_c in nats, p_c the share of label c.

    Of meanings of sampled answers it is the discrete semantic entropy (Farquhar, Kossen, Kuhn and
    Gal 2024, doi 10.1038/s41586-024-07421-0): 0 where all mean the same, ln M where M answers mean
    M things. It is not more than ln M, so that only equal numbers of samples compare. Raises
    ValueError without labels.
    """
    if not labels:
        raise ValueError("no labels: nothing can be said of their entropy")
    shares = [count / len(labels) for count in Counter(labels).values()]
    return math.fsum(share * math.log(1 / share) for share in shares)


def agreement(label: Hashable, labels: Sequence[Hashable]) -> float:
    """Return the share of `labels` that equal `label`: self-consistency, in [0, 1].

    label: of the answer that is given; labels: of answers sampled besides (after Wang et al. 2023,
    arXiv 2203.11171, who answer with the commonest). Raises ValueError without labels.
    """
    if not labels:
        raise ValueError("no labels: nothing can be said of agreement with them")
    return sum(label == other for other in labels) / len(labels)
