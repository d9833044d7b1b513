from __future__ import annotations

import random

import pytest

from training.finetuning.sampling import LengthGrouped


def order(lengths: list[int], batch: int, epoch: int = 0, seed: int = 1) -> list[int]:
    sampler = LengthGrouped(lengths, batch, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("rows", [1, 8, 37, 1000])
def test_every_row_comes_once_an_epoch(rows: int) -> None:
    lengths = [random.Random(n).randint(5, 90) for n in range(rows)]
    assert sorted(order(lengths, 8)) == list(range(rows))


def test_the_order_is_of_seed_and_epoch_alone() -> None:
    lengths = [n % 17 for n in range(200)]
    assert order(lengths, 8, epoch=2) == order(lengths, 8, epoch=2)
    assert order(lengths, 8, epoch=2) != order(lengths, 8, epoch=3)
    assert order(lengths, 8, seed=1) != order(lengths, 8, seed=2)


def test_little_is_padded_and_the_longest_batch_comes_first() -> None:
    chance = random.Random(3)
    lengths = [chance.randint(20, 120) for _ in range(800)]

    def padded(rows: list[int]) -> float:
        batches = [rows[i : i + 16] for i in range(0, len(rows), 16)]
        tokens = sum(len(b) * max(lengths[r] for r in b) for b in batches)
        return tokens / sum(lengths) - 1

    shuffled = list(range(800))
    chance.shuffle(shuffled)
    grouped = order(lengths, 16)
    assert padded(grouped) < 0.05 < 0.3 < padded(shuffled)
    assert max(lengths) in [lengths[row] for row in grouped[:16]]
