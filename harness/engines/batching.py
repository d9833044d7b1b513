"""Batches by token budget: planned by nothing but the lengths, and padded."""

from __future__ import annotations

from array import array
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
    longest = max(len(row) for row in rows)
    ids = table(rows, longest, fill, left=True)
    mask = table([[1] * len(row) for row in rows], longest, 0, left=True)
    return ids.to(place), mask.to(place)


def table(rows: Sequence[Sequence[int]], width: int, fill: int, left: bool = False) -> Any:
    """Rows of whole numbers as a tensor [rows, width], filled up on the right or on the left.

    Through an array: `torch.tensor` looks at each number of a list for 0.2 µs, and a batch of
    32,768 tokens needs six such tables.
    """
    import torch

    flat = array("q")
    for row in rows:
        filling = array("q", [fill]) * (width - len(row))
        if left:
            flat.extend(filling)
        flat.extend(row)
        if not left:
            flat.extend(filling)
    if not flat:
        return torch.empty(len(rows), width, dtype=torch.long)
    return torch.frombuffer(flat, dtype=torch.long).view(len(rows), width)
