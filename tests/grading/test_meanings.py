"""Which answers mean the same, as a reader would sort them, and what the rule can't see."""

from __future__ import annotations

import pytest

from harness.grading.facts import Fact
from harness.grading.meanings import meanings

PRICE = Fact("money", "7,700円（税込）")


@pytest.mark.parametrize(
    ("type_", "texts", "expected"),
    [
        ("money", ["7,700円です。", "７７００円", "七千七百円です", "7,900円です。"], [0, 0, 0, 1]),
        ("money", ["7,700円（税込）", "7,700円（税抜）", "7,700円"], [0, 1, 0]),
        ("date", ["2026年3月1日", "令和8年3月1日", "3月1日です", "2026年3月"], [0, 0, 0, 1]),
        ("length", ["着丈59センチ", "590ミリです", "身幅59センチ", "59ミリ"], [0, 0, 1, 2]),
        ("weight", ["0.5キロです。", "500グラムです。", "5キロです。"], [0, 0, 1]),
        ("composition", ["綿60%、麻40%", "麻40%とコットン60%", "綿40%、麻60%"], [0, 0, 1]),
        ("composition", ["綿60%、麻40%", "綿60%"], [0, 1]),
        ("sizes", ["S〜Lです", "L、M、S", "S、L"], [0, 0, 1]),
        ("telephone", ["03-0412-7785", "0304127785です。", "+81 3 0412 7785", "03-0412-7786"],
         [0, 0, 0, 1]),
        ("count", ["500点です。", "500個", "50点"], [0, 0, 1]),
    ],
)  # fmt: skip
def test_equal_values_are_one_meaning(type_: str, texts: list[str], expected: list[int]) -> None:
    assert meanings(texts, Fact(type_, "7,700円")) == expected


def test_labels_come_in_the_order_in_which_meanings_appear() -> None:
    texts = ["9,900円です。", "分かりません。", "9,900円", "7,700円です。", "不明です。", "9900円"]
    assert meanings(texts, PRICE) == [0, 1, 0, 2, 1, 0]
    assert meanings([], PRICE) == []


def test_the_reference_value_changes_nothing() -> None:
    texts = ["7,700円です。", "7,900円です。", "七千九百円", "高いです。", "野窓工房です。"]
    found = [meanings(texts, Fact("money", gold)) for gold in ("7,700円", "7,900円", "未定")]
    assert found == [[0, 1, 1, 2, 3]] * 3


def test_all_that_admit_not_to_know_mean_the_same() -> None:
    texts = [
        "分かりません。",
        "",
        "I don't know.",
        "情報がありません。",
        "不明ですが、7,700円です。",
    ]
    assert meanings(texts, PRICE) == [0, 0, 0, 0, 1]
    assert meanings(texts[:4], Fact("name", "野窓工房")) == [0, 0, 0, 0]


def test_what_is_denied_or_asked_is_not_what_is_said() -> None:
    question = "2026年2月に発表された時計の発売日は？"
    texts = ["2026年2月発表の時計は3月1日発売です。", "3月1日です。", "4月1日ではなく3月1日です。"]
    assert meanings(texts, Fact("date", "2026年3月1日"), question) == [0, 0, 0]


def test_all_types_that_a_fact_has_must_agree() -> None:
    fact = Fact("money", "7,700円", also=(Fact("date", "2026年3月1日"),))
    texts = ["2026年3月1日に7,700円", "7,700円、発売は2026年3月1日", "7,700円、4月1日", "7,700円"]
    assert meanings(texts, fact) == [0, 0, 1, 2]


def test_names_are_compared_without_what_carries_them() -> None:
    question = "デザイナーは誰ですか？"
    texts = [
        "佐藤花子です。",
        "デザイナーは「佐藤 花子」です。",
        "この鞄のデザイナーは、佐藤花子でした",
        "佐藤花です。",
        "鈴木一郎です。",
    ]
    assert meanings(texts, Fact("name", "佐藤花子"), question) == [0, 0, 0, 1, 2]


def test_lists_of_names_are_equal_in_any_order() -> None:
    texts = [
        "黒、白、コーラルです。",
        "色は白、コーラル、黒です。",
        "黒と白とコーラル",
        "黒、白です。",
    ]
    found = meanings(texts, Fact("names", "黒、白"), "何色がありますか？")
    assert found == [0, 0, 0, 1]


def test_a_value_that_was_not_asked_for_does_not_make_two_names_one() -> None:
    texts = ["佐藤花子です。7,700円です。", "鈴木一郎です。7,700円です。"]
    assert meanings(texts, Fact("name", "佐藤花子")) == [0, 1]


def test_damaged_answers_without_a_value_stand_alone() -> None:
    texts = ["ははははははは", "値段は値段は値段は", "The the the", "ははははははは。"]
    assert meanings(texts, PRICE) == [0, 1, 2, 0]


def test_two_wordings_of_one_reason_are_not_seen_to_be_one() -> None:
    texts = ["軽くて水に強いからです。", "ナイロンは軽く、水をはじくためです。"]
    assert meanings(texts, Fact("text", "軽くて水に強いから")) == [0, 1]
