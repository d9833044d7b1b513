"""BM25 against its formula, and the order of what it finds."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

pytest.importorskip("bm25s", reason="the extra [retrieval] is not installed")

from harness.retrieval.bm25 import Bm25


def by_hand(corpus: list[list[str]], query: list[str], k1: float, b: float) -> list[float]:
    """Lucene's BM25 written out (Robertson and Zaragoza 2009, idf with 1 + as in Lucene)."""
    mean = sum(map(len, corpus)) / len(corpus)
    holding = Counter(word for document in corpus for word in set(document))
    scores = []
    for document in corpus:
        count = Counter(document)
        score = 0.0
        for word in query:
            n, f = holding[word], count[word]
            idf = math.log(1 + (len(corpus) - n + 0.5) / (n + 0.5))
            score += idf * f / (f + k1 * (1 - b + b * len(document) / mean)) if n else 0
        scores.append(score)
    return scores


def test_a_case_that_can_be_worked_out_by_hand() -> None:
    # N = 2, n(a) = 1: idf = ln(1 + 1.5/1.5) = ln 2. |d| = 2 each, so the length norm is 1 and with
    # f = 1 the score is ln 2 / (1 + 1.5).
    found = Bm25([["a", "b"], ["c", "d"]], k1=1.5, b=0.75).top(["a"], 2)
    assert found == [(0, pytest.approx(math.log(2) / 2.5, abs=1e-5))]


@pytest.mark.parametrize(("k1", "b"), [(0.9, 0.4), (1.5, 0.75), (2.0, 0.0), (1.2, 1.0)])
def test_scores_are_those_of_the_formula(k1: float, b: float) -> None:
    drawn = random.Random(f"{k1} {b}")
    corpus = [[drawn.choice("abcdefghij") for _ in range(drawn.randint(1, 30))] for _ in range(40)]
    index = Bm25(corpus, k1, b)
    for _ in range(20):
        query = [drawn.choice("abcdefghijkz") for _ in range(drawn.randint(1, 6))]
        expected = by_hand(corpus, query, k1, b)
        found = dict(index.top(query, len(corpus)))
        assert {place for place, score in enumerate(expected) if score > 0} == {*found}
        for place, score in found.items():
            assert score == pytest.approx(expected[place], abs=2e-5)


def test_the_best_come_first_and_equals_in_the_order_of_the_documents() -> None:
    corpus = [["x", "y"], ["x", "z"], ["q", "q"], ["x", "w"], ["x", "x"]]
    assert [place for place, _ in Bm25(corpus, 0.9, 0.4).top(["x"], 4)] == [4, 0, 1, 3]
    assert [place for place, _ in Bm25(corpus, 0.9, 0.4).top(["x"], 2)] == [4, 0]


def test_what_shares_no_word_is_not_found() -> None:
    index = Bm25([["a"], ["b"], []], 0.9, 0.4)
    assert [place for place, _ in index.top(["b", "nowhere"], 3)] == [1]
    assert index.top(["nowhere"], 3) == []
    assert index.top([], 3) == []
    assert Bm25([[], []], 0.9, 0.4).top(["a"], 3) == []


def test_indexing_logs_nothing_that_pytest_would_show_beside_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Bm25([["a", "b"], ["c", "d"]], 0.9, 0.4)
    assert caplog.records == []
