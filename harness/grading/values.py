"""Typed values in a text: one front door over the parsers, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness.grading.composition import find_composition
from harness.grading.dates import find_dates, other_date, same_date
from harness.grading.measures import find_count, find_length, find_percentage, find_weight
from harness.grading.money import find_money, same_money
from harness.grading.names import find_name, find_names
from harness.grading.sizes import find_sizes
from harness.grading.telephone import find_telephones
from harness.grading.text import normalise
from harness.grading.value import Value

PARSERS: Mapping[str, Callable[[str], Iterator[Value]]] = {
    "money": find_money,
    "telephone": find_telephones,
    "date": find_dates,
    "composition": find_composition,
    "length": find_length,
    "weight": find_weight,
    "percentage": find_percentage,
    "sizes": find_sizes,
    "count": find_count,
    "names": find_names,
    "name": find_name,
}


def find(type: str, text: str) -> tuple[Value, ...]:
    """Return all values of `type` in `text`, by position; spans are in `normalise(text)`.

    Raises ValueError for an unknown type.
    """
    if type not in PARSERS:
        raise ValueError(f"unknown fact type {type!r}; known are {', '.join(PARSERS)}")
    return tuple(PARSERS[type](normalise(text)))


def matches(gold: Value, stated: Value) -> bool:
    """Whether `stated` states `gold`. Exact: no tolerance and no fuzziness."""
    if gold.type == "money":
        return same_money(gold, stated)
    if gold.type == "date":
        return same_date(gold, stated)
    return gold.key == stated.key and (
        not gold.label or not stated.label or gold.label == stated.label
    )


def conflicts(gold: Value, stated: Value) -> bool:
    """Whether `stated` is a different value of the very kind that `gold` is of.

    A length labelled as another dimension (厚さ beside a 直径) is not, nor a date coarser than
    gold.
    """
    if gold.type == "date":
        return other_date(gold, stated)
    if gold.label and stated.label and gold.label != stated.label:
        return False
    return not matches(gold, stated)
