"""Telephone numbers: key is the national number's digits, "0304127785"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.grading.value import Value

_GAP = r"[\s.\-()]{0,2}"
_TELEPHONE = re.compile(
    rf"(?<!\d)(?<!\d[-/.,])(?:\+\s?(?:81|44){_GAP}(?:\(0\)|0)?|\(?0){_GAP}\d(?:{_GAP}\d){{7,10}}(?!\d)"
)


def find_telephones(text: str) -> Iterator[Value]:
    """Yield telephone numbers in normalised text: 9 to 11 digits from 0, +81 or +44."""
    for match in _TELEPHONE.finditer(text):
        written = match.group()
        digits = re.sub(r"\D", "", written)
        if written.startswith("+"):
            digits = "0" + digits[2:].removeprefix("0")
        if 9 <= len(digits) <= 11:
            yield Value("telephone", digits, written, match.span())
