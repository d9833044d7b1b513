"""Is a typed fact stated? Exact values, no fuzziness: string similarity pays for wrong figures.

The rules, for every type:
- each gold value must be stated; a value that the answer denies (Xではなく) is not stated;
- a different value of the same kind that doesn't stand in the question makes a right answer
  CONTRADICTORY, even where it might be harmless (a price without tax beside the one with it);
- some of several gold values make it PARTIAL; none and an admission of not knowing, ABSTAINED.

A fact of type "text" is none that could be parsed: a reason, a description. It is stated by an
answer in its very words, and nothing is said of any other: the grade is then *unsure*, and wrong
until a person or a calibrated judge has read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from harness.grading.measures import dimensions
from harness.grading.names import find_names, neighbours, occurrences
from harness.grading.statements import abstains, is_denied
from harness.grading.text import loose, normalise
from harness.grading.texts import core, says_no_more
from harness.grading.value import Value
from harness.grading.values import PARSERS, conflicts, find, matches
from harness.records import Grade, Outcome

AUTHOR = "rule:typed-facts/1"
TEXT = "text"
TYPES = (*PARSERS, TEXT)


@dataclass(frozen=True, slots=True)
class Fact:
    """What an answer has to state.

    text: the canonical value(s), all of `type`: "7,700円（税込）", "直径38ミリ、厚さ9ミリ".
    aliases: other texts that are as good as `text`. also: facts that must be stated besides.
    Raises ValueError for an unknown type.
    """

    type: str
    text: str
    aliases: tuple[str, ...] = ()
    also: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"unknown fact type {self.type!r}; known are {', '.join(TYPES)}")


@dataclass(frozen=True, slots=True)
class _Tally:
    """Gold values, how many of them are stated, and what else of their kind is."""

    gold: int
    stated: int
    others: tuple[str, ...]


def grade_fact(response: str, fact: Fact, question: str = "") -> Grade:
    """Grade one answer.

    Scores: "correct"; "recall", the share of gold values stated; "contradiction", 1.0 if another
    value of their kind is stated.
    """
    text, asked = normalise(response), normalise(question)
    parts = (fact, *fact.also)
    tallies = [_best_tally(text, part, asked) for part in parts]
    gold = sum(tally.gold for tally in tallies)
    stated = sum(tally.stated for tally in tallies)
    others = [other for tally in tallies for other in tally.others]
    outcome = _outcome(gold, stated, bool(others), abstains(response))
    scores = {
        "correct": float(outcome is Outcome.CORRECT),
        "recall": stated / gold,
        "contradiction": float(bool(others)),
    }
    reason = f"{stated} of {gold} stated" + (f"; also {', '.join(others)}" if others else "")
    unsure = _unsure(text, asked, list(zip(parts, tallies, strict=True)))
    return Grade(outcome, scores, AUTHOR, reason, unsure=unsure)


def _unsure(text: str, question: str, told: list[tuple[Fact, _Tally]]) -> bool:
    """Whether only a reader can tell: all values are stated, and of some text it is not clear."""
    texts = [part for part, _ in told if part.type == TEXT]
    if not texts or not text.strip():
        return False
    values = [tally for part, tally in told if part.type != TEXT]
    if any(tally.stated < tally.gold or tally.others for tally in values):
        return False  # wrong, whatever the rest says
    wordings = [wording for part in texts for wording in (part.text, *part.aliases)]
    if abstains(text) and not any(map(abstains, wordings)):
        return False
    # With other facts beside it an answer always says more than the text.
    plain = len(told) == 1 and any(says_no_more(text, w, question) for w in wordings)
    return not plain or any(not tally.stated or tally.others for _, tally in told)


def _outcome(gold: int, stated: int, others: bool, abstained: bool) -> Outcome:
    if stated == gold:
        return Outcome.CONTRADICTORY if others else Outcome.CORRECT
    if stated:
        return Outcome.PARTIAL
    return Outcome.ABSTAINED if abstained and not others else Outcome.WRONG


def _best_tally(text: str, fact: Fact, question: str) -> _Tally:
    """Tally of the fact's text or of the alias that the answer agrees with best."""
    if fact.type in ("name", TEXT):
        names = (fact.text, *fact.aliases)
        return _tally_name(text, tuple(map(core, names)) if fact.type == TEXT else names, question)
    tally = _tally_names if fact.type == "names" else _tally_values
    tallies = [tally(text, fact.type, gold, question) for gold in (fact.text, *fact.aliases)]
    return max(tallies, key=lambda t: (t.stated / t.gold, -len(t.others)))


def _tally_values(text: str, type_: str, gold_text: str, question: str) -> _Tally:
    gold = _labelled(_distinct(find(type_, gold_text)), question)
    if not gold:  # a price such as オープン価格 is no amount: the words themselves are asked for
        return _tally_name(text, (gold_text,), question)
    stated = [value for value in find(type_, text) if not is_denied(text, value.span)]
    asked = find(type_, question)
    others = [
        value.text
        for value in stated
        if not any(matches(g, value) for g in gold)
        and any(conflicts(g, value) for g in gold)
        and not any(matches(value, q) for q in asked)
    ]
    right = sum(any(matches(g, value) for value in stated) for g in gold)
    return _Tally(len(gold), right, tuple(others))


def _distinct(values: Iterable[Value]) -> tuple[Value, ...]:
    return tuple({(value.key, value.label): value for value in values}.values())


def _labelled(gold: tuple[Value, ...], question: str) -> tuple[Value, ...]:
    """A bare gold length is of the dimension that the question asks for."""
    asked = dimensions(question)
    if len(asked) != 1 or any(value.label or value.type != "length" for value in gold):
        return gold
    (label,) = asked
    return tuple(replace(value, label=label) for value in gold)


def _tally_name(text: str, names: tuple[str, ...], question: str) -> _Tally:
    """A free name: stated if it, or an alias, occurs undenied and without an alternative."""
    spans = [
        span for name in names for span in occurrences(name, text) if not is_denied(text, span)
    ]
    others = _joined_names(text, spans, names, question, in_list=False)
    return _Tally(1, int(bool(spans)), others)


def _tally_names(text: str, _type: str, gold_text: str, question: str) -> _Tally:
    """A set of names: each one stated, and no further item in the list that they stand in."""
    gold = {value.key: value.text for value in find_names(normalise(gold_text))}
    spans = [
        [span for span in occurrences(name, text, in_list=True) if not is_denied(text, span)]
        for name in gold.values()
    ]
    every = [span for found in spans for span in found]
    others = _joined_names(text, every, tuple(gold.values()), question, in_list=True)
    return _Tally(max(1, len(gold)), sum(map(bool, spans)), others)


def _joined_names(
    text: str, spans: list[tuple[int, int]], names: tuple[str, ...], question: str, *, in_list: bool
) -> tuple[str, ...]:
    others = {
        item: None
        for span in spans
        for item, start in neighbours(text, span, in_list=in_list)
        if loose(item) not in loose(question)
        and not any(True for name in names for _ in occurrences(name, item, in_list=in_list))
        and not is_denied(text, (start, start + len(item)))
    }
    return tuple(others)
