"""Which of several answers to one question mean the same: clusters for semantic entropy.

By rule where they state typed values or admit not to know; by their words otherwise, or by whoever
can read them. The reference's value is never looked at, only its type: if right answers were
recognised better than wrong ones, their likeness would betray the label.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
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

VALUES, ABSTAINED, WORDS, JUDGE = "values", "abstained", "words", "judge"
WAYS = (VALUES, ABSTAINED, WORDS, JUDGE)
_NOT_KNOWN = (ABSTAINED,)  # equal to no words of an answer


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What an answer says: values, or where it states none, its words."""

    values: tuple[Value, ...] = ()
    words: Hashable = None

    @property
    def way(self) -> str:
        """How a rule compares it with others."""
        if self.values:
            return VALUES
        return ABSTAINED if self.words == _NOT_KNOWN else WORDS


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to one question, each with what it says (`read_answers`)."""

    question: str
    texts: tuple[str, ...]
    said: tuple[_Meaning, ...]


@dataclass(frozen=True, slots=True)
class Wordings:
    """Two answers in words to one question, of which no rule tells whether they mean the same.

    one, other: in the order of their characters: a pair is the same pair whichever came first.
    """

    question: str
    one: str
    other: str


Told = Mapping[Wordings, bool | None]  # whether a pair means the same; None: no verdict


@dataclass(frozen=True, slots=True)
class Comparer:
    """Who reads whether two answers mean the same.

    name: by which readers know it. setup: digits that stand for all that makes another of it.
    compare: its verdict on each pair. Raises UnavailableError where it can't be asked at all.
    """

    name: str
    setup: str
    compare: Callable[[Sequence[Wordings]], Told]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a comparer said. name, setup: its own."""

    name: str
    setup: str
    told: Told


@dataclass(frozen=True, slots=True)
class Sorting:
    """Answers sorted by meaning, in their order.

    labels: equal for equal meanings: 0 for the first one, then 1, 2 ... ways: what each answer was
    compared by: one of `WAYS`. compared: pairs whose verdict was needed; unread: those without one,
    which are held to be unlike. open: pairs to be told of next, () once all are sorted.
    """

    labels: tuple[int, ...]
    ways: tuple[str, ...]
    compared: int = 0
    unread: int = 0
    open: tuple[Wordings, ...] = ()


def read_answers(texts: Sequence[str], fact: Fact, question: str = "") -> Answers:
    """Read what each answer says. fact: of the type that was asked for."""
    return Answers(question, tuple(texts), tuple(_meaning(t, fact, question) for t in texts))


def by_meaning(answers: Answers, told: Told | None = None) -> Sorting:
    """Sort answers by meaning. told: verdicts on those in words; None where nobody reads them.

    Answers that state values of the fact's types mean the same if each value of either is one of
    the other, both ways (7,700円 is 7700円（税込）, 2026年5月 is not 2026年5月1日). They are held
    against the first answer of each meaning, as in Farquhar et al. 2024. What admits not to know,
    or is empty, is one meaning. All other answers, and those about names and texts, are the same if
    their words are: less the topic (…は) and the ending (です), `loose`, a list's names in any
    order. With `told`, those of other words are held against the first of each meaning, too.

    Not seen: that a name stated in a longer sentence is the same as the name alone; a name or text
    that is asked for beside a value; a price that is given with tax and without beside the same
    with tax alone. Without `told`: that two wordings, or two names of one thing, mean the same. So
    words alone are scattered too much, and should not be compared with published entropies.
    """
    labels = _by_rule(answers.said)
    ways = [said.way for said in answers.said]
    firsts = [labels.index(label) for label in range(len(set(labels)))]
    worded = [label for label, first in enumerate(firsts) if ways[first] == WORDS]
    if told is None or len(worded) < 2:
        return Sorting(tuple(labels), tuple(ways))
    texts = {label: answers.texts[firsts[label]].strip() for label in worded}
    joined, needed, open_ = _by_verdict(answers.question, texts, told)
    numbers: dict[int, int] = {}
    return Sorting(
        tuple(numbers.setdefault(joined.get(label, label), len(numbers)) for label in labels),
        tuple(JUDGE if way == WORDS else way for way in ways),
        len(needed),
        sum(told[pair] is None for pair in needed),
        tuple(open_),
    )


def verdicts_on(groups: Sequence[Answers], comparer: Comparer) -> Verdicts:
    """What a comparer says of all that `by_meaning` needs to know of groups of answers.

    It is asked in rounds, of all groups together: each wording against the first of one meaning.
    These are the pairs that would be compared one after another, so of K wordings of a question K-1
    where all mean the same, and K(K-1)/2 where no two do; asking all pairs at once is always the
    latter. Raises what `Comparer.compare` does.
    """
    told: dict[Wordings, bool | None] = {}
    waiting = list(groups)
    while True:
        found = [(answers, by_meaning(answers, told).open) for answers in waiting]
        waiting = [answers for answers, pairs in found if pairs]
        if not waiting:
            return Verdicts(comparer.name, comparer.setup, told)
        pairs = list(dict.fromkeys(pair for _, pairs in found for pair in pairs))
        said = comparer.compare(pairs)
        told |= {pair: said.get(pair) for pair in pairs}


def _by_rule(said: Sequence[_Meaning]) -> list[int]:
    first: list[_Meaning] = []
    labels = []
    for meaning in said:
        label = next((i for i, other in enumerate(first) if _same(other, meaning)), len(first))
        if label == len(first):
            first.append(meaning)
        labels.append(label)
    return labels


def _by_verdict(
    question: str, texts: Mapping[int, str], told: Told
) -> tuple[dict[int, int], list[Wordings], list[Wordings]]:
    """Which label joins which earlier one; the pairs that it took; those not told of yet.

    texts: by label, in order.
    """
    leaders: list[int] = []
    joined: dict[int, int] = {}
    needed: list[Wordings] = []
    open_: list[Wordings] = []
    for label, text in texts.items():
        for leader in leaders:
            pair = Wordings(question, *sorted((texts[leader], text)))
            if pair not in told:
                open_.append(pair)
                break
            needed.append(pair)
            if told[pair]:
                joined[label] = leader
                break
        else:
            # Behind one that waits nothing can lead: it may mean the same as that one.
            if not open_:
                leaders.append(label)
    return joined, needed, open_


def _meaning(text: str, fact: Fact, question: str) -> _Meaning:
    values = stated_values(text, fact, question)
    if values:
        return _Meaning(tuple(values))
    if abstains(text):
        return _Meaning(words=_NOT_KNOWN)
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
