"""How passages are searched: by words, by meaning, or by both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from harness.retrieval.bm25 import Bm25
from harness.retrieval.tokens import words

if TYPE_CHECKING:
    from numpy import float32, float64
    from numpy.typing import NDArray

Progress = Callable[[int, int], None]
Found = list[tuple[int, float]]  # (place among the passages, score), best first

_DIGITS = 6  # cosines of float32 vectors that differ by less are equal
# Cormack, Clarke and Büttcher, SIGIR 2009: "k = 60 was fixed during a pilot investigation".
_RANKS = 60
_DEEP = 100  # passages of each ranking that are fused


class Search(Protocol):
    """Passages that can be searched."""

    def read(self, questions: Sequence[str], progress: Progress) -> None:
        """Do for all questions what costs less at once; `top` needs no call of it."""
        ...

    def top(self, question: str, k: int) -> Found:
        """The k best, fewer where fewer were found. Equal ones in the passages' order."""
        ...


class Embeds(Protocol):
    """What a search by meaning needs of `harness.embedding.embedder`."""

    identity: Mapping[str, Any]

    def vectors(
        self, passages: Sequence[str], questions: Sequence[str], progress: Progress
    ) -> tuple[NDArray[float32], NDArray[float32]]:
        """(passages, width) and (questions, width)."""
        ...


class ByWords:
    """BM25. Raises UnavailableError where what searches is not installed."""

    def __init__(self, passages: Sequence[str], k1: float, b: float) -> None:
        self._index = Bm25([words(text) for text in passages], k1, b)

    def read(self, questions: Sequence[str], progress: Progress) -> None:
        """See `Search.read`: nothing costs less here."""

    def top(self, question: str, k: int) -> Found:
        """See `Search.top`: what shares no word is not found."""
        return self._index.top(words(question), k)


class ByMeaning:
    """Cosine similarity of vectors, all passages compared. Nothing is embedded before `read`."""

    def __init__(self, passages: Sequence[str], embedder: Embeds) -> None:
        self._texts, self._embedder = passages, embedder
        self._passages: NDArray[float64] | None = None
        self._places: list[int] = []  # of those rows among all passages
        self._questions: dict[str, NDArray[float64]] = {}

    def read(self, questions: Sequence[str], progress: Progress = lambda done, total: None) -> None:
        """See `Search.read`. Raises what `Embedder.vectors` does."""
        new = [text for text in dict.fromkeys(questions) if text not in self._questions]
        if not new and self._passages is not None:
            return
        passages, vectors = self._embedder.vectors(self._texts, new, progress)
        if self._passages is None:
            lengths = abs(passages).sum(axis=1)
            self._places = [place for place, length in enumerate(lengths) if length]
            self._passages = _of_length_one(passages[self._places])
        self._questions |= dict(zip(new, _of_length_one(vectors), strict=True))

    def top(self, question: str, k: int) -> Found:
        """See `Search.top`: a text whose vector is zero is like no other, and is not found."""
        self.read([question])
        asked = self._questions[question]
        if self._passages is None or not asked.any():
            return []
        likeness = (self._passages @ asked).round(_DIGITS)
        best = (-likeness).argsort(kind="stable")[:k]
        return [(self._places[row], float(likeness[row])) for row in best]


class Fused:
    """Reciprocal rank fusion: score(d) = Σ 1 / (60 + rank of d), over the rankings that have it."""

    def __init__(self, *searches: Search) -> None:
        self._searches = searches

    def read(self, questions: Sequence[str], progress: Progress) -> None:
        """See `Search.read`."""
        for search in self._searches:
            search.read(questions, progress)

    def top(self, question: str, k: int) -> Found:
        """See `Search.top`."""
        scores: dict[int, float] = defaultdict(float)
        for search in self._searches:
            for rank, (place, _) in enumerate(search.top(question, max(k, _DEEP)), 1):
                scores[place] += 1 / (_RANKS + rank)
        return sorted(scores.items(), key=lambda found: (-round(found[1], 12), found[0]))[:k]


def _of_length_one(vectors: NDArray[float32]) -> NDArray[float64]:
    """(texts, width); zeros stay zeros. In float64, where sums of equal rows round to equal."""
    import numpy as np

    exact = vectors.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return exact / np.where(lengths == 0, 1, lengths)
