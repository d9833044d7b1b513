"""References in words: what a rule can tell of them, and what it leaves to a reader."""

from __future__ import annotations

import pytest

from harness.grading.answers import fact_from_answer
from harness.grading.facts import TEXT, Fact, grade_fact
from harness.records import Outcome

QUESTION = "新作の鞄はなぜナイロン製なのですか。"
REASON = Fact(TEXT, "軽くて水に強いからです。")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("軽くて水に強いからです。", Outcome.CORRECT),
        ("軽くて水に強いから", Outcome.CORRECT),
        ("「軽くて、水に強いから」", Outcome.WRONG),  # a comma more is another wording
        ("新作の鞄は、軽くて水に強いからです。", Outcome.CORRECT),
        ("ナイロンは軽く、水をはじくためです。", Outcome.WRONG),
        ("軽くて水に強いからではなく、安いからです。", Outcome.WRONG),
        ("軽くて水に強いから、または安いからです。", Outcome.CORRECT),
        ("", Outcome.ABSTAINED),
        ("分かりません。", Outcome.ABSTAINED),
    ],
)
def test_a_text_is_stated_by_its_own_words_only(answer: str, outcome: Outcome) -> None:
    assert grade_fact(answer, REASON, QUESTION).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "unsure"),
    [
        ("軽くて水に強いからです。", False),
        ("新作の鞄は、軽くて水に強いからです。", False),  # behind the topic that was asked for
        ("軽くて水に強いからではなく、安いからです。", True),
        ("軽くて水に強いから、または安いからです。", True),
        ("軽くて水に強いからと言われますが、実は安いからです。", True),
        ("ナイロンは軽く、水をはじくためです。", True),
        ("革より安いからです。", True),
        ("", False),
        ("分かりません。", False),
    ],
)
def test_whatever_else_is_said_is_for_a_reader(answer: str, unsure: bool) -> None:
    assert grade_fact(answer, REASON, QUESTION).unsure is unsure


def test_an_answer_that_says_so_is_no_abstention_where_the_reference_says_so_too() -> None:
    secret = Fact(TEXT, "価格が公表されていないため")
    assert grade_fact("値段がまだ発表されていないからです。", secret).unsure
    assert not grade_fact("値段がまだ発表されていないからです。", REASON).unsure


def test_another_accepted_wording_is_as_good() -> None:
    fact = Fact(TEXT, "軽くて水に強いから", aliases=("Because it is light and waterproof.",))
    grade = grade_fact("Because it is light and waterproof", fact)
    assert (grade.correct, grade.unsure) == (True, False)


def test_a_wrong_value_beside_a_text_is_wrong_whatever_the_text_says() -> None:
    both = Fact("money", "7,700円", also=(REASON,))
    assert not grade_fact("7,900円で、軽くて水に強いからです。", both).unsure
    assert grade_fact("7,700円で、水をはじくためです。", both).unsure
    assert grade_fact("7,700円で、水をはじくためです。", both).outcome is Outcome.PARTIAL


@pytest.mark.parametrize("type_", ["money", "date", "name", "names", "telephone", "composition"])
def test_what_is_compared_exactly_is_never_unsure(type_: str) -> None:
    for answer in ("軽くて水に強いからです。", "9,999円です。", "佐藤花子と鈴木一郎です。", ""):
        assert not grade_fact(answer, Fact(type_, "7,700円"), QUESTION).unsure


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (QUESTION, "軽くて水に強いからです。"),
        ("どうして値下げされたのですか？", "在庫がなくなったためです。"),
        ("修理はどのように申し込みますか。", "店頭です。"),
        (
            "どんなコレクションですか。",
            "朝焼けに着想を得た、やわらかな色づかいが見どころとされています。",
        ),
        ("Why is it made of nylon?", "It is light."),
        ("What is it like?", "A light bag that keeps water out even in heavy rain."),
    ],
)
def test_an_answer_in_words_is_taken_for_a_text(question: str, answer: str) -> None:
    fact = fact_from_answer(answer, question)
    assert fact.type == TEXT
    grade = grade_fact(answer, fact, question)
    assert (grade.correct, grade.unsure) == (True, False)


@pytest.mark.parametrize(
    ("question", "answer", "type_"),
    [
        ("デザイナーは誰ですか。", "佐藤花子です。", "name"),
        ("どんな色ですか。", "はちみつ色です。", "name"),
        ("なぜ話題になったのですか。価格は？", "7,700円です。", "money"),
        ("How many are there?", "500 pieces.", "count"),
        ("What is it called?", "Lumina", "name"),
    ],
)
def test_a_name_or_a_value_is_not(question: str, answer: str, type_: str) -> None:
    assert fact_from_answer(answer, question).type == type_
