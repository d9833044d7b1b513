from __future__ import annotations

import random

from harness.engines.batching import plan, plan_families


def test_every_row_is_asked_once_and_no_batch_exceeds_the_budget() -> None:
    lengths = [random.Random(i).randint(1, 300) for i in range(500)]
    batches = plan(lengths, 1000)
    assert sorted(i for batch in batches for i in batch) == list(range(500))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 1000 for batch in batches)


def test_longest_come_first_and_ties_keep_their_order() -> None:
    assert plan([1, 3, 2, 3], 6) == [[1, 3], [2, 0]]


def test_a_row_over_the_budget_stands_alone() -> None:
    assert plan([50, 10, 10], 20) == [[0], [1, 2]]


def test_nothing_gives_no_batches() -> None:
    assert plan([], 10) == []


def test_families_stay_together_and_fill_batches() -> None:
    lengths = [5, 9, 4, 8, 2, 2]
    assert plan_families([[0, 2], [1, 3], [4], [5]], lengths, 20) == [[1, 3], [0, 2, 4, 5]]
    assert plan_families([[0, 1, 2, 3, 4]], [10] * 5, 20) == [[0, 1], [2, 3], [4]]
    assert plan_families([[i] for i in range(6)], lengths, 18) == plan(lengths, 18)
