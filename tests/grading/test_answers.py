"""Facts read out of model answers."""

from __future__ import annotations

import pytest

from harness.grading.answers import fact_from_answer
from harness.grading.facts import Fact, grade_fact
from harness.records import Outcome


def test_every_value_of_an_answer_must_be_matched() -> None:
    fact = fact_from_answer("ルミナの新作ポーチの丸型サイズは、直径38ミリ、厚さ9ミリです。")
    assert fact == Fact("length", "直径38ミリ、厚さ9ミリ")
    assert grade_fact("直径38ミリです。", fact).outcome is Outcome.PARTIAL


def test_a_contact_is_its_name_and_its_number() -> None:
    fact = fact_from_answer("発売に関する問い合わせ先は、ミチ商会で、電話番号は03-0412-7785です。")
    assert fact == Fact("telephone", "03-0412-7785", also=(Fact("name", "ミチ商会"),))
    assert grade_fact("ミチ商会（電話 03-0412-7785）です。", fact).correct


@pytest.mark.parametrize(
    ("answer", "question", "expected"),
    [
        ("サンダルの価格は7,700円です", "", Fact("money", "7,700円")),
        ("「ルミナ 2026年春夏」の価格は7,700円です", "", Fact("money", "7,700円")),
        ("2026年春に出た椅子の価格は7,700円です", "2026年春に出た椅子の価格は？",
         Fact("money", "7,700円")),
        ("デザイナーは佐藤花子です。", "", Fact("name", "佐藤花子")),
        ("色ははちみつ色です。", "色は何ですか", Fact("name", "はちみつ色")),
        ("ブラック、ホワイトです。", "何色ですか", Fact("names", "ブラック、ホワイト")),
        ("S、M、Lです。", "サイズを教えてください", Fact("sizes", "S、M、L")),
        ("ミチの「ルミナ II」です。", "", Fact("name", "ルミナ II")),
        ("はい。", "", Fact("name", "はい")),
    ],
)  # fmt: skip
def test_the_most_specific_reading_is_taken(answer: str, question: str, expected: Fact) -> None:
    assert fact_from_answer(answer, question) == expected
    assert grade_fact(answer, expected, question).correct


def test_an_empty_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="empty answer"):
        fact_from_answer("　")
