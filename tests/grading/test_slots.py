"""Where the stated values stand in an answer as the model wrote it."""

from __future__ import annotations

import pytest

from harness.grading.facts import TYPES, Fact
from harness.grading.slots import stated_spans

PRICE = Fact("money", "7,700円（税込）")


def stated(text: str, fact: Fact = PRICE, question: str = "") -> list[str]:
    return [text[start:end] for start, end in stated_spans(text, fact, question)]


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("money", "価格は7,700円（税込）です。", ["7,700円（税込）"]),
        ("telephone", "電話番号は03-0412-7785です。", ["03-0412-7785"]),
        ("date", "2026年3月1日です。", ["2026年3月1日"]),
        ("composition", "綿60%、麻40%です。", ["綿60%", "麻40%"]),
        ("length", "着丈59センチです。", ["着丈59センチ"]),
        ("weight", "重さは10グラムです。", ["10グラム"]),
        ("percentage", "3割引です。", ["3割"]),
        ("sizes", "サイズはS〜Lです。", ["S〜L"]),
        ("count", "500点です。", ["500点"]),
        ("money", "It is £49.50 including VAT.", ["£49.50 including VAT"]),
    ],
)
def test_a_value_is_found_in_what_the_model_wrote(
    type_: str, text: str, expected: list[str]
) -> None:
    assert stated(text, Fact(type_, "1")) == expected


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("money", "値段は７，７００円です。", ["７，７００円"]),
        ("length", "厚さは9㍉です。", ["厚さは9㍉"]),
        ("length", "㊤着丈59㌢、厚さ1㍉です。", ["着丈59㌢", "厚さ1㍉"]),
        ("length", "①全長は1㍍50㌢です。", ["全長は1㍍50㌢"]),
        ("weight", "㈱重さは２㎏です。", ["２㎏"]),
        ("money", "ｻﾝｸﾞﾗｽの値段は20ﾎﾟﾝﾄﾞです。", ["20ﾎﾟﾝﾄﾞ"]),
        ("composition", "ﾎﾟﾘｴｽﾃﾙ60%とﾅｲﾛﾝ40%です。", ["ﾎﾟﾘｴｽﾃﾙ60%", "ﾅｲﾛﾝ40%"]),
        ("money", "値段は\u200b7,\u200d700\u00ad円\u200bです。", ["7,\u200d700\u00ad円"]),
        ("money", "か\u3099格は20ト\u3099ルです。", ["20ト\u3099ル"]),
        ("telephone", "☎は０３ー０４１２ー７７８５です。", ["０３ー０４１２ー７７８５"]),
        ("date", "㋿でいえば令和８年３月１日です。", ["令和８年３月１日"]),
    ],
)
def test_places_are_those_of_the_raw_text(type_: str, text: str, expected: list[str]) -> None:
    assert stated(text, Fact(type_, "1")) == expected


def test_which_value_is_right_does_not_matter() -> None:
    text = "7,900円です。7,700円という説もあります。"
    spans = [
        stated_spans(text, Fact("money", gold)) for gold in ("7,700円", "7,900円", "1円", "未定")
    ]
    assert spans == [[(0, 6), (9, 15)]] * 4


def test_what_is_denied_is_not_stated() -> None:
    assert stated("7,900円ではなく7,700円です。") == ["7,700円"]
    assert stated("7,900円ではありません。") == []


def test_what_the_question_says_is_not_the_answers_own() -> None:
    fact, question = Fact("date", "2026年3月1日"), "2026年2月に発表された時計の発売日は？"
    assert stated("2026年2月に発表された時計は、2026年3月1日発売です。", fact, question) == [
        "2026年3月1日"
    ]
    asked = "値段は7,700円ですか、7,900円ですか？"
    assert stated("7,700円です。", question=asked) == ["7,700円"]


def test_all_types_that_are_asked_for_have_their_spans_in_the_order_of_the_text() -> None:
    fact = Fact("money", "7,700円", also=(Fact("date", "2026年3月1日"), Fact("name", "野窓工房")))
    text = "2026年4月1日に野窓工房から9,900円で発売です。"
    assert stated(text, fact) == ["2026年4月1日", "9,900円"]


def test_spans_do_not_overlap() -> None:
    # A range of sizes is several values in one place; a further day begins where the first ends.
    assert stated("S〜XLです。", Fact("sizes", "M")) == ["S〜XL"]
    assert stated("6月14日〜20日です。", Fact("date", "6月14日")) == ["6月14日〜20日"]
    both = Fact("composition", "綿60%", also=(Fact("percentage", "60%"),))
    assert stated("綿60%です。", both) == ["綿60%"]


@pytest.mark.parametrize("type_", TYPES)
def test_an_answer_without_values_has_no_slot(type_: str) -> None:
    for text in ("", "分かりません。", "はい", "とても良い商品です。" * 3):
        assert stated_spans(text, Fact(type_, "7,700円")) == []


@pytest.mark.parametrize("type_", ["name", "names", "text"])
def test_names_and_texts_have_no_slot(type_: str) -> None:
    assert stated_spans("佐藤花子、7,700円、黒です。", Fact(type_, "佐藤花子")) == []
