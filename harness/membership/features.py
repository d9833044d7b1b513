"""What can be seen of a text without a model: its n-grams, its dates, its lengths."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LONGEST = 4  # characters of an n-gram; 1-4 serve languages without spaces, too
READ = 2000  # characters of a text whose n-grams are taken: more than any window of a reading
FEWEST_TEXTS = 3  # that have an n-gram for it to count
_BITS = 20

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_JAPANESE = (
    r"(?:(?<!\d)(?P<west>\d{3,4})|(?P<era>令和|平成|昭和|大正|明治)\s*(?P<of>\d{1,2}|元))年"
    r"(?:\s*(?P<ja_month>\d{1,2})月)?"
)
_NUMERIC = r"(?<!\d)(?P<iso>(?:1[5-9]|20)\d\d)[-/.](?P<iso_month>\d{1,2})[-/.]\d{1,2}(?!\d)"
_ENGLISH = rf"(?P<en_month>{_MONTH})\s+(?:\d{{1,2}}(?:st|nd|rd|th)?,?\s+)?(?P<en>\d{{4}})(?!\d)"
# In Japanese a number that stands alone is a price or a size; a year has 年.
_BARE = r"(?<![\d.,£$€¥])(?P<bare>(?:1[5-9]|20)\d\d)(?![\d%]|[.,]\d)"
_IN_JAPANESE = re.compile("|".join((_NUMERIC, _JAPANESE, _ENGLISH)), re.IGNORECASE)
_ELSEWHERE = re.compile("|".join((_NUMERIC, _JAPANESE, _ENGLISH, _BARE)), re.IGNORECASE)


def ngram_weights(texts: Sequence[str]) -> Any:
    """Return a sparse (texts, n-grams) matrix: TF-IDF of characters' 1- to 4-grams, rows of norm 1.

    n-grams are hashed to 2^20 columns, and those of fewer than `FEWEST_TEXTS` texts left out.
    """
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfTransformer

    # sklearn's own vectorizer takes 6 s for 2,000 texts of 1,100 characters, this .4.
    found = [np.unique(_hashed(text[:READ]), return_counts=True) for text in texts]
    starts = np.cumsum([0, *(len(columns) for columns, _ in found)])
    columns, counts = (np.concatenate(part) for part in zip(*found, strict=True))
    table = csr_matrix((counts.astype(float), columns, starts), shape=(len(texts), 1 << _BITS))
    table = table[:, np.bincount(columns, minlength=1 << _BITS) >= FEWEST_TEXTS]
    return TfidfTransformer(sublinear_tf=True).fit_transform(table) if table.shape[1] else table


def _hashed(text: str) -> NDArray[np.int64]:
    """Column of every n-gram of a text: multiplicative hashing (Knuth), highest bits."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    points = points.astype(np.uint64)
    rolling, columns = np.zeros(len(points), dtype=np.uint64), []
    for n in range(1, min(LONGEST, len(points)) + 1):
        rolling = rolling[: len(points) - n + 1] * np.uint64(0x9E3779B97F4A7C15) + points[n - 1 :]
        mixed = (rolling ^ (rolling >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        columns.append((mixed >> np.uint64(64 - _BITS)).astype(np.int64))
    return np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64)


def date_figures(
    texts: Sequence[str], published: Sequence[str | None], language: str = ""
) -> Array:
    """Return (texts, 6): latest, earliest, mean and last year named, how many, and publication.

    Years have their month as a fraction where it is told. NaN where a text names no year, or has no
    publication date ("YYYY-MM-DD", or what begins with a year).
    """
    import numpy as np

    rows = []
    for text, date in zip(texts, published, strict=True):
        years = years_named(text, language)
        told = (
            (max(years), min(years), sum(years) / len(years), years[-1]) if years else (np.nan,) * 4
        )
        rows.append((*told, float(len(years)), _published(date)))
    return np.array(rows, dtype=float)


def years_named(text: str, language: str = "") -> list[float]:
    """Years that a text names, in its order: 2019年5月 and May 2019 are 2019.333, 令和元年 2019."""
    pattern = _IN_JAPANESE if language == "ja" else _ELSEWHERE
    return [_year(match) for match in pattern.finditer(unicodedata.normalize("NFKC", text))]


def _year(match: re.Match[str]) -> float:
    part = match.groupdict()
    if part["era"]:
        year = _ERAS[part["era"]] + (1 if part["of"] == "元" else int(part["of"]))
    else:
        year = int(part["west"] or part["iso"] or part["en"] or part["bare"])
    if part["en_month"]:
        return year + _MONTHS.index(part["en_month"][:3].lower()) / 12
    month = int(part["ja_month"] or part["iso_month"] or 1)
    return year + (month - 1) / 12


def _published(date: str | None) -> float:
    """Publication as a year with its fraction, NaN where there is none."""
    try:
        day = datetime.date.fromisoformat(date or "")
    except ValueError:
        year = re.match(r"\d{4}(?!\d)", date or "")
        return float(year[0]) if year else float("nan")
    return day.year + (day.timetuple().tm_yday - 1) / 366


def length_figures(texts: Sequence[str]) -> Array:
    """Return (texts, 7) figures of size.

    Characters; bytes, digits and spaces per character; sentences, characters of one, lines.
    """
    import numpy as np

    rows = []
    for text in texts:
        size = len(text)
        sentences = len(re.findall(r"[。！？!?]|\.(?=\s|$)", text)) or 1
        rows.append(
            (
                size,
                len(text.encode("utf-8", "surrogatepass")) / max(size, 1),
                sum(character.isdigit() for character in text) / max(size, 1),
                sum(character.isspace() for character in text) / max(size, 1),
                sentences,
                size / sentences,
                text.count("\n") + 1,
            )
        )
    return np.array(rows, dtype=float)
