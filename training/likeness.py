"""How alike two texts are when punctuation, width and case don't count."""

from __future__ import annotations

import re
import unicodedata

_PUNCTUATION = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Letters and digits only, of one width and case."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text).casefold())


def trigrams(text: str) -> frozenset[str]:
    """The character trigrams of a plain text; a shorter text is its own."""
    return frozenset(text[i : i + 3] for i in range(max(1, len(text) - 2)))


def likeness(one: str, other: str) -> float:
    """Jaccard index of two texts' character trigrams, 0 (nothing shared) to 1."""
    first, second = trigrams(plain(one)), trigrams(plain(other))
    return len(first & second) / len(first | second)
