"""Cloze questions in the manner of LatestEval: a value masked in its passage.

LatestEval (Li, Guerin and Lin, arXiv 2312.12343) asks about the newest texts only, masks the answer
in the passage so that it can't be copied, and takes at most ten questions a document and one a
sentence. Key sentences and their answers are chosen by a chat model, or by rule with no model at
all: sentences with amounts, measures, dates, telephone numbers and quoted names, the richest first.

Validators, on normalised text with numbers parsed: the answer stands in the document, in the
sentence it is asked of; it does not stand in the document's title, nor in the masked passage, where
every mention of the same value is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.grading.dates import date_key
from harness.grading.facts import Fact, grade_fact
from harness.grading.names import occurrences
from harness.grading.text import loose, normalise
from harness.grading.value import Value, without_overlaps
from harness.grading.values import PARSERS, find, matches
from training.questions.documents import Document
from training.questions.pairs import Pair

PER_DOCUMENT = 10
MASK = "［　　］"
_BY_RULE = (
    "money", "telephone", "date", "composition", "length", "weight", "percentage", "count",
)  # fmt: skip
_SENTENCE = re.compile(r".+?(?:[。！？!?]+|\.(?=\s)|\n|$)")
_QUOTED = re.compile(r"「([^「」]{2,30})」(?!と)")  # 「…」と話した is said, not named
_AROUND = 160  # characters of passage before and after the sentence
_KINDS = {
    "ja": {
        "money": "金額", "telephone": "電話番号", "date": "日付", "composition": "素材の割合",
        "length": "寸法", "weight": "重さ", "percentage": "割合", "count": "数量",
        "sizes": "サイズ", "names": "名前", "name": "言葉",
    },
    "en": {
        "money": "amount", "telephone": "telephone number", "date": "date",
        "composition": "composition", "length": "measure", "weight": "weight",
        "percentage": "percentage", "count": "number",
        "sizes": "sizes", "names": "names", "name": "words",
    },
}  # fmt: skip
_WORDINGS = {
    "ja": (
        "『{title}』についての次の文章で、{mask}に入る{kind}は何ですか？\n\n{passage}",
        "次の文章は『{title}』からの引用です。{mask}にはどんな{kind}が入りますか？\n\n{passage}",
        "{passage}\n\nこれは『{title}』の一部です。{mask}に当てはまる{kind}を答えてください。",
    ),
    "en": (
        "In this passage about “{title}”, which {kind} belongs at {mask}?\n\n{passage}",
        "The passage is from “{title}”. What {kind} stands at {mask}?\n\n{passage}",
        "{passage}\n\nThis is part of “{title}”. Give the {kind} that is missing at {mask}.",
    ),
}
_FIGURE = {
    "length": re.compile(r"\d.*"),
    "telephone": re.compile(r"[+\d].*"),
    "money": re.compile(
        r"[¥$£€]?\s*\d[\d,.]*\s*(?:百|千|万|億|兆)*\s*(?:円|ドル|ユーロ|ポンド|yen)?"
    ),
}
_TAX = {
    "ja": {"included": "(税込)", "excluded": "(税抜)"},
    "en": {"included": " (tax included)", "excluded": " (tax excluded)"},
}
_ANSWER = {"ja": "{value}です。", "en": "{value}."}


@dataclass(frozen=True, slots=True)
class Key:
    """A key sentence (where it starts in the normalised text) and the value to ask for."""

    start: int
    sentence: str
    value: Value


def keys_by_rule(document: Document) -> list[Key]:
    """Every typed value and quoted name, those of the sentences richest in them first."""
    found: list[list[Key]] = []
    for start, sentence in _sentences(normalise(document.text)):
        # The last digits of a telephone number are no count: the more specific type has its place.
        values = [value for type in _BY_RULE for value in find(type, sentence)]
        values += [_name(match[1], match.span(1)) for match in _QUOTED.finditer(sentence)]
        kept = [value for value in without_overlaps(values) if _is_telling(value)]
        kept.sort(key=lambda value: value.type == "name")  # a figure before a name
        found.append([Key(start, sentence, value) for value in kept])
    return [key for keys in sorted(found, key=len, reverse=True) for key in keys]


def read_keys(document: Document, rows: Iterable[Any]) -> tuple[list[Key], list[str]]:
    """Keys that a chat model chose (`sentence, answer, type`), and why others can't be used."""
    sentences = list(_sentences(normalise(document.text)))
    keys: list[Key] = []
    problems: list[str] = []
    for row in rows:
        try:
            said, answer, type = normalise(row["sentence"]), normalise(row["answer"]), row["type"]
        except (TypeError, KeyError):
            problems.append("no sentence, answer and type")
            continue
        place = next(((a, s) for a, s in sentences if loose(said) == loose(s)), None)
        if place is None:
            problems.append("the sentence is none of the document")
        elif type not in PARSERS or not (values := _values(type, answer, place[1])):
            problems.append("the answer is not in the sentence")
        else:
            keys.append(Key(*place, values[0]))
    return keys, problems


