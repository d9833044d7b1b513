"""A fact out of a model answer, for question files that bring no typed facts."""

from __future__ import annotations

import re
from itertools import takewhile

from harness.grading.facts import TEXT, Fact
from harness.grading.text import normalise
from harness.grading.texts import in_words
from harness.grading.value import Value, without_overlaps
from harness.grading.values import find, matches

# Most specific first: where two readings overlap, the earlier type has it.
_TYPES = ("telephone", "money", "date", "composition", "length", "weight", "percentage", "count")
_SIZE_WORDS = re.compile(r"サイズ|\d号|\bsizes?\b", re.IGNORECASE)
# 問い合わせ先は〇〇で、電話番号は…: the name that a clause gives beside a typed value.
_NAMED = re.compile(
    r"(?:先|元|店|者|社|メーカー|デザイナー|ブランド|名|名前|名称|場所|ショップ)は、?\s*"
    r"(?P<name>[^、。]+?)(?:で|であり|です)?[、。]"
)
_PREDICATE = re.compile(r"^(?P<topic>.+?)は、?\s*(?P<value>.+)$", re.DOTALL)
_ENDING = re.compile(r"(?:になります|となります|です|でした|である|だ)?[。.\s]*$")
_QUOTED = re.compile(r"「[^」]*」|『[^』]*』")
_QUOTED_AT_END = re.compile(r"^.*の(?:「(?P<single>[^」]+)」|『(?P<double>[^』]+)』)$")
_LIST = re.compile(r"[^はがをでに。]{1,20}(?:[、,][^はがをでに。]{1,20})+")
_LONGEST_VALUE = 40  # characters; a longer predicate is a description and is compared whole


def fact_from_answer(answer: str, question: str = "") -> Fact:
    """Return what has to be stated for `answer` to have been given.

    All typed values of the answer that don't stand in the question; without any, the answer's
    predicate (…は〇〇です) as a free name or a list of them, or as a text that only a reader can
    compare where the question asks for more than a name. Raises ValueError for an empty answer.
    """
    text, asked = normalise(answer).strip(), normalise(question)
    if not text:
        raise ValueError("an empty answer states no fact")
    found = _typed_values(text, with_sizes=bool(_SIZE_WORDS.search(text + asked)))
    values = [value for value in found if not _stands_in(value, asked)]
    if not values:
        return _free_fact(_predicate(text, asked), asked)
    facts = [
        Fact(type_, "、".join(dict.fromkeys(value.text for value in values if value.type == type_)))
        for type_ in dict.fromkeys(value.type for value in values)
    ]
    for match in _NAMED.finditer(text):
        name = match["name"].strip("「」『』")
        start, end = match.span("name")
        if name not in asked and all(v.span[1] <= start or end <= v.span[0] for v in values):
            facts.append(Fact("name", name))
    return Fact(facts[0].type, facts[0].text, also=tuple(facts[1:]))


def _typed_values(text: str, *, with_sizes: bool) -> list[Value]:
    """Typed values outside quotes: 「…2026年春夏」 is a product's name, not a date."""
    types = (*_TYPES, "sizes") if with_sizes else _TYPES
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    found = [
        value
        for type_ in types
        for value in find(type_, text)
        if not any(start <= value.span[0] < end for start, end in quoted)
    ]
    kept = {value.span: value.type for value in without_overlaps(found)}
    # The members of a size range share one span, so the filter keeps spans rather than values.
    return sorted((v for v in found if kept.get(v.span) == v.type), key=lambda v: v.span)


def _stands_in(value: Value, question: str) -> bool:
    return any(matches(value, asked) for asked in find(value.type, question))


def _predicate(text: str, question: str) -> str:
    """What the answer says of its topic; the whole answer where that can't be told."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(text, question, strict=False))
    shared = "".join(character for character, _ in pairs)
    if shared.endswith("は"):
        rest = text[len(shared) :].lstrip("、 ")
    elif match := _PREDICATE.match(text):
        rest = match["value"]
    else:
        rest = text
    core = _ENDING.sub("", rest).strip()
    return core if 0 < len(core) <= _LONGEST_VALUE else text


def _free_fact(core: str, question: str) -> Fact:
    if in_words(core, question):
        return Fact(TEXT, core)
    if _LIST.fullmatch(core):
        return Fact("names", core)
    if match := _QUOTED_AT_END.match(core):  # 〇〇の「△△」: the brand may be left out
        core = match["single"] or match["double"]
    return Fact("name", core)
