"""Which of several answers to one question mean the same, by rule: clusters for semantic entropy.

The reference's value is never looked at, only its type: if right answers were recognised better
than wrong ones, their likeness would betray the label.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from harness.grading.answers import fact_from_answer
from harness.grading.facts import TEXT, Fact
from harness.grading.names import find_names
from harness.grading.slots import stated_values
from harness.grading.statements import abstains
from harness.grading.text import loose
from harness.grading.texts import core
from harness.grading.value import Value
from harness.grading.values import matches

_ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What an answer says: values, or where it states none, its words."""

    values: tuple[Value, ...] = ()
    words: Hashable = None


def meanings(texts: Sequence[str], fact: Fact, question: str = "") -> list[int]:
    """Return a label for each answer, equal for equal meanings: 0 for the first one, then 1, 2 ...

    Answers that state values of the fact's types mean the same if each value of either is one of
    the other, both ways (7,700円 is 7700円（税込）, 2026年5月 is not 2026年5月1日). They are held
    against the first answer of each meaning, as in Farquhar et al. 2024. What admits not to know,
    or is empty, is one meaning. All other answers, and those about names and texts, are compared
    by their words less the topic (…は) and the ending (です), `loose`, a list's names in any order.

    Not seen: that two wordings, or two names of one thing, mean the same; that a name stated in a
    longer sentence is the same as the name alone; a name or text that is asked for beside a value;
    a price that is given with tax and without beside the same with tax alone. So words are
    scattered too much, and only typed facts should be compared with published entropies.
    """
    first: list[_Meaning] = []
    labels = []
    for text in texts:
        meaning = _meaning(text, fact, question)
        label = next((i for i, other in enumerate(first) if _same(other, meaning)), len(first))
        if label == len(first):
            first.append(meaning)
        labels.append(label)
    return labels


def _meaning(text: str, fact: Fact, question: str) -> _Meaning:
    values = stated_values(text, fact, question)
    if values:
        return _Meaning(tuple(values))
    if abstains(text):
        return _Meaning(words=_ABSTAINED)
    return _Meaning(words=_words(text, fact, question))


def _same(one: _Meaning, other: _Meaning) -> bool:
    if one.words != other.words:
        return False
    return all(
        any(_equal(value, its) for its in theirs.values)
        for ours, theirs in ((one, other), (other, one))
        for value in ours.values
    )


def _equal(one: Value, other: Value) -> bool:
    return one.type == other.type and matches(one, other) and matches(other, one)


def _words(text: str, fact: Fact, question: str) -> Hashable:
    """An answer's predicate, a set where it lists names; all of it where it states a typed value.

    Such a value is not what was asked for, and may stand beside any name.
    """
    said = fact_from_answer(text, question)
    if said.type not in ("name", "names", TEXT):
        return loose(core(text))
    if said.type == "names" or (said.type == "name" and fact.type == "names"):
        return frozenset(value.key for value in find_names(said.text))
    return loose(core(said.text))
