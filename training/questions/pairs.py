"""A question with its answer, what supports it, and the same question in other forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.grading.facts import Fact
from harness.grading.values import PARSERS


@dataclass(frozen=True, slots=True)
class Pair:
    """One question about a document.

    evidence: the sentence of the document that supports the answer. subject: what the question is
    about, as the document names it. fact: the typed value asked for; None leaves it to the answer.
    reversed: the question from value to subject, and its answer; None where that makes no sense.
    """

    question: str
    answer: str
    evidence: str
    subject: str
    fact: Fact | None = None
    paraphrases: tuple[str, ...] = ()
    reversed: tuple[str, str] | None = None


def read_pair(row: Any) -> Pair | str:
    """A pair out of a model's JSON, or what is wrong with it."""
    if not isinstance(row, Mapping):
        return "not an object"
    texts = {}
    for name in ("question", "answer", "evidence", "subject"):
        value = row.get(name)
        if not isinstance(value, str) or not value.strip():
            return f"{name} is missing or empty"
        texts[name] = value.strip()
    paraphrases = row.get("paraphrases")
    if not isinstance(paraphrases, list) or not all(isinstance(p, str) for p in paraphrases):
        return "paraphrases are missing"
    fact = _fact(row.get("fact"))
    if isinstance(fact, str):
        return fact
    return Pair(
        **texts,
        fact=fact,
        paraphrases=tuple(p.strip() for p in paraphrases),
        reversed=_reversed(row.get("reversed")),
    )


def _fact(given: Any) -> Fact | str | None:
    if given is None:
        return None
    try:
        return Fact(str(given["type"]), str(given["text"]).strip())
    except (TypeError, KeyError, ValueError):
        return f"fact is none of a known type ({', '.join(PARSERS)}) with a text"


def _reversed(given: Any) -> tuple[str, str] | None:
    try:
        question, answer = str(given["question"]).strip(), str(given["answer"]).strip()
    except (TypeError, KeyError):
        return None
    return (question, answer) if question and answer else None