def cloze_pairs(document: Document, keys: Iterable[Key]) -> list[Pair]:
    """At most ten pairs of the keys that pass the validators, at most one a sentence."""
    sentences = list(_sentences(normalise(document.text)))
    pairs: list[Pair] = []
    used: list[Key] = []
    for key in keys:
        if len(pairs) == PER_DOCUMENT or any(_repeats(key, other) for other in used):
            continue
        fact = Fact(key.value.type, _told(key.value, document.language))
        passage = _masked(sentences, key)
        if passage is None or _states(passage, fact) or _states(document.title, fact):
            continue
        pairs.append(_pair(document, key, fact, passage))
        used.append(key)
    return pairs


def subject_of(document: Document) -> str:
    """What a document is about: the name quoted in its title, its title, or its first words."""
    quoted = _QUOTED.search(normalise(document.title))
    first = next((s for _, s in _sentences(normalise(document.text))), document.id)
    return quoted[1] if quoted else normalise(document.title).strip() or first[:40]


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """Sentences with where they start."""
    for match in _SENTENCE.finditer(text):
        if match.group().strip():
            yield match.start(), match.group()


def _is_telling(value: Value) -> bool:
    """Not a bare number (the 61 of 61×9mm), a date without a day, one of a thing (一着ずつ)."""
    if value.type == "date":
        return date_key(value)[2] is not None
    if value.type == "count" and value.key == 1:
        return False
    return bool(re.search(r"[^\d.,\s]", _told(value, "ja")))


def _values(type: str, answer: str, sentence: str) -> list[Value]:
    """The values in a sentence that an answer means; a name stands for itself."""
    if type in ("name", "names"):
        return [_name(answer, span) for span in occurrences(answer, sentence)]
    meant = find(type, answer)
    return [value for value in find(type, sentence) if any(matches(m, value) for m in meant)]


def _name(text: str, span: tuple[int, int]) -> Value:
    return Value("name", loose(text), text, span)


def _repeats(key: Key, other: Key) -> bool:
    """Whether it asks of the same sentence, or for the same value, however written."""
    same_kind = key.value.type == other.value.type
    return key.start == other.start or (same_kind and matches(key.value, other.value))


def _masked(sentences: list[tuple[int, str]], key: Key) -> str | None:
    """The passage around a sentence with every mention of its value masked; None without any."""
    end = key.start + len(key.sentence)
    near = [s for a, s in sentences if a + len(s) > key.start - _AROUND and a < end + _AROUND]
    passage = "".join(near)
    mentions = _mentions(passage, key.value)
    for begin, end in reversed(mentions):
        passage = passage[:begin] + MASK + passage[end:]
    return passage.strip() if mentions else None


def _mentions(text: str, value: Value) -> list[tuple[int, int]]:
    if value.type == "name":
        return sorted(occurrences(value.text, text))
    return [_figure(other) for other in find(value.type, text) if matches(value, other)]


def _figure(value: Value) -> tuple[int, int]:
    """Of 直径38ミリ the 38ミリ, of 税込7,700円 the 7,700円: the rest belongs to the question."""
    start, end = value.span
    inner = _FIGURE[value.type].search(value.text) if value.type in _FIGURE else None
    return (start + inner.start(), start + inner.end()) if inner else (start, end)


def _told(value: Value, language: str) -> str:
    """The value as an answer gives it: the figure, and for money whether tax is in it."""
    start, end = _figure(value)
    text = value.text[start - value.span[0] : end - value.span[0]]
    if value.type != "money" or not isinstance(value.key, tuple) or not value.key[2]:
        return text
    return text + _TAX[language][value.key[2]]


def _states(text: str, fact: Fact) -> bool:
    return grade_fact(text, fact).scores["recall"] > 0


def _pair(document: Document, key: Key, fact: Fact, passage: str) -> Pair:
    language = document.language
    fields = {
        "title": normalise(document.title).strip() or document.id,
        "mask": MASK,
        "kind": _KINDS[language][fact.type],
        "passage": passage,
    }
    question, *others = (wording.format(**fields) for wording in _WORDINGS[language])
    return Pair(
        question=question,
        answer=_ANSWER[language].format(value=fact.text),
        evidence=key.sentence.strip(),
        subject=subject_of(document),
        fact=fact,
        paraphrases=tuple(others),
    )
