"""A retriever: from a question to the passages that it is asked with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.records import Retrieval
from harness.retrieval.documents import read_documents
from harness.retrieval.passages import Passage, split
from harness.retrieval.prompts import prompt_of, templates
from harness.retrieval.search import ByMeaning, ByWords, Embeds, Fused, Progress, Search
from harness.retrieval.tokens import described

BY_WORDS = ("bm25", "hybrid")
# How much of what is asked for a passage states, from 0 to 1.
Stated = Callable[[Passage], float]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    score: BM25's, the cosine, or the sum of reciprocal ranks; of a gold passage how much of the
    fact it states.
    """

    passage: Passage
    score: float


class Retriever:
    """Documents that can be searched.

    embedder: of kinds that search by meaning. Raises DataError for documents that can't be read,
    UnavailableError where what searches is not installed.
    """

    def __init__(self, retrieval: Retrieval, embedder: Embeds | None = None) -> None:
        self.retrieval = retrieval
        documents = read_documents(retrieval.documents)
        self._passages = [p for d in documents for p in split(d, retrieval.passage_size)]
        # Whether a model gets to see the titles.
        self.titled = not retrieval.passage or "{title}" in retrieval.passage
        self._documents = {document.id for document in documents}
        # A product may be named by the title alone.
        texts = [f"{p.title}\n{p.text}".strip() for p in self._passages]
        self._search = _search(retrieval, texts, embedder)
        self.identity: Mapping[str, Any] = self._identity(embedder)

    def holds(self, document: str) -> bool:
        """Whether the documents have one of this id."""
        return document in self._documents

    def read(self, questions: Sequence[str], progress: Progress) -> None:
        """Look up all at once what costs less at once. Raises as the embedder does."""
        if self._search is not None:
            self._search.read(questions, progress)

    def find(self, question: str, document: str, stated: Stated) -> list[Hit]:
        """The passages to show, best first; none where nothing was found.

        document: the one that the question is about. It and `stated` are for the gold passage: what
        is searched for is found without them.
        """
        if self._search is None:
            return _gold(question, [p for p in self._passages if p.document == document], stated)
        found = self._search.top(question, self.retrieval.top_k)
        return [Hit(self._passages[place], score) for place, score in found]

    def prompt(self, question: str, hits: Sequence[Hit]) -> str:
        """The question with passages."""
        passages = [hit.passage for hit in hits]
        return prompt_of(question, passages, self.retrieval.prompt, self.retrieval.passage)

    def _identity(self, embedder: Embeds | None) -> dict[str, Any]:
        """What must be the same for two results to compare."""
        settings = self.retrieval
        digest = hashlib.sha256(settings.documents.read_bytes()).hexdigest()
        return {
            "kind": settings.kind,
            "documents": digest[:16],
            "passage_size": settings.passage_size,
            **templates(settings.prompt, settings.passage),
            **({"top_k": settings.top_k} if self._search else {}),
            **(
                {"k1": settings.k1, "b": settings.b, "tokenizer": described()}
                if settings.kind in BY_WORDS
                else {}
            ),
            **({"embeddings": dict(embedder.identity)} if embedder else {}),
        }


def _search(retrieval: Retrieval, texts: Sequence[str], embedder: Embeds | None) -> Search | None:
    """What searches the passages; None where the gold one is taken."""
    found: list[Search] = []
    if retrieval.kind in BY_WORDS:
        found.append(ByWords(texts, retrieval.k1, retrieval.b))
    if embedder is not None:
        found.append(ByMeaning(texts, embedder))
    if len(found) > 1:
        return Fused(*found)
    return found[0] if found else None


def _gold(question: str, passages: Sequence[Passage], stated: Stated) -> list[Hit]:
    """Of one document the passage that states the fact; the ceiling of what can be found.

    Of several the one that shares most pairs of characters with the question. Where no single one
    does, those that state a part of it, or else the whole document.
    """
    hits = [Hit(passage, stated(passage)) for passage in passages]
    whole = [hit for hit in hits if hit.score == 1]
    if whole:
        asked = _pairs(question)
        return [max(whole, key=lambda hit: len(asked & _pairs(hit.passage.text)))]
    return [hit for hit in hits if hit.score > 0] or hits


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}
