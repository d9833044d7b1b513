"""Batches by token budget: planned by nothing but the lengths, and padded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.records import Request


@dataclass(frozen=True, slots=True)
class Row:
    """A request in tokens.

    prompt: the rendered prompt. tails: the tokens of each continuation; empty for a generation.
    ends: characters of a text that is read token by token up to each token's end.
    limit: tokens that the model takes, where a longer prompt is cut on the left; 0 where none is.
    cut: tokens that are cut, of several continuations before the longest.
    """

    request: Request
    prompt: list[int]
    tails: list[list[int]]
    ends: list[int] = field(default_factory=list)
    limit: int = 0
    cut: int = 0


def plan(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices grouped so that rows × longest row ≤ budget, longest first.

    Longest first: running out of memory shows in the first batch, and rows of one batch are of like
    length, so little is padded. A row longer than the budget stands alone. Ties keep their order.
    """
    return plan_families([[index] for index in range(len(lengths))], lengths, budget)


def plan_families(
    families: Sequence[Sequence[int]], lengths: Sequence[int], budget: int
) -> list[list[int]]:
    """`plan` of rows of which families stay together. One larger than a batch is cut."""
    batches: list[list[int]] = []
    widest = 0
    for members in sorted(families, key=lambda members: -max(lengths[place] for place in members)):
        if batches and (len(batches[-1]) + len(members)) * widest <= budget:
            batches[-1].extend(members)
            continue
        widest = max(lengths[place] for place in members)
        size = max(1, budget // widest)
        batches.extend(list(members[i : i + size]) for i in range(0, len(members), size))
    return batches


def pad_left(rows: Sequence[Sequence[int]], fill: int, place: Any) -> tuple[Any, Any]:
    """Left-padded ids and mask, [rows, longest], on a device."""
    import torch

    longest = max(len(row) for row in rows)
    ids = torch.tensor([[fill] * (longest - len(row)) + [*row] for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    return ids.to(place), mask.to(place)
