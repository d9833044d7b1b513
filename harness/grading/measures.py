"""Measures and counts: a number beside a unit.

Keys: length in millimetres, weight in grams, percentage in per cent, count as the bare number
(500個 and 500点 are the same count).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from harness.grading.numerals import ARABIC, NUMERAL, parse
from harness.grading.value import Value

_WORD_END = r"(?![A-Za-z])"
_LENGTH = {
    r"ミリ(?:メートル)?(?!グラム|リットル|秒)": Decimal(1),
    r"センチ(?:メートル)?": Decimal(10),
    r"キロメートル": Decimal(1_000_000),
    r"メートル": Decimal(1000),
    rf"(?:mm|millimet(?:er|re)s?){_WORD_END}": Decimal(1),
    rf"(?:cm|centimet(?:er|re)s?){_WORD_END}": Decimal(10),
    rf"km{_WORD_END}": Decimal(1_000_000),
    rf"(?:m(?![23](?!\d))|met(?:er|re)s?){_WORD_END}": Decimal(1000),
}
_WEIGHT = {
    r"ミリグラム": Decimal("0.001"),
    r"キロ(?:グラム)?(?!メートル|ワット|バイト|カロリー)": Decimal(1000),
    r"グラム": Decimal(1),
    rf"(?:mg|milligrams?){_WORD_END}": Decimal("0.001"),
    rf"(?:kg|kilograms?|kilos?){_WORD_END}": Decimal(1000),
    rf"(?:g|grams?){_WORD_END}": Decimal(1),
}
_PERCENTAGE = {
    rf"%|パーセント|percent{_WORD_END}": Decimal(1),
    r"割": Decimal(10),
}
_COUNTERS = (
    "個|点|枚|本|着|足|台|冊|脚|組|箱|袋|セット|ピース|パック|体|双|対|缶|瓶|客|品|部|口|名|人|色"
    "|種類|種|ヶ(?!月)|ケ|コ|つ"
)
# その一つ, 一部, 一人ひとり, 一点物 are idioms rather than counts.
_COUNT = re.compile(
    rf"(?!一(?:つ|部|人|点|種|品))(?P<counted>{NUMERAL})\s*(?:{_COUNTERS})"
    rf"|(?P<english>{NUMERAL})\s*(?:limited\s+)?(?:pieces?|items?|units?|pairs?|sets?|copies)\b"
    rf"|限定\s*(?P<limited>{NUMERAL})"
    rf"|(?P<bare>(?<![\d.,]){ARABIC})(?=\s*(?:です|でした|だ)?[。.]?\s*$)",
    re.IGNORECASE,
)

_LABELS = {
    "diameter": r"直径|口径|(?<!半)径|\bdiameter\b",
    "radius": r"半径|\bradius\b",
    "thickness": r"厚さ|厚み|\b(?:thickness|thick)\b",
    "width": r"横幅|幅|横(?=[\d:は\s])|\b(?:width|wide)\b",
    "height": r"高さ|縦(?=[\d:は\s])|\b(?:height|high|tall)\b",
    "depth": r"奥行き?|マチ|\b(?:depth|deep)\b",
    "length": r"長さ|全長|着丈|総丈|\b(?:length|long)\b",
}
_LABEL = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _LABELS.items()), re.I)
_LABEL_AFTER = re.compile(rf"\s+(?:in\s+)?(?:{_LABEL.pattern})", re.I)
_LABEL_REACH = 12  # characters between a dimension's name and its value
_BETWEEN = rf"\s*[~x×-]\s*(?:{'|'.join(_LABELS.values())})?\s*"


def find_length(text: str) -> Iterator[Value]:
    """Yield the lengths in normalised text, each with the dimension named beside it."""
    floor = 0
    for value in _find_measured("length", _LENGTH, text):
        start, end = value.span
        label, left = _label_before(text, floor, start)
        if not label and (after := _LABEL_AFTER.match(text, end)):
            label, end = after.lastgroup or "", after.end()
        floor = end
        yield Value(value.type, value.key, text[left:end], (left, end), label)


def find_weight(text: str) -> Iterator[Value]:
    """Yield the weights in normalised text."""
    yield from _find_measured("weight", _WEIGHT, text)


def find_percentage(text: str) -> Iterator[Value]:
    """Yield the percentages in normalised text; 3割 is 30 per cent."""
    yield from _find_measured("percentage", _PERCENTAGE, text)


def find_count(text: str) -> Iterator[Value]:
    """Yield the counts in normalised text: counted, after 限定, or a bare number that ends it."""
    for match in _COUNT.finditer(text):
        number = parse(next(group for group in match.groups() if group))
        if number is not None:
            yield Value("count", number, match.group(), match.span())


def dimensions(text: str) -> frozenset[str]:
    """Return the dimensions that normalised text names ("diameter" ...)."""
    return frozenset(match.lastgroup or "" for match in _LABEL.finditer(text))


def _find_measured(type_: str, units: Mapping[str, Decimal], text: str) -> Iterator[Value]:
    """Values with a unit; 10~15mm and 30×20cm share theirs, 1メートル50センチ is one value."""
    shared = rf"{NUMERAL}(?:{_BETWEEN}{NUMERAL})*"
    pattern = re.compile(rf"(?P<numbers>{shared})\s*(?P<unit>{'|'.join(units)})", re.I)
    held: Value | None = None
    held_unit = Decimal(0)
    for match in pattern.finditer(text):
        unit = next(size for name, size in units.items() if re.fullmatch(name, match["unit"], re.I))
        values = _with_unit(type_, match, unit)
        if held and len(values) == 1 and held.span[1] == match.start() and unit < held_unit:
            values = [_joined(held, values[0], text)]
        elif held:
            yield held
        yield from values[:-1]
        held, held_unit = (values[-1], unit) if values else (None, Decimal(0))
    if held:
        yield held


def _with_unit(type_: str, match: re.Match[str], unit: Decimal) -> list[Value]:
    """The numbers of a match, all in its unit; the last one's span takes the unit in."""
    values = []
    for number in re.finditer(NUMERAL, match["numbers"]):
        amount = parse(number.group())
        start, end = (match.start() + offset for offset in number.span())
        if end == match.end("numbers"):
            end = match.end()
        if amount is not None:
            values.append(Value(type_, amount * unit, match.string[start:end], (start, end)))
    return values


def _joined(large: Value, small: Value, text: str) -> Value:
    assert isinstance(large.key, Decimal)
    assert isinstance(small.key, Decimal)
    span = (large.span[0], small.span[1])
    return Value(large.type, large.key + small.key, text[slice(*span)], span)


def _label_before(text: str, floor: int, start: int) -> tuple[str, int]:
    """Last dimension named between `floor` and `start`, and where the value then begins."""
    # One character further, because 横 looks at what follows it.
    matches = [m for m in _LABEL.finditer(text, floor, start + 1) if m.end() <= start]
    if not matches or start - matches[-1].end() > _LABEL_REACH:
        return "", start
    return matches[-1].lastgroup or "", matches[-1].start()
