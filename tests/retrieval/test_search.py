"""Searching by meaning and by both: against sums by hand, and the order of what is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from harness.retrieval.search import ByMeaning, Found, Fused

DRAWN = np.random.default_rng(7)


class Given:
    """An embedder with these vectors."""

    identity: Mapping[str, Any] = {}

    def __init__(self, vectors: Mapping[str, Any]) -> None:
        self.given, self.calls = vectors, 0

    def vectors(
        self, passages: Sequence[str], questions: Sequence[str], progress: Any
    ) -> tuple[Any, Any]:
        self.calls += 1
        width = len(next(iter(self.given.values())))
        return tuple(  # type: ignore[return-value]
            np.array([self.given[t] for t in texts], dtype=np.float32).reshape(-1, width)
            for texts in (passages, questions)
        )


def drawn(texts: Sequence[str]) -> dict[str, Any]:
    return {text: DRAWN.normal(size=8).astype(np.float32) for text in texts}


def test_ranks_and_scores_are_those_of_the_cosine() -> None:
    texts, questions = [f"p{i}" for i in range(50)], [f"q{i}" for i in range(10)]
    known = drawn([*texts, *questions])
    search = ByMeaning(texts, Given(known))
    search.read(questions)
    for question in questions:
        q = known[question].astype(float)
        scores = [
            sum(a * b for a, b in zip(known[t].astype(float), q, strict=True))
            / (np.linalg.norm(known[t].astype(float)) * np.linalg.norm(q))
            for t in texts
        ]
        expected = sorted(range(50), key=lambda i: -scores[i])[:5]
        found = search.top(question, 5)
        assert [place for place, _ in found] == expected
        assert [score for _, score in found] == pytest.approx(
            [scores[i] for i in expected], abs=1e-6
        )


def test_equal_passages_stand_in_the_order_of_the_documents() -> None:
    # 1,001 times the same vector, in other lengths: sums may differ in their last bits.
    one = DRAWN.normal(size=64).astype(np.float32)
    texts = [f"p{i}" for i in range(1001)]
    known = {t: one * np.float32(2.0 ** (i % 5)) for i, t in enumerate(texts)}
    known["q"] = DRAWN.normal(size=64).astype(np.float32)
    found = ByMeaning(texts, Given(known)).top("q", 1001)
    assert [place for place, _ in found] == [*range(1001)]


def test_a_vector_of_zeros_finds_nothing_and_is_not_found() -> None:
    known = {"a": [1, 0], "b": [0, 0], "c": [-1, 0], "q": [1, 0], "zero": [0, 0]}
    search = ByMeaning(["a", "b", "c"], Given(known))
    assert search.top("q", 3) == [(0, 1.0), (2, -1.0)]
    assert search.top("zero", 3) == []


def test_questions_are_embedded_together_and_once() -> None:
    given = Given(drawn(["a", "b", "q1", "q2"]))
    search = ByMeaning(["a", "b"], given)
    search.read(["q1", "q2", "q1"])
    search.top("q1", 1)
    search.read(["q2", "q1"])
    assert given.calls == 1


class Ranked:
    def __init__(self, **rankings: list[int]) -> None:
        self.rankings = rankings
        self.read_of: list[str] = []

    def read(self, questions: Sequence[str], progress: Any) -> None:
        self.read_of += questions

    def top(self, question: str, k: int) -> Found:
        return [(place, 9.0 - place) for place in self.rankings[question]][:k]


def test_ranks_are_fused_by_their_reciprocals() -> None:
    # By hand: 2 is first and third, 1/61 + 1/63; 0 is second twice, 2/62; 1 is third, 3 first, once.
    fused = Fused(Ranked(q=[2, 0, 1]), Ranked(q=[3, 0, 2]))
    found = fused.top("q", 10)
    expected = {2: 1 / 61 + 1 / 63, 0: 2 / 62, 3: 1 / 61, 1: 1 / 63}
    assert [place for place, _ in found] == [2, 0, 3, 1]
    assert dict(found) == pytest.approx(expected)
    assert fused.top("q", 2) == found[:2]


def test_equals_of_a_fusion_stand_in_the_order_of_the_documents() -> None:
    fused = Fused(Ranked(q=[5, 3, 1]), Ranked(q=[3, 5]))
    assert [place for place, _ in fused.top("q", 3)] == [3, 5, 1]


def test_a_fusion_goes_by_what_one_alone_found() -> None:
    fused = Fused(Ranked(q=[]), Ranked(q=[4]))
    assert fused.top("q", 3) == [(4, pytest.approx(1 / 61))]


def test_a_fusion_has_all_questions_read() -> None:
    parts = [Ranked(), Ranked()]
    Fused(*parts).read(["q1", "q2"], lambda done, total: None)
    assert [part.read_of for part in parts] == [["q1", "q2"], ["q1", "q2"]]
