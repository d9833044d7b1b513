"""Japanese and Arabic numerals as `Decimal`.

Numerals are never looked for on their own: 一宮 and 三田 are places. The typed parsers put
`NUMERAL` beside a unit, so that only what stands before 円, ミリ, 月 ... is read as a number.
"""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {kanji: value for value, kanji in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "壱": 1,
    "弐": 2,
    "参": 3,
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "億": 10**8, "兆": 10**12}

KANJI_NUMERAL_CHARACTERS = "".join([*_DIGITS, *_SMALL, *_LARGE])
ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!,?\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
# A run of digits is one piece. In any pieces, a model that repeats a digit for ever would have them
# tried in all 2^n ways, by every pattern whose unit does not follow.
NUMERAL = rf"(?<!\d)(?<!\d[.,])(?:{ARABIC}(?!\d)|[{KANJI_NUMERAL_CHARACTERS}])+"
"""Pattern (no groups) of a numeral in normalised text; may match what `parse` then refuses."""

_ARABIC = re.compile(ARABIC)
_TOKEN = re.compile(rf"{ARABIC}|[{''.join(_DIGITS)}]+|[{''.join(_SMALL)}]")


def parse(text: str) -> Decimal | None:
    """Return the value of a numeral in normalised text, or None if it isn't well formed.

    Reads 7,700 / 七千七百 / 二万五千 / 1万2,000 / 0.77万 / 3千5百 / 二〇二六.
    """
    total, rest, last = Decimal(0), text, 10**16
    for mark, size in reversed(_LARGE.items()):
        head, found, tail = rest.partition(mark)
        if not found:
            continue
        section = _section(head)
        if section is None or size >= last:
            return None
        total, rest, last = total + section * size, tail, size
    if not rest:
        return total if text else None
    section = _section(rest)
    return None if section is None else total + section


def _section(text: str) -> Decimal | None:
    """Value of what stands before 万, 億, 兆 or the end: digits and 十百千, sizes descending."""
    tokens = _TOKEN.findall(text)
    if not tokens or "".join(tokens) != text:
        return None
    total, pending, last = Decimal(0), None, 10**4
    for token in tokens:
        size = _SMALL.get(token)
        if size is None:
            if pending is not None:
                return None
            pending = _plain(token)
        elif size >= last:
            return None
        else:
            total, pending, last = total + (1 if pending is None else pending) * size, None, size
    return total + (pending or 0)


def _plain(token: str) -> Decimal:
    """Value of an Arabic numeral or of kanji digits read by position."""
    if _ARABIC.fullmatch(token):
        return Decimal(token.replace(",", ""))
    return Decimal("".join(str(_DIGITS[character]) for character in token))
