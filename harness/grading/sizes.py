"""Sizes of garments and shoes: keys "XL", ("cm", 23.5), ("号", 9), ("", 38), "FREE".

A range on a usual ladder is its members: S~L is S, M, L; 22.5~24.0cm goes by half centimetres.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from decimal import Decimal

from harness.grading.numerals import ARABIC, parse
from harness.grading.value import Value, without_overlaps

_LADDER = ("XXS", "XS", "S", "M", "L", "XL", "2XL", "3XL")
_SYNONYMS = {"LL": "XL", "2L": "XL", "3L": "2XL", "XXL": "2XL", "4L": "3XL", "XXXL": "3XL"}
_LETTER = r"(?:XXS|XS|XXXL|XXL|[23]XL|XL|LL|[234]L|S|M|L)"
_TO = r"\s*(?:サイズ)?\s*(?:~|-|から|to)\s*"
# Letters only: no word, product number or apostrophe (I'm, L's) around them.
_LETTERS = re.compile(
    rf"(?<![A-Za-z0-9&'.-])(?P<low>{_LETTER})(?:{_TO}(?P<high>{_LETTER}))?(?![A-Za-z0-9&']|-\d)"
)
_FREE = re.compile(
    r"フリーサイズ|ワンサイズ"
    r"|(?<![A-Za-z])(?:FREE(?: ?SIZE)?|ONE[ -]?SIZE|F(?=サイズ))(?![A-Za-z])",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    rf"(?<!\d)(?<!\d[.,])(?P<numbers>{ARABIC}(?:\s*(?:cm|センチ|号)?\s*[~\-、,・/]\s*{ARABIC})*)"
    r"\s*(?P<unit>cm(?![A-Za-z])|センチ|号)",
    re.IGNORECASE,
)
# サイズは36、38、40: numbers without a unit count only in a list or after the word itself.
_BARE = re.compile(
    r"(?<![\d.,/-])(?<![¥$£€])(?:"
    r"(?P<list>\d{1,2}(?:\.5)?(?:(?:\s*[、,・~]\s*(?:and\s+)?|\s+and\s+|と)\d{1,2}(?:\.5)?)+)"
    r"|(?:(?<=サイズは)|(?<=サイズ)|(?<=size ))\d{1,2}(?:\.5)?)"
    r"(?![\d.,]*\d)(?!\s*(?:[A-Za-zぁ-ん]*[%円年月日時分個点枚本着足台万ミセグキメ]|mm|cm|m\b|k?g\b))",
    re.IGNORECASE,
)
_STEPS = {"cm": Decimal("0.5"), "号": Decimal(2), "": Decimal(2)}
_LONGEST = 40  # sizes in one range; more is not a range of sizes


def find_sizes(text: str) -> Iterator[Value]:
    """Yield the sizes in normalised text; the members of a range share its span."""
    ranges = [
        *(_value(match, "FREE") for match in _FREE.finditer(text)),
        *(_value(match, None) for match in _LETTERS.finditer(text)),
        *(_value(match, None) for match in _NUMBERS.finditer(text)),
        *(_value(match, None) for match in _BARE.finditer(text)),
    ]
    for value in without_overlaps(ranges):
        for key in _members(value):
            yield Value("sizes", key, value.text, value.span)


def _value(match: re.Match[str], key: Hashable) -> Value:
    return Value("sizes", key, match.group(), match.span())


def _members(value: Value) -> Iterator[Hashable]:
    if value.key is not None:
        yield value.key
    elif letters := _LETTERS.fullmatch(value.text):
        low, high = (_SYNONYMS.get(name, name) for name in (letters["low"], letters["high"] or ""))
        if high in _LADDER:
            yield from _LADDER[_LADDER.index(low) : _LADDER.index(high) + 1]
        else:
            yield low
    else:
        unit = "" if value.text[-1].isdigit() else "号" if value.text.endswith("号") else "cm"
        for number in _expanded(value.text, _STEPS[unit]):
            yield unit, number


def _expanded(text: str, step: Decimal) -> Iterator[Decimal]:
    """Numbers of a list such as 22.5~24、25: ranges by `step`, the rest as they stand."""
    tokens = re.findall(rf"{ARABIC}|[~-]", text)
    previous: Decimal | None = None
    in_range = False
    for token in tokens:
        number = parse(token)
        if number is None:
            in_range = previous is not None
            continue
        if in_range and previous is not None and 0 < (number - previous) / step <= _LONGEST:
            previous += step
            while previous < number:
                yield previous
                previous += step
        yield number
        previous, in_range = number, False
