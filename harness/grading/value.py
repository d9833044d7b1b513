"""One typed value found in a text."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """A value in canonical form and where it stands.

    key: equal for equal values (see each parser). text, span: in the *normalised* text.
    label: the dimension it is said to be ("diameter" ...); "" when nothing is said.
    """

    type: str
    key: Hashable
    text: str
    span: tuple[int, int]
    label: str = ""


def without_overlaps(values: Iterable[Value]) -> tuple[Value, ...]:
    """Keep values in the order given unless they overlap a kept one; return them by position."""
    kept: list[Value] = []
    for value in values:
        if all(value.span[1] <= k.span[0] or value.span[0] >= k.span[1] for k in kept):
            kept.append(value)
    return tuple(sorted(kept, key=lambda value: value.span))
