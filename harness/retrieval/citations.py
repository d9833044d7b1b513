"""Which passages an answer cites: [1], [1, 3], ［2］, 【2】 or [1-3].

Citations are taken out before an answer is graded: the 1 of [1] is no value. A year in brackets
([2025]) is none: a passage's number has one or two digits.
"""

from __future__ import annotations

import re

_NUMBER = r"\s*(\d{1,2})\s*"
_LIST = rf"{_NUMBER}(?:[,、・\-–~〜]{_NUMBER})*"
_CITED = re.compile(rf"\s?(?:\[{_LIST}\]|［{_LIST}］|【{_LIST}】|〔{_LIST}〕)")
_RANGE = re.compile(r"(\d{1,2})\s*(?:[-–~〜]\s*(\d{1,2}))?")


def cited(text: str) -> list[int]:
    """The numbers that an answer cites, each once, in their order there; of a range all."""
    found: dict[int, None] = {}
    for match in _CITED.finditer(text):
        for first, last in _RANGE.findall(match[0]):
            found |= dict.fromkeys(range(int(first), int(last or first) + 1))
    return list(found)


def without_citations(text: str) -> str:
    """The answer as it would stand without them."""
    return _CITED.sub("", text)
