"""Whether typed facts are stated: what string similarity gets wrong must come out right."""

from __future__ import annotations

import pytest

from harness.grading.facts import AUTHOR, Fact, grade_fact
from harness.records import Outcome

MONEY = "7,700円（税込）"
LENGTH = "2.5cm"
PHONE = "03-0412-7785"
CLOTH = "麻40％、綿60％"
DATE = "2026年6月14日"


@pytest.mark.parametrize(
    ("type_", "gold", "response"),
    [
        ("money", MONEY, "7700円です。"),
        ("money", MONEY, "¥7,700"),
        ("money", MONEY, "￥7700"),
        ("money", MONEY, "価格は七千七百円です。"),
        ("money", MONEY, "7,700円"),
        ("money", MONEY, "0.77万円です"),
        ("money", MONEY, "税込７，７００円です"),
        ("money", MONEY, "価格は税込みで7,700円です。"),
        ("money", MONEY, "It costs 7,700 yen (tax included)."),
        ("money", MONEY, "JPY 7,700"),
        ("money", MONEY, "7,900円ではなく7,700円です。"),
        ("money", MONEY, "not 7,900 yen but 7,700 yen"),
        ("money", "7,000円+税", "税抜7,000円"),
        ("money", "7,700円", "税込7,700円"),
        ("length", LENGTH, "25mm"),
        ("length", LENGTH, "２５㎜です"),
        ("length", LENGTH, "2センチ5ミリです"),
        ("length", LENGTH, "約25ミリメートル"),
        ("weight", "1.2kg", "1,200グラムです"),
        ("weight", "1.2kg", "1キロ200グラム"),
        ("telephone", PHONE, "03(0412)7785"),
        ("telephone", PHONE, "０３−０４１２−７７８５"),
        ("telephone", PHONE, "+81-3-0412-7785"),
        ("telephone", PHONE, "電話番号は0304127785です"),
        ("composition", CLOTH, "綿60%・麻40%"),
        ("composition", CLOTH, "素材は綿60％、麻40％です。"),
        ("composition", CLOTH, "60% cotton and 40% linen"),
        ("date", DATE, "2026/6/14"),
        ("date", DATE, "2026-06-14に発売されました"),
        ("date", DATE, "令和8年6月14日"),
        ("date", DATE, "6月14日です"),
        ("date", DATE, "June 14, 2026"),
        ("date", DATE, "It was released on 14 June 2026."),
        ("date", DATE, "二〇二六年六月十四日"),
        ("date", "6月14日", "2026年6月14日"),
        ("date", DATE, "2025年の秋冬コレクションですが、発売は2026年6月14日です"),
        ("sizes", "S、M、L", "S〜Lの3サイズです"),
        ("sizes", "S、M、L", "サイズはL/M/Sです"),
        ("sizes", "22.5cm〜24.0cm", "22.5cm、23cm、23.5cm、24cm"),
        ("sizes", "フリーサイズ", "ワンサイズ展開です"),
        ("count", "500個", "限定500点です"),
        ("count", "500個", "五百個"),
        ("count", "500個", "500 pieces"),
        ("count", "500個", "限定数は500です。"),
        ("percentage", "30%", "三割です"),
        ("names", "ブラック、ホワイト", "ホワイトとブラックの2色です"),
        ("names", "ブラック、ホワイト", "カラーはブラック・ホワイトです。"),
        ("names", "Black, White", "It comes in white and black."),
        ("name", "佐藤 花子", "デザイナーは佐藤花子さんです"),
        ("name", "「ルミナ・スカイ」", "商品名はルミナスカイです"),
        ("name", "Lumina", "The product is called LUMINA."),
        ("name", "ミチ青山本店", "ミチ青山本店限定で発売"),
        ("name", "佐藤花子", "鈴木一郎ではなく佐藤花子です"),
        ("name", "株式会社ミチ", "問い合わせ先は株式会社ミチ、電話番号は03-0412-7785です"),
    ],
)
def test_right_in_another_form(type_: str, gold: str, response: str) -> None:
    graded = grade_fact(response, Fact(type_, gold))
    assert graded.outcome is Outcome.CORRECT, graded.reason
    assert graded.scores == {"correct": 1.0, "recall": 1.0, "contradiction": 0.0}
    assert graded.author == AUTHOR


