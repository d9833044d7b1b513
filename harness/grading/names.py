"""Free names: people, shops, colours. Compared exactly but for NFKC, case, quotes, spaces and ・.

A name is looked for in a text rather than parsed out of it, with a guard at its ends: ルミナ is
not stated by ルミナス, nor 白 by 面白い. Kanji are guarded for names of one or two characters only,
since 山本花子氏 and 東京本店限定 do state their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.grading.text import loose
from harness.grading.value import Value

_JOINED = r"&|\band\b|(?<=[一-龠々ァ-ヺーA-Za-z])と(?=\S)"
_COMMAS = re.compile(rf"\s*(?:(?:、|,|/)(?:\s*and\b)?|{_JOINED})\s*")
_MIDDLE_DOTS = re.compile(rf"\s*(?:・|{_JOINED})\s*")
_GAP = r"[\s・「」『』\"']*"
_AFTER_KANJI = "氏様殿君社店色製系地他発"
_ITEM = re.compile(r"[一-龠々ァ-ヺーA-Za-z][一-龠々ァ-ヺーA-Za-z' ]{0,19}")
_JOIN = re.compile(
    r"[」』\")]*\s*(?:または|もしくは|あるいは|および|及び|、|,(?!\d)|・|/|&|と|か|\bor\b|\band\b)"
    r"(?:\s*(?:or|and)\b)?\s*[「『\"(]*"
)
_STATED_END = re.compile(
    r"[」』\")]*\s*(?:です|でした|である|だ|さん|氏|様|による|により|によって|[。.]|$)"
)
_ITEM_BEFORE = re.compile(
    rf"(?:^|[^一-龠々ァ-ヺーA-Za-z' ])(?P<item>{_ITEM.pattern})(?:{_JOIN.pattern})$"
)


def find_names(text: str) -> Iterator[Value]:
    """Yield the items of a list of names in normalised text (黒、白), in their order."""
    position = 0
    # ・ separates only where nothing stronger does: it also stands inside katakana names.
    separators = _COMMAS if re.search(r"[、,/]", text) else _MIDDLE_DOTS
    for item in separators.split(text):
        start = text.index(item, position)
        position = start + len(item)
        if loose(item):
            yield Value("names", loose(item), item, (start, position))


def find_name(text: str) -> Iterator[Value]:
    """Yield normalised text as one name."""
    if loose(text):
        yield Value("name", loose(text), text, (0, len(text)))


def occurrences(name: str, text: str, *, in_list: bool = False) -> Iterator[tuple[int, int]]:
    """Yield the spans at which normalised text states `name`.

    in_list: ・ separates names, so that it may stand beside one.
    """
    key = loose(name)
    if not key:
        return
    body = _GAP.join(map(re.escape, key))
    left, right = _guard(key[0], len(key), False, in_list), _guard(key[-1], len(key), True, in_list)
    for match in re.finditer(f"{left}{body}{right}", text, re.IGNORECASE):
        yield match.span()


def neighbours(text: str, span: tuple[int, int], *, in_list: bool) -> Iterator[tuple[str, int]]:
    """Yield names joined to the one at `span` (、 と または or ...), with where they start.

    in_list: the names of a list, however it goes on; otherwise only a name that ends the statement
    (佐藤と鈴木です), so that 〇〇社、電話番号は… joins nothing.
    """
    position = span[1]
    while join := _JOIN.match(text, position):
        item = _ITEM.match(text, join.end())
        if not item:
            return
        end = join.end() + len(item.group().rstrip())
        ends = _STATED_END.match(text, end) or _JOIN.match(text, end)
        if text.startswith("は", end) or not (in_list or ends):
            return
        yield text[join.end() : end], join.end()
        position = end
    if in_list:
        yield from _before(text, span[0])


def _before(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Names joined on the left, nearest first; a word before は is the topic, not an item."""
    while match := _ITEM_BEFORE.search(text, 0, start):
        start = match.start("item")
        yield match["item"].strip(), start


def _guard(character: str, length: int, after: bool, in_list: bool) -> str:
    """A look-around that keeps a name from being part of a longer word."""
    look = "?!" if after else "?<!"
    if re.match(r"[a-z0-9]", character):
        return f"({look}[A-Za-z0-9])"
    if re.match(r"[ァ-ヺー]", character):
        dot = "" if in_list else (r"(?!・[ァ-ヺ])" if after else r"(?<![ァ-ヺー]・)")
        return f"({look}[ァ-ヺー]){dot}"
    if re.match(r"[一-龠々]", character) and length <= 2:
        allowed = f"(?![{_AFTER_KANJI}])" if after else ""
        return rf"(?!{allowed}[一-龠々])" if after else r"(?<![一-龠々])"
    return ""
