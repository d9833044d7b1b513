"""Is a fact known? The true value's rank among values that could as well have been true.

For a fact's value k others are drawn from facts of its kind on other documents, of the same token
length: exchangeable with it, for whoever does not know the fact. The model says how likely each of
the k + 1 is after a question about the fact. Unknown, the true one has any rank with the same
probability: an exact test that needs no second corpus, and that no shift of dates, style or topic
disturbs, as long as the values are exchangeable. A negative control ranks a drawn value as if it
were the true one.

`likelier` is the share of the values that the model finds likelier than the true one, each rank
taken at its middle: .025 of 20 where it is the likeliest of all, .50 on average where the fact is
unknown.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.statistics.intervals import clustered_variance
from harness.statistics.multiplicity import holm

VALUES = 19  # the fewest with which one fact alone can reach p = .05


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a value stands among k others. place: 1 for the likeliest, ties counted against it."""

    place: int
    likelier: float
    others: int

    @property
    def p(self) -> float:
        """Probability of so good a place if the fact is unknown; exact."""
        return self.place / (self.others + 1)


def rank(true: float, others: Sequence[float]) -> Rank:
    """The place of `true` among log-probabilities. Raises ValueError without others.

    likelier: (#likelier + half of the ties + 1/2) / (k + 1), uniform around .5 under the null.
    """
    if not others:
        raise ValueError("a value can't be ranked alone")
    above = sum(other > true for other in others)
    ties = sum(other == true for other in others)
    likelier = (above + ties / 2 + 0.5) / (len(others) + 1)
    return Rank(1 + above + ties, likelier, len(others))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document's value of one kind. group: values of one group are exchangeable."""

    value: str
    document: str
    group: tuple[str, ...]
    tokens: int


def exchangeable(
    fact: Candidate, candidates: Sequence[Candidate], count: int, seed: str
) -> list[str]:
    """Up to `count` values that could as well be the fact's, drawn by hash from the candidates.

    Of its group and token length, on other documents. A value that several documents have comes as
    often as it is drawn, also the fact's own, which is then a tie: were only different values
    taken, frequent ones would be the true one more often than their share, and a model that merely
    knows what is frequent would seem to know the fact.
    """
    alike = [
        c
        for c in candidates
        if (c.group, c.tokens) == (fact.group, fact.tokens) and c.document != fact.document
    ]
    alike.sort(key=lambda c: _ticket(seed, c.document, c.value))
    return [candidate.value for candidate in alike[:count]]


def document_p(ranks: Sequence[Rank]) -> float:
    """Probability of so low a sum of places over a document's facts if none is known.

    Exact: the sum of independent places, each uniform on 1 … k + 1, by convolution. Raises
    ValueError without ranks.
    """
    import numpy as np

    if not ranks:
        raise ValueError("a document without facts has no rank")
    chances = np.ones(1)
    for one in ranks:
        chances = np.convolve(chances, np.full(one.others + 1, 1 / (one.others + 1)))
    # chances[i] is the probability of a sum of i + len(ranks).
    lowest = sum(one.place for one in ranks) - len(ranks)
    return float(min(1.0, chances[: lowest + 1].sum()))


def known_p(likelier: Sequence[float], clusters: Sequence[str]) -> float | None:
    """One-sided p of a mean of `likelier` so far below one half if no fact is known.

    t on the clustered (CR1) standard error, G - 1 degrees of freedom. Where all are alike each
    document is on one side by chance: 2^-G. None for one document, and without any.
    """
    from scipy.special import stdtr

    groups = len(set(clusters))
    if groups < 2:
        return None
    below = sum(likelier) / len(likelier) - 0.5
    variance = clustered_variance(likelier, clusters)
    if variance > 1e-12:
        return float(stdtr(groups - 1, below / math.sqrt(variance)))
    return float(0.5**groups) if below < 0 else 1.0


def known_ps(sets: Mapping[str, tuple[Sequence[float], Sequence[str]]]) -> dict[str, float | None]:
    """`known_p` of each set, from its `likelier` and clusters, adjusted for their number (Holm)."""
    found = {name: known_p(*facts) for name, facts in sets.items()}
    told = {name: p for name, p in found.items() if p is not None}
    adjusted = dict(zip(told, holm(list(told.values())), strict=True))
    return {name: adjusted.get(name) for name in found}


def histogram(likelier: Sequence[float], bins: int) -> list[float]:
    """Share of the facts in each of `bins` equal parts of [0, 1]."""
    counts = [0] * bins
    for share in likelier:
        counts[min(bins - 1, int(share * bins))] += 1
    return [count / max(1, len(likelier)) for count in counts]


def negative(drawn: Sequence[float]) -> float:
    """The control: where the first of the drawn values would stand, had it been the true one.

    The real one is left out: it may be known, and would push the drawn one down.
    """
    return rank(drawn[0], drawn[1:]).likelier


def means(logprobs: Sequence[Sequence[float]]) -> list[float]:
    """Mean log-probability of each value over several prompts, [prompts][values] -> [values]."""
    return [sum(values) / len(logprobs) for values in zip(*logprobs, strict=True)]


def _ticket(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