@pytest.mark.parametrize(
    ("type_", "gold", "response"),
    [
        ("money", "7,700円", "7,900円"),
        ("money", MONEY, "税抜7,700円です"),
        ("money", MONEY, "7,700円+税"),
        ("money", MONEY, "7,700円(消費税別)"),
        ("money", MONEY, "7,700ドル"),
        ("money", MONEY, "77,700円"),
        ("money", MONEY, "7,700"),
        ("money", MONEY, "7,700円台です"),
        ("money", MONEY, "7,700円ではありません"),
        ("length", "25cm", "2.5cm"),
        ("length", "25cm", "25mm"),
        ("length", "25cm", "125cm"),
        ("telephone", PHONE, "03-0412-7786"),
        ("telephone", PHONE, "03-0412-778"),
        ("count", "1234個", "4321個"),
        ("composition", CLOTH, "麻60％、綿40％"),
        ("date", DATE, "2025年6月14日"),
        ("date", DATE, "2026年6月15日"),
        ("date", DATE, "2026年6月です"),
        ("names", "黒", "面白いデザインです"),
        ("name", "ルミナ", "ルミナスです"),
        ("name", "スカイ", "ルミナ・スカイです"),
        ("name", "佐藤", "佐藤健太です"),
        ("name", "佐藤花子", "佐藤花子ではなく鈴木一郎です"),
        ("name", "Lumina", "Luminary"),
    ],
)
def test_wrong_however_similar(type_: str, gold: str, response: str) -> None:
    graded = grade_fact(response, Fact(type_, gold))
    assert graded.outcome is Outcome.WRONG, graded.reason
    assert graded.scores["correct"] == 0.0


@pytest.mark.parametrize(
    ("type_", "gold", "response"),
    [
        ("money", MONEY, "7,700円または7,900円です"),
        ("money", MONEY, "税込7,700円（税抜7,000円）"),
        ("money", MONEY, "7,700円（税込）、7,700円（税抜）"),
        ("length", LENGTH, "2.5cmです。25cmです。"),
        ("length", LENGTH, "10〜25mm"),
        ("telephone", PHONE, "03-0412-7785、03-0412-7786"),
        ("composition", "綿100％", "綿100％、裏地はポリエステル100％"),
        ("date", DATE, "6月14日か7月14日です"),
        ("date", DATE, "2026年6月14日〜20日"),
        ("sizes", "S、M", "S〜L"),
        ("count", "500個", "500個、いや600個です"),
        ("names", "黒、白", "黒、白、赤です"),
        ("names", "ブラック、ホワイト", "ネイビー、ブラック、ホワイトの3色"),
        ("names", "Black", "black or red"),
        ("name", "佐藤花子", "佐藤花子または鈴木一郎です"),
        ("name", "佐藤花子", "デザイナーは佐藤花子、鈴木一郎です。"),
    ],
)
def test_the_right_value_beside_another_contradicts_itself(
    type_: str, gold: str, response: str
) -> None:
    graded = grade_fact(response, Fact(type_, gold))
    assert graded.outcome is Outcome.CONTRADICTORY, graded.reason
    assert graded.scores == {"correct": 0.0, "recall": 1.0, "contradiction": 1.0}


