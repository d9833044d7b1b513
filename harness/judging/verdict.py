"""What a judge said, read out of its text, and what several times asking come to.

A server that knows JSON schemas sends nothing but the object; a model on our own machine writes
what it likes around it. Read is whatever names one verdict; a text that names several, or none, is
no verdict, and is counted as such.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CORRECT, WRONG, UNSURE, NONE = "correct", "wrong", "unsure", "none"
_WORDS = {
    CORRECT: ("correct", "right", "正解", "正しい"),
    WRONG: ("wrong", "incorrect", "不正解", "誤り", "間違い"),
    UNSURE: ("unsure", "undecidable", "判断できない", "判断できません", "不明"),
}
_VERDICTS = {word: verdict for verdict, words in _WORDS.items() for word in words}
_LONGEST_REASON = 1_000
# Where the object was cut off, or is not quite JSON. A list of all verdicts names none.
_FIELD = re.compile(
    rf"""verdict["'*]*\s*[:：=]["'「*\s]*({"|".join(_VERDICTS)})["'」*]*\s*(?:[,}}.\n。]|$)""",
    re.IGNORECASE,
)
_NAMED = re.compile("verdict", re.IGNORECASE)
# Templates often open a model's thought for it: its text then only closes it.
_THOUGHT = re.compile(r"^.*</think>|<think>.*$", re.DOTALL)
_AROUND = " \t\r\n。.!！「」『』\"'`*"


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict as a judge gave it: "correct" | "wrong" | "unsure"."""

    verdict: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge says of one answer, asked several times.

    verdict: what more than half of all times gave; "unsure" where nothing did, "none" where no
    time gave a verdict. votes: times by verdict, "none" included. agreement: share of pairs of
    times that gave the same verdict, in [0, 1]; None where it was asked once. reason: of the first
    time that gave the verdict.
    """

    verdict: str
    votes: Mapping[str, int]
    agreement: float | None
    reason: str = ""

    @property
    def decided(self) -> bool:
        """Whether it is for or against the answer."""
        return self.verdict in (CORRECT, WRONG)


def read_verdict(text: str, answer: str = "") -> Said | None:
    """The verdict in a judge's text; None where it names none, or more than one.

    answer: what was judged. An object that stands in it may be quoted and is passed over, even
    where the judge's own happens to be the same; and where it names a verdict in any form, only an
    object that ends the judge's text is the judge's.
    """
    plain = after_thought(text)
    forging = bool(_NAMED.search(answer))
    quotable = [_folded(found) for found in _objects_anywhere(answer)] if forging else []
    found = [
        said
        for fields, end in _objects(plain)
        if not any(_folded(fields).items() <= quoted.items() for quoted in quotable)
        and not (forging and plain[end:].strip(_AROUND))
        and (said := _said(fields))
    ]
    if not found and not forging:
        found = [Said(_VERDICTS[match[1].lower()]) for match in _fields(plain)]
    bare = plain.strip(_AROUND).lower()
    if not found and bare in _VERDICTS and bare != answer.strip(_AROUND).lower():
        found = [Said(_VERDICTS[bare])]
    return found[0] if len({said.verdict for said in found}) == 1 else None


def after_thought(text: str) -> str:
    """What a model wrote once it had thought."""
    return _THOUGHT.sub("", text).strip()


def opinion(said: Sequence[Said | None]) -> Opinion:
    """Put several times asking together. Raises ValueError where it was never asked."""
    if not said:
        raise ValueError("a judge that was never asked has no opinion")
    given = [NONE if one is None else one.verdict for one in said]
    votes = {v: given.count(v) for v in (CORRECT, WRONG, UNSURE, NONE) if v in given}
    first, count = Counter(given).most_common(1)[0]
    verdict = first if 2 * count > len(given) else NONE if set(given) == {NONE} else UNSURE
    reasons = (one.reason for one in said if one is not None and one.verdict == verdict)
    return Opinion(verdict, votes, _agreement(votes), next(reasons, ""))


def _agreement(votes: Mapping[str, int]) -> float | None:
    """Two times without a verdict agree in nothing."""
    n = sum(votes.values())
    if n < 2:
        return None
    equal = sum(count * (count - 1) for verdict, count in votes.items() if verdict != NONE)
    return equal / (n * (n - 1))


def _objects(text: str) -> Iterator[tuple[dict[str, Any], int]]:
    """The JSON objects in a text, each with where it ends.

    Nothing is taken from inside one that is no JSON: it may be what a reason quotes.
    """
    place = text.find("{")
    while place >= 0:
        found, end = _decoded(text, place)
        if found is None:
            end = _closed(text, place)
        else:
            yield found, end
        place = text.find("{", end)


def _objects_anywhere(text: str) -> Iterator[dict[str, Any]]:
    """Those inside others, too, whether these are JSON or not."""
    for match in re.finditer("{", text):
        if (found := _decoded(text, match.start())[0]) is not None:
            yield found


def _fields(text: str) -> Iterator[re.Match[str]]:
    """Verdicts that stand in no object, or in one that is no JSON, but in none inside that."""
    for match in _FIELD.finditer(text):
        before = text[: match.start()]
        if before.count("{") - before.count("}") <= 1:
            yield match


def _decoded(text: str, place: int) -> tuple[dict[str, Any] | None, int]:
    try:
        found, end = json.JSONDecoder(strict=False).raw_decode(text, place)
    except (ValueError, RecursionError):
        return None, place
    return found, end


def _closed(text: str, place: int) -> int:
    """Behind the brace that closes the one at `place`; the text's end where none does."""
    depth = 0
    for match in re.compile("[{}]").finditer(text, place):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.end()
    return len(text)


def _folded(found: Mapping[str, Any]) -> dict[str, str]:
    """An object's fields as they are compared: without white space, in lower case."""
    return {str(key).lower(): "".join(str(value).split()).lower() for key, value in found.items()}


def _said(found: Mapping[str, Any]) -> Said | None:
    word = found.get("verdict")
    verdict = _VERDICTS.get(word.strip(_AROUND).lower()) if isinstance(word, str) else None
    reason = found.get("reason")
    if verdict is None:
        return None
    return Said(verdict, reason[:_LONGEST_REASON] if isinstance(reason, str) else "")
