"""Documents in passages: short ones whole, long ones cut where sentences end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.retrieval.documents import Document

# A sentence with what closes it. 。 ends one wherever it stands, but for a quotation that goes on
# (「本当？」と聞いた); a full stop only before a blank: 34.8ミリ and 1.5 hold none.
_END = r"[。！？!?]+(?![。！？!?」』）)])|[。！？!?]+[」』）)]+(?![ぁ-んァ-ヶー一-龠々])"
_SENTENCE = re.compile(rf".+?(?:{_END}|\.(?=\s)|\n+|$)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document. number: its place among the document's pieces, from 1."""

    document: str
    number: int
    title: str
    text: str


def split(document: Document, size: int) -> list[Passage]:
    """The document's passages, none longer than `size` characters; together they are its text.

    Sentences are taken while they fit; one that is longer than `size` is cut at `size`.
    """
    return [
        Passage(document.id, number, document.title, text)
        for number, text in enumerate(_pieces(document.text.strip(), size), 1)
    ]


def _pieces(text: str, size: int) -> Iterator[str]:
    if len(text) <= size:
        yield text
        return
    piece = ""
    for sentence in _SENTENCE.findall(text):
        if piece and len(piece) + len(sentence.rstrip()) > size:
            yield piece.rstrip()
            piece = ""
        piece += sentence
        while len(piece.rstrip()) > size:
            yield piece[:size].rstrip()
            piece = piece[size:].lstrip()
    if piece.strip():
        yield piece.rstrip()
