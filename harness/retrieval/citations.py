"""Which passages an answer cites: [1], [1, 3], ［2］, 【2】, [文書1] or [1-3].

Citations are taken out before an answer is graded: the 1 of [1] is no value. A year in brackets
([2025]) is none: a passage's number has one or two digits.
"""

from __future__ import annotations

import re

_NAME = r"(?:文書|文章|資料|出典|番号|documents?|docs?|passages?|sources?)?"
_NUMBER = rf"\s*{_NAME}\s*(\d{{1,2}})\s*"
_TO = r"[-–~〜～]"
_LIST = rf"{_NUMBER}(?:(?:{_TO}|[,，、・;；&]|and|と){_NUMBER})*"
_CITED = re.compile(
    rf"\s?(?:\[{_LIST}\]|［{_LIST}］|【{_LIST}】|〔{_LIST}〕)",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"(\d{{1,2}})\s*(?:{_TO}{_NUMBER})?", re.IGNORECASE)


def cited(text: str) -> list[int]:
    """The numbers that an answer cites, each once, in their order there; of a range all."""
    found: dict[int, None] = {}
    for match in _CITED.finditer(text):
        for first, last in _RANGE.findall(match[0]):
            ends = sorted((int(first), int(last or first)))
            found |= dict.fromkeys(range(ends[0], ends[1] + 1))
    return list(found)


def without_citations(text: str) -> str:
    """The answer as it would stand without them."""
    return _CITED.sub("", text)
