"""Batches that are written one after another, and rows that write on when the others have finished.

Answers are of unlike length: of 40 short answers one may go on to its limit, and each of its steps
reads all weights for a single row. Such rows wait, with all that they have read, and go on together
with the next batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines.attention import Prefix
from harness.engines.batching import Row
from harness.engines.cache import joined, plain
from harness.engines.certainty import Sure
from harness.engines.generation import Choose, generate, likeliest
from harness.engines.halves import fast_halves
from harness.engines.memory import out_of_memory
from harness.engines.packed import read_packed
from harness.engines.prefill import Read, read_padded
from harness.engines.sampling import sampler

# Part of a batch's rows that wait for the next.
_FEW = 0.125


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows that go on, what they have written and how sure of it, and all that was read of them."""

    rows: list[Row]
    begun: list[tuple[list[int], list[Sure]]]
    read: Read


class Writer:
    """Writes the answers to rows of one kind.

    prefix: what all prompts begin with, for networks that read streams; None for others. finished:
    whether the tokens of an answer are a whole one. expected: rows that will be asked for.
    """

    def __init__(
        self,
        network: Any,
        prefix: Prefix | None,
        pad: int,
        finished: Callable[[list[int]], bool],
        expected: int,
    ) -> None:
        self._network, self._prefix, self._pad = network, prefix, pad
        self._finished = finished
        self._expected = expected
        self._waiting: Waiting | None = None
        self._lost: list[Row] = []  # rows that waited when memory ran out

    def write(self, rows: Sequence[Row]) -> list[tuple[Row, list[int], list[Sure]]]:
        """Rows that are finished, these or some that waited, with their tokens.

        With the last rows that are expected all are.
        """
        import torch

        last = self._expected <= len(rows)
        waiting, self._waiting = self._waiting, None
        try:
            with torch.inference_mode(), fast_halves(self._network):
                found = self._write(rows, waiting, last)
                if last and self._lost:
                    found += self._write(self._lost, None, last)
        except (RuntimeError, MemoryError) as error:
            if waiting is not None and out_of_memory(error):
                self._lost += waiting.rows
            raise
        self._expected -= len(rows)
        return found

    def _write(
        self, rows: Sequence[Row], waiting: Waiting | None, last: bool
    ) -> list[tuple[Row, list[int], list[Sure]]]:
        request = rows[0].request
        limit = request.max_new_tokens
        read = self._read([row.prompt for row in rows], limit)
        every, begun = [*rows], []
        if waiting is not None:
            read = joined_reads(self._network, waiting.read, read, limit)
            every, begun = [*waiting.rows, *rows], waiting.begun
        choose: Choose = likeliest
        few = 0 if last or not plain(read.cache) else int(_FEW * len(every))
        if request.temperature:  # each row draws from a stream of its own, from the first token on
            choose, few = sampler([row.request for row in every]), 0
        made = generate(self._network, read, limit, self._finished, choose, begun, few)
        if made.read is not None:
            self._waiting = Waiting(
                [every[place] for place in made.unfinished],
                [(made.written[place], made.sure[place]) for place in made.unfinished],
                made.read,
            )
        open_rows = set(made.unfinished)
        return [
            (row, made.written[place], made.sure[place])
            for place, row in enumerate(every)
            if place not in open_rows
        ]

    def _read(self, prompts: list[list[int]], room: int) -> Read:
        if self._prefix is None:
            return read_padded(self._network, prompts, self._pad, room)
        return read_packed(self._network, prompts, self._prefix, room)


def joined_reads(network: Any, one: Read, other: Read, room: int) -> Read:
    """The rows of both; their caches are used up. room: tokens that will be written after them."""
    import torch

    longest = max(one.mask.shape[1], other.mask.shape[1])
    masks = [
        torch.nn.functional.pad(each.mask, (longest - each.mask.shape[1], 0))
        for each in (one, other)
    ]
    cache = joined(network, [one.cache, other.cache], room)
    return Read(cache, torch.cat(masks), torch.cat([one.logits, other.logits]))
