"""Batches by token budget. Pure, so that a plan depends on nothing but the lengths."""

from __future__ import annotations

from collections.abc import Sequence


def plan(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices grouped so that rows × longest row ≤ budget, longest first.

    Longest first: running out of memory shows in the first batch, and rows of one batch are of like
    length, so little is padded. A row longer than the budget stands alone. Ties keep their order.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    batches: list[list[int]] = []
    for index in order:
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
