"""Compositions: one value a component, key (material, per cent).

A composition is equal to another when all its components are: order and separators don't count.
Materials that a Japanese care label treats as one (綿, コットン, cotton) share a canonical name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.grading.numerals import ARABIC, parse
from harness.grading.value import Value, without_overlaps

_SYNONYMS = {
    "綿": ("コットン", "木綿", "cotton"),
    "麻": ("リネン", "亜麻", "linen"),
    "毛": ("ウール", "羊毛", "wool"),
    "絹": ("シルク", "silk"),
    "ポリエステル": ("polyester",),
    "ナイロン": ("nylon",),
    "アクリル": ("acrylic",),
    "レーヨン": ("rayon", "viscose"),
    "ポリウレタン": ("polyurethane", "elastane"),
    "カシミヤ": ("カシミア", "cashmere"),
    "牛革": ("牛皮", "cowhide", "cow leather"),
}
_CANONICAL = {word: name for name, words in _SYNONYMS.items() for word in words}
_PART = re.compile(r"^(?:表地|裏地|本体|素材|生地|部分)+(?=.)")
_NAME = r"[一-龠々ァ-ヺー]+|[A-Za-z]+(?: [A-Za-z]+)?"
_PER_CENT = r"(?:%|パーセント|percent\b)"
_NAME_FIRST = re.compile(
    rf"(?P<name>{_NAME})\s*[:(]?\s*(?P<share>(?<!\d){ARABIC})\s*{_PER_CENT}", re.IGNORECASE
)
_SHARE_FIRST = re.compile(
    rf"(?P<share>(?<!\d){ARABIC})\s*{_PER_CENT}\s*(?:の|of\s+)?"
    r"(?P<name>[一-龠々ァ-ヺー]+|(?!and\b)[A-Za-z]+"
    r"(?: (?:leather|wool|cotton|polyester|nylon|steel|silver|gold|brass|glass|suede))?)",
    re.IGNORECASE,
)


def find_composition(text: str) -> Iterator[Value]:
    """Yield the components in normalised text, written 綿60% or 60% cotton.

    Name first where a Japanese word stands before the first share or nothing after the last.
    """
    shares = list(re.finditer(rf"{ARABIC}\s*{_PER_CENT}", text, re.IGNORECASE))
    if not shares:
        return
    japanese = re.search(r"[一-龠々ァ-ヺー]\s*[:(]?\s*$", text[: shares[0].start()])
    english = re.match(r"\s+[A-Za-z]", text[shares[-1].end() :])
    material_after = re.match(r"\s*(?:の)?[一-龠々ァ-ヺー]", text[shares[-1].end() :])
    pattern = _NAME_FIRST if japanese or not (english or material_after) else _SHARE_FIRST
    yield from without_overlaps(
        Value("composition", (_material(match["name"]), share), match.group(), match.span())
        for match in pattern.finditer(text)
        if (share := parse(match["share"])) is not None
    )


def _material(name: str) -> str:
    plain = _PART.sub("", name).casefold().strip()
    return _CANONICAL.get(plain, plain)
