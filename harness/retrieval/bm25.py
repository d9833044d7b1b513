"""BM25 over passages (bm25s): which of them hold a question's words, rare ones counting most.

    score(q, d) = Σ_t in q  idf(t) · f(t,d) / (f(t,d) + k1·(1 - b + b·|d|/mean |d|))
    idf(t) = ln(1 + (N - n(t) + 0.5) / (n(t) + 0.5))

Lucene's form (Kamphuis et al., ECIR 2020), with f(t,d) how often t stands in d and n(t) in how many
of the N passages. A word that the question says twice counts twice. Library: Lù, arXiv 2407.03618.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from harness.errors import UnavailableError

_DIGITS = 6  # scores that differ by less are equal: sums of float32 do


class Bm25:
    """An index of passages, each a list of words."""

    def __init__(self, corpus: Sequence[Sequence[str]], k1: float, b: float) -> None:
        # bm25s can't index a corpus without a single word.
        self._index = _index([list(words) for words in corpus], k1, b) if any(corpus) else None

    def top(self, query: Sequence[str], k: int) -> list[tuple[int, float]]:
        """(place in the corpus, score) of the k best, best first; fewer where fewer score.

        Equal ones stand in the order of the corpus. What shares no word with the query is left out.
        """
        known = [word for word in query if self._index and word in self._index.vocab_dict]
        if self._index is None or not known:
            return []
        scores = self._index.get_scores(known).astype("float64").round(_DIGITS)
        best = (-scores).argsort(kind="stable")[:k]
        return [(int(place), float(scores[place])) for place in best if scores[place] > 0]


def _index(corpus: list[list[str]], k1: float, b: float) -> Any:
    try:
        import bm25s
    except ImportError as error:
        raise UnavailableError(
            f"a retriever's index is not installed ({error.name}): "
            "pip install 'pytest-michi[retrieval]'"
        ) from error
    # It sets its own logger to DEBUG, and pytest shows that beside every failure.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    index = bm25s.BM25(method="lucene", k1=k1, b=b)
    index.index(corpus, show_progress=False)
    return index
