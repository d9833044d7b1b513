"""How well a model knew a fact: the four categories of SliCK (Gekhman et al. 2024).

A fact is asked with several prompts, greedily and by sampling (arXiv 2405.05904, section 3):

    highly known   every greedy answer is right
    maybe known    some greedy answer is right
    weakly known   no greedy answer is right, but some sampled one
    unknown        none is right
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

GREEDY = "greedy"
SAMPLED = "sampled"


class Category(StrEnum):
    """What the answers to one fact say of it."""

    HIGHLY_KNOWN = "highly_known"
    MAYBE_KNOWN = "maybe_known"
    WEAKLY_KNOWN = "weakly_known"
    UNKNOWN = "unknown"


def categories(rows: Iterable[Mapping[str, Any]]) -> dict[str, Category]:
    """The category of each fact, by its key "document/kind", in the order of the rows.

    rows: the sample rows of the task `known`: `stratum` "greedy" or "sampled", `correct`, and
    `detail` with `fact_key`. All rows of a fact must be there.
    """
    greedy: dict[str, list[bool]] = {}
    sampled: dict[str, list[bool]] = {}
    for row in rows:
        key = row["detail"]["fact_key"]
        right = greedy.setdefault(key, [])
        drawn = sampled.setdefault(key, [])
        (right if row["stratum"] == GREEDY else drawn).append(bool(row["correct"]))
    return {key: _category(greedy[key], sampled[key]) for key in greedy}


def _category(greedy: list[bool], sampled: list[bool]) -> Category:
    if greedy and all(greedy):
        return Category.HIGHLY_KNOWN
    if any(greedy):
        return Category.MAYBE_KNOWN
    return Category.WEAKLY_KNOWN if any(sampled) else Category.UNKNOWN
