"""Rows of like length in one batch: little padding, and an order that a resumed run can repeat.

transformers' own `group_by_length` draws from the global random state, which a resumed run does not
have at the beginning of the epoch that it goes on with: it then sees other batches.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler

_POOL = 50  # batches' worth of rows among which likes are sought, as transformers does


class LengthGrouped(Sampler[int]):
    """The rows of an epoch, ordered so that `batch` neighbours are of like length.

    Which rows meet, and in what order batches come, is drawn anew each epoch from the seed and the
    epoch's number alone. The batch with the longest row is the first of all, so that a training
    that does not fit into memory says so at once.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths, self._batch, self._seed = lengths, batch, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order is given next; accelerate calls it."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self._seed}/{self._epoch}")
        rows = list(range(len(self._lengths)))
        chance.shuffle(rows)
        batches: list[list[int]] = []
        for start in range(0, len(rows), _POOL * self._batch):
            pool = sorted(rows[start : start + _POOL * self._batch], key=self._lengths.__getitem__)
            batches += [pool[i : i + self._batch] for i in range(0, len(pool), self._batch)]
        # The trainer cuts batches by count alone: the one that is not full must be the last.
        partial = [batch for batch in batches if len(batch) < self._batch]
        full = [batch for batch in batches if len(batch) == self._batch]
        chance.shuffle(full)
        full.sort(key=self._longest_of_all, reverse=True)
        return iter([row for batch in full + partial for row in batch])

    def _longest_of_all(self, batch: Sequence[int]) -> bool:
        return max(self._lengths[row] for row in batch) == max(self._lengths)
