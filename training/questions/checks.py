"""What a question must satisfy that no model need be asked about.

The reasons are short and fixed, so that a card can count them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from harness.grading.answers import fact_from_answer
from harness.grading.facts import Fact, grade_fact
from harness.grading.text import loose, normalise
from harness.grading.values import PARSERS, find, matches
from training.likeness import plain
from training.questions.documents import Document
from training.questions.pairs import Pair

PARAPHRASES = 2
_JAPANESE = re.compile(r"[ぁ-んァ-ヺ一-龠]")
_SPACE = re.compile(r"\s+")
# Names are looked for, not parsed: an answer is full of words that are no facts.
_TYPED = tuple(type for type in PARSERS if type not in ("name", "names", "count", "sizes"))


def settled(pair: Pair) -> Pair:
    """The pair with a fact, made out of the answer if need be, and without a reversed form that
    does not reverse. Raises ValueError for an answer that states nothing.
    """
    fact = pair.fact or fact_from_answer(pair.answer, pair.question)
    kept = pair.reversed if pair.reversed and _reverses(pair.reversed, pair, fact) else None
    return replace(pair, fact=fact, reversed=kept)


def problem(pair: Pair, document: Document) -> str:
    """Why a settled pair can't be used; "" if it can."""
    fact = pair.fact
    assert fact is not None, "settle it first"
    whole = f"{document.title}\n{document.text}"
    if _bare(pair.evidence) not in _bare(whole):
        return "the evidence is no sentence of the document"
    if loose(pair.subject) not in loose(whole):
        return "the document does not name the subject"
    if document.language == "ja" and not _JAPANESE.search(pair.question):
        return "the question is in another language"
    if _recall(pair.evidence, fact) < 1 or not _supported(pair):
        return "the answer is not in the evidence"
    if not grade_fact(pair.answer, fact, pair.question).correct:
        return "the answer does not state its fact"
    if reason := _asking(pair.question, pair, fact):
        return f"the question {reason}"
    if len(pair.paraphrases) != PARAPHRASES:
        return "there are not two paraphrases"
    for paraphrase in pair.paraphrases:
        if reason := _asking(paraphrase, pair, fact):
            return f"a paraphrase {reason}"
    if len({plain(q) for q in (pair.question, *pair.paraphrases)}) != 1 + PARAPHRASES:
        return "a paraphrase repeats the question"
    return ""


def duplicate(pair: Pair, others: Iterable[Pair]) -> str:
    """Why a pair says nothing that `others` don't; "" if it does."""
    asked = {plain(pair.question), *(plain(p) for p in pair.paraphrases)}
    for other in others:
        if asked & {plain(other.question), *(plain(p) for p in other.paraphrases)}:
            return "the question was asked already"
        if (loose(pair.subject), pair.fact) == (loose(other.subject), other.fact):
            return "the fact was asked for already"
    return ""


def _asking(question: str, pair: Pair, fact: Fact) -> str:
    if loose(pair.subject) not in loose(question):
        return "does not name its subject"
    return "gives the answer away" if _recall(question, fact) > 0 else ""


def _supported(pair: Pair) -> bool:
    """Whether every typed value of the answer stands in the evidence or in the question."""
    for type in _TYPED:
        known = [*find(type, pair.evidence), *find(type, pair.question), *find(type, pair.subject)]
        for value in find(type, pair.answer):
            if not any(matches(value, other) for other in known):
                return False
    return True


def _reverses(reversed: tuple[str, str], pair: Pair, fact: Fact) -> bool:
    """Whether a question gives the values and hides the subject, and its answer names it."""
    question, answer = reversed
    hides = loose(pair.subject) not in loose(question)
    return hides and _recall(question, fact) == 1 and loose(pair.subject) in loose(answer)


def _recall(text: str, fact: Fact) -> float:
    """Share of a fact's values that a text states."""
    return grade_fact(text, fact).scores["recall"]


def _bare(text: str) -> str:
    """Without white space, which a model may lay out otherwise."""
    return _SPACE.sub("", normalise(text))
