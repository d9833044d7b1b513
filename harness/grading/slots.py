"""Where in an answer its values stand: the tokens on which a stated fact hangs.

Which value is right is never looked at. A rule that did so would find its slot wherever the answer
is right, and what is measured in the slot would betray the label rather than the model's doubt.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from harness.grading.facts import TEXT, Fact
from harness.grading.statements import is_denied
from harness.grading.text import normalise
from harness.grading.value import Value
from harness.grading.values import find, matches

_WORDS = ("name", "names", TEXT)  # told by comparing, not by reading: nowhere without a reference


def stated_values(text: str, fact: Fact, question: str = "") -> list[Value]:
    """Return the undenied values in an answer of the types that a fact and its `also` have.

    Values that stand in the question are left out, unless the answer has no others (did it cost
    7,700 or 7,900 yen?). By type, then by position; spans are in `normalise(text)`. Names and texts
    have none.
    """
    plain = normalise(text)
    types = [t for t in dict.fromkeys((fact.type, *(p.type for p in fact.also))) if t not in _WORDS]
    found = []
    for type_ in types:
        asked = find(type_, question)
        stated = [value for value in find(type_, plain) if not is_denied(plain, value.span)]
        own = [value for value in stated if not any(matches(value, q) for q in asked)]
        found += own or stated
    return found


def stated_spans(text: str, fact: Fact, question: str = "") -> list[tuple[int, int]]:
    """Return the spans of `stated_values` in `text` as it was written, by position, none touching.

    Units, tax words and the dimension named before a length are in a value's span. Spans that
    overlap or meet are one. [] where none is stated.
    """
    plain = normalise(text)
    spans: list[tuple[int, int]] = []
    for start, end in sorted(value.span for value in stated_values(text, fact, question)):
        first, last = _raw(text, plain, start, end)
        if spans and first <= spans[-1][1]:
            first, last = spans[-1][0], max(last, spans.pop()[1])
        spans.append((first, last))
    return spans


def _raw(text: str, plain: str, start: int, end: int) -> tuple[int, int]:
    """The span of `text` that makes plain[start:end] when normalised.

    A character can become several (㍉), several one (ﾄﾞ) or none: a character that is in the span in
    part is in it, a sign of no width at its edge is not. How much of `plain` the first characters
    of `text` make never falls with their number, so both ends are found by bisection.
    """
    places = range(len(text) + 1)
    first = bisect_right(places, start, key=lambda place: len(normalise(text[:place]))) - 1
    # The mark of a ﾄﾞ adds no length but changes what is before it.
    last = bisect_left(places, True, key=lambda place: normalise(text[:place])[:end] == plain[:end])
    return first, last
