"""Calendar dates: key (year, month, day), None where nothing is said."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.grading.numerals import NUMERAL, parse
from harness.grading.value import Value, without_overlaps

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
_ERA_LETTERS = {"R": 2018, "H": 1988, "S": 1925, "T": 1911, "M": 1867}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ENGLISH_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_ENGLISH_DAY = r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:(?P<era>{'|'.join(_ERAS)})\s*(?P<in_era>元|{NUMERAL})\s*年|(?P<year>{NUMERAL})\s*年)"
        rf"の?\s*(?P<month>{NUMERAL})\s*月(?:\s*(?P<day>{NUMERAL})\s*日(?!間))?",
        r"(?<![\d/.-])(?P<year>\d{4})(?P<sign>[/.-])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})"
        r"(?![\d/-])",
        r"(?<![A-Z\d])(?P<letter>[RHSTM])(?P<in_era>\d{1,2})[./](?P<month>\d{1,2})[./]"
        r"(?P<day>\d{1,2})(?!\d)",
        rf"\b{_ENGLISH_MONTH}\s+{_ENGLISH_DAY}\b(?:,?\s+(?P<year>\d{{4}})(?!\d))?",
        rf"{_ENGLISH_DAY}\s+(?:of\s+)?{_ENGLISH_MONTH}(?:,?\s+(?P<year>\d{{4}})(?!\d))?",
        rf"\b{_ENGLISH_MONTH}\s+(?P<year>\d{{4}})(?!\d)",
        rf"(?P<month>{NUMERAL})\s*月\s*(?P<day>{NUMERAL})\s*日(?!間)",
        r"(?<![\d/.-])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/])",
        rf"(?:(?P<era>{'|'.join(_ERAS)})\s*(?P<in_era>元|{NUMERAL})\s*年|(?P<year>{NUMERAL})\s*年)"
        r"(?!間|以上|前|後|目|ぶり)",
        rf"(?P<month>{NUMERAL})\s*月(?!間|\s*\d)",
    )
)
# 6月14日~20日, 6月14日・15日: a further day of the same month.
_FURTHER_DAY = re.compile(
    rf"(?:\([^)]{{1,3}}\))?\s*(?:~|-|から|・|、)\s*({NUMERAL})\s*日(?![間本])"
)

Key = tuple[int | None, int | None, int | None]


def find_dates(text: str) -> Iterator[Value]:
    """Yield the dates in normalised text, more specific forms before less specific ones."""
    found = [
        Value("date", key, match.group(), match.span())
        for pattern in _PATTERNS
        for match in pattern.finditer(text)
        if (key := _key(match)) is not None
    ]
    for value in without_overlaps(found):
        yield value
        further = _FURTHER_DAY.match(text, value.span[1])
        year, month, day = date_key(value)
        if further and month and day and (last := parse(further[1])) and last <= 31:
            yield Value("date", (year, month, int(last)), further.group(), further.span())


def same_date(gold: Value, stated: Value) -> bool:
    """Month and day as in gold; the year may be left out on either side but not differ."""
    year, *rest = date_key(gold)
    stated_year, *stated_rest = date_key(stated)
    if rest == [None, None]:
        return year == stated_year
    return (year is None or stated_year is None or year == stated_year) and all(
        part is None or part == other for part, other in zip(rest, stated_rest, strict=True)
    )


def other_date(gold: Value, stated: Value) -> bool:
    """Whether `stated` is another date: as specific as gold and different from it."""
    pairs = list(zip(date_key(gold), date_key(stated), strict=True))
    finest = max(index for index, (part, _) in enumerate(pairs) if part is not None)
    return pairs[finest][1] is not None and any(
        part is not None and other is not None and part != other for part, other in pairs
    )


def date_key(value: Value) -> Key:
    """Year, month and day of a date value."""
    assert isinstance(value.key, tuple)
    year, month, day = value.key
    return year, month, day


def _key(match: re.Match[str]) -> Key | None:
    """Canonical key of a match; None if a field is out of range."""
    fields = match.groupdict()
    month = _number(fields.get("month"))
    if fields.get("name"):
        month = 1 + _MONTHS.index(fields["name"][:3].lower())
    year, day = _year(fields), _number(fields.get("day"))
    given = {name: fields.get(name) is not None for name in ("month", "day")}
    if given["month"] and (month is None or not 1 <= month <= 12):
        return None
    if given["day"] and (day is None or not 1 <= day <= 31):
        return None
    if year is None and month is None:
        return None
    return year, month, day


def _year(fields: dict[str, str | None]) -> int | None:
    in_era = fields.get("in_era")
    if in_era is None:
        year = _number(fields.get("year"))
        return year if year is not None and 1000 <= year <= 9999 else None
    start = _ERAS.get(fields.get("era") or "") or _ERA_LETTERS[(fields.get("letter") or "").upper()]
    number = 1 if in_era == "元" else _number(in_era)
    return None if number is None else start + number


def _number(text: str | None) -> int | None:
    number = parse(text) if text else None
    return None if number is None or number != int(number) else int(number)
