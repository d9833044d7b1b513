"""Words to search by: Japanese ones by SudachiPy, Latin words and figures as they are written.

Text is normalised first (`harness.grading.text.normalise`: NFKC and the like), without case. Latin
words and figures are found by a pattern: 18,700 is one word (18700), and 092-055-3321 is four, the
whole and its parts: the whole stands in few documents, the parts where it is written otherwise. The
rest is cut into Sudachi's shortest units (mode A), each in its dictionary's normalised form (問合せ
and 問い合わせ are one). Particles, auxiliary verbs (every question has its する and ください),
pronouns and signs are left out. SudachiPy: Takaoka et al., LREC 2018.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from harness.errors import UnavailableError
from harness.grading.text import normalise

_WRITTEN = re.compile(r"[a-z0-9]+(?:[.,'\-][a-z0-9]+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LEFT_OUT = frozenset({"助詞", "助動詞", "代名詞", "補助記号", "空白"})
_SUPPORTING = "非自立可能"  # verbs that mostly stand behind others: する, いる, ください
# SudachiPy takes at most 49,149 bytes of UTF-8 at a time; between signs no word is cut.
_PIECE = re.compile(r".{1,9999}(?:[、。\s]|$)|.{1,9999}", re.DOTALL)


def words(text: str) -> list[str]:
    """The words of a text in their order, repeats included; none for signs alone.

    Raises UnavailableError where SudachiPy is not installed.
    """
    # A lone surrogate, which no tokenizer takes, is part of no word.
    plain = normalise(text).casefold().encode("utf-8", "ignore").decode()
    found: list[str] = []
    position = 0
    for match in _WRITTEN.finditer(plain):
        found += _japanese(plain[position : match.start()])
        found += _written(_THOUSANDS.sub("", match[0]))
        position = match.end()
    return found + _japanese(plain[position:])


def described() -> str:
    """Which tokenizer and dictionary `words` goes by, with their versions."""
    from importlib.metadata import version

    _tokenizer()  # says first what is missing
    sudachi, dictionary = version("sudachipy"), version("sudachidict_core")
    return f"sudachipy {sudachi}, sudachidict_core {dictionary}, mode A, normalised forms"


def _written(word: str) -> list[str]:
    parts = word.split("-")
    return [word, *parts] if len(parts) > 1 else parts


def _japanese(text: str) -> list[str]:
    return [
        morpheme.normalized_form().casefold()
        for piece in _PIECE.findall(text)
        for morpheme in _tokenizer().tokenize(piece)
        if _tells(*morpheme.part_of_speech()[:2])
    ]


def _tells(part: str, kind: str) -> bool:
    """Whether a word of this part of speech tells what a text is about."""
    if part == "記号":
        return kind == "文字"  # アルファ, Ω: a letter's name may be a product's
    return part not in _LEFT_OUT and not (part == "動詞" and kind == _SUPPORTING)


@cache
def _tokenizer() -> Any:
    try:
        from sudachipy import Dictionary, SplitMode
    except ImportError as error:
        raise UnavailableError(
            f"a retriever's Japanese tokenizer is not installed ({error.name}): "
            "pip install 'pytest-michi[retrieval]'"
        ) from error
    return Dictionary(dict="core").tokenizer(mode=SplitMode.A)
