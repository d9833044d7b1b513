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
    rf"""["']?verdict["']?\s*[:：=]\s*["'「]?({"|".join(_VERDICTS)})["'」]?\s*(?:[,}}\n。]|$)""",
    re.IGNORECASE,
)
_THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
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
    where the judge's own happens to be the same.
    """
    plain = _THOUGHT.sub("", text).strip()
    found = list(_in_objects(plain, answer))
    if not found and "verdict" not in answer:
        found = [Said(_VERDICTS[match[1].lower()]) for match in _FIELD.finditer(plain)]
    if not found and (bare := plain.strip(_AROUND).lower()) in _VERDICTS:
        found = [Said(_VERDICTS[bare])]
    return found[0] if len({said.verdict for said in found}) == 1 else None


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


def _in_objects(text: str, answer: str) -> Iterator[Said]:
    """Verdicts of the JSON objects in a text, but for those that stand in the answer."""
    decoder, place = json.JSONDecoder(strict=False), text.find("{")
    while place >= 0:
        try:
            found, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            own = text[place:end] not in answer
            if own and isinstance(found, dict) and (said := _said(found)):
                yield said
        place = text.find("{", end)


def _said(found: Mapping[str, Any]) -> Said | None:
    word = found.get("verdict")
    verdict = _VERDICTS.get(word.strip(_AROUND).lower()) if isinstance(word, str) else None
    reason = found.get("reason")
    if verdict is None:
        return None
    return Said(verdict, reason[:_LONGEST_REASON] if isinstance(reason, str) else "")