def test_another_value_that_stands_in_the_question_is_no_contradiction() -> None:
    fact = Fact("money", "7,700円")
    response = "旧モデルの6,600円に対して、7,700円です。"
    assert grade_fact(response, fact).outcome is Outcome.CONTRADICTORY
    question = "6,600円の旧モデルの後継はいくらですか。"
    assert grade_fact(response, fact, question).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    "response",
    ["わかりません。", "分かりません", "価格は不明です。", "公開されていません。", "", "　",
     "申し訳ありませんが、情報がありません。", "I don't know.", "I do not know the price.",
     "価格はまだ発表されておりません。", "その質問にはお答えできません。", "This is unknown."],
)  # fmt: skip
def test_admitting_not_to_know_is_abstaining(response: str) -> None:
    for fact in (Fact("money", MONEY), Fact("name", "佐藤花子"), Fact("names", "黒、白")):
        assert grade_fact(response, fact).outcome is Outcome.ABSTAINED


def test_a_guess_after_an_abstention_is_graded_as_a_guess() -> None:
    fact = Fact("money", MONEY)
    assert grade_fact("分かりませんが、9,000円でしょう。", fact).outcome is Outcome.WRONG
    assert grade_fact("確認できませんが、7,700円です。", fact).outcome is Outcome.CORRECT


def test_some_of_several_values_is_partial() -> None:
    size = Fact("length", "直径38ミリ、厚さ9ミリ")
    assert grade_fact("直径3.8cm、厚さ9mmです", size).outcome is Outcome.CORRECT
    only_one = grade_fact("直径38ミリです", size)
    assert (only_one.outcome, only_one.scores["recall"]) == (Outcome.PARTIAL, 0.5)
    assert only_one.scores["contradiction"] == 0.0
    one_wrong = grade_fact("直径38ミリ、厚さ8ミリ", size)
    assert (one_wrong.outcome, one_wrong.scores["contradiction"]) == (Outcome.PARTIAL, 1.0)
    assert grade_fact("ブラックです", Fact("names", "ブラック、ホワイト")).scores["recall"] == 0.5


def test_the_right_numbers_for_the_wrong_dimensions_are_wrong() -> None:
    size = Fact("length", "直径38ミリ、厚さ9ミリ")
    assert grade_fact("直径9ミリ、厚さ38ミリです", size).outcome is Outcome.WRONG
    assert grade_fact("38 mm in diameter and 9 mm thick", size).outcome is Outcome.CORRECT


def test_the_question_says_which_dimension_a_bare_length_is() -> None:
    fact, question = Fact("length", "38ミリ"), "ルミナの直径は何ミリですか。"
    assert grade_fact("直径38ミリ、厚さ9ミリです", fact, question).outcome is Outcome.CORRECT
    assert grade_fact("厚さ38ミリです", fact, question).outcome is Outcome.WRONG
    assert grade_fact("直径38ミリ、厚さ9ミリです", fact).outcome is Outcome.CONTRADICTORY


def test_aliases_are_as_good_as_the_text() -> None:
    fact = Fact("name", "佐藤花子", aliases=("Hanako Sato",))
    assert grade_fact("The designer is Hanako Sato.", fact).correct
    colours = Fact("names", "黒、白", aliases=("ブラック、ホワイト",))
    assert grade_fact("ホワイトとブラックです", colours).correct
    assert grade_fact("黒とホワイトです", colours).outcome is not Outcome.CORRECT


def test_a_gold_text_without_a_value_of_its_type_is_asked_for_in_words() -> None:
    fact = Fact("money", "オープン価格")
    assert grade_fact("オープン価格です", fact).correct
    assert not grade_fact("7,700円です", fact).correct


def test_several_facts_must_all_be_stated() -> None:
    fact = Fact("telephone", PHONE, also=(Fact("name", "株式会社ミチ"),))
    right = "問い合わせ先は株式会社ミチで、電話番号は03-0412-7785です。"
    assert grade_fact(right, fact).correct
    assert grade_fact("電話番号は03-0412-7785です。", fact).outcome is Outcome.PARTIAL


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fact type"):
        Fact("colour", "red")
