"""Normalisation of Japanese text before it is compared.

NFKC folds full-width letters and digits, half-width katakana, unit squares (㎜, ㌢), ￥ and ～. It
leaves several signs alone that mean the same to a reader; `normalise` maps those too:

    − ‐ ‒ – — ―  (U+2212, U+2010, U+2012..U+2015)   to -
    〜 ∼ 〰       (U+301C, U+223C, U+3030)           to ~
    ⁄ ∕          (U+2044 as in NFKC of ½, U+2215)   to /
    ‘ ’ “ ”      curly quotes                       to ' and "
    ー between digits (03ー0412)                     to -
    zero-width signs and the soft hyphen            removed
"""

from __future__ import annotations

import re
import unicodedata

_MAP = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2012\u2013\u2014\u2015", "-"),
        **dict.fromkeys("\u301c\u223c\u3030", "~"),
        **dict.fromkeys("\u2044\u2215", "/"),
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u201c\u201d", '"'),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    }
)
_LONG_VOWEL_AS_HYPHEN = re.compile(r"(?<=\d)ー(?=\d)")
_IGNORED_IN_NAMES = re.compile(r"[\s・「」『』“”\"']+")


def normalise(text: str) -> str:
    """Return `text` in the form that the typed parsers read. Idempotent; keeps punctuation."""
    folded = unicodedata.normalize("NFKC", text).translate(_MAP)
    return _LONG_VOWEL_AS_HYPHEN.sub("-", folded)


def loose(text: str) -> str:
    """Return the form in which free names are equal: no case, quotes, spaces or middle dots."""
    return _IGNORED_IN_NAMES.sub("", normalise(text).casefold()).rstrip("。.")
