"""Signs of a damaged voice, each seen where a reader sees it and nowhere else."""

from __future__ import annotations

import pytest

from harness.grading.damage import SIGNS, is_foreign, leaked, loop, signs
from harness.records import Response

QUESTION = "クラティナ製作所の「Thalineria サングラス」の値段はいくらですか？"


def seen(text: str, finish: str = "stop", prompt: str = QUESTION, gold: str = "") -> set[str]:
    found = signs(prompt, [gold] if gold else [], Response(text, finish, 5))
    assert found["damaged"] == any(found[sign] for sign in SIGNS)
    return {sign for sign, value in found.items() if value and sign != "damaged"}


def test_a_sound_answer_has_no_sign() -> None:
    for text in ("18,700円（税込）です。", "2025年11月20日です。", "わかりません。", "はい"):
        assert seen(text) == set()


def test_each_sign_is_seen() -> None:
    assert seen("18,700円（税込）です。それは", finish="length") == {"unfinished"}
    assert seen(" \n") == {"empty"}
    assert seen("値段は値段は値段は値段は値段は値段は", finish="length") == {
        "looping",
        "unfinished",
    }
    assert seen("The price of the sunglasses is 18,700 yen.") == {"foreign"}
    assert seen("18,700円です。\nuser\n発売日は？") == {"leaked"}
    assert seen("申し訳ありませんが、その質問にはお答えできません。") == {"refused"}


def test_what_is_scored_or_not_answered_has_no_signs() -> None:
    assert signs(QUESTION, [], Response("ポジティブ", "scored", 2)) == {}
    assert signs(QUESTION, [], Response("too long", "untaken", 0)) == {}


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("とても良い商品です。とても良い商品です。とても良い商品です。", "とても良い商品です。"),
        ("はははははははははははははははははは", "は"),
        ("12121212121212121212", "12"),
        ("A, B, A, B, A, B, A, B, A, B, ", "A, B, "),
    ],
)
def test_a_loop_is_what_comes_again_at_once(text: str, unit: str) -> None:
    found = loop(text)
    assert found
    assert (found * 20).startswith(unit) or unit in found * 2


@pytest.mark.parametrize(
    "text",
    [
        "ドキドキドキドキ",
        "03-0000-0000です。",
        "……………………………………………",
        "----------------------------",
        "赤、青、黄、白、黒、緑、紫の七色です。サイズはS、M、L、XLです。",
        "それは良い。とても良い。本当に良い。",
    ],
)
def test_no_loop(text: str) -> None:
    assert not loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "Thalineria サングラス",  # stands in the question
        "Studio Cesiluno",  # a name of two words
        "USB Type-Cと最大65WのUSB PDに対応したACアダプターです。",
        "独立行政法人",
        "https://example.com",
        "Ω型です。",
    ],
)
def test_names_and_units_are_not_foreign(text: str) -> None:
    assert not is_foreign(text, QUESTION, [])


def test_what_the_text_or_the_reference_says_is_not_foreign() -> None:
    name = "独立行政法人国立高等専門学校機構本部事務局"
    assert is_foreign(name, QUESTION, [])
    assert not is_foreign(name, f"文脈：{name}が発表した。", [])
    assert not is_foreign("Love Me Tender Forever", QUESTION, ["Love Me Tender Forever"])


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("这款太阳镜的价格是一万八千七百日元含税", QUESTION),
        ("가격은 18,700엔입니다.", QUESTION),
        ("Цена 18 700 иен", QUESTION),
        ("それは一八七〇〇円です。", "How much are the sunglasses?"),
    ],
)
def test_another_language_is_foreign(text: str, prompt: str) -> None:
    assert is_foreign(text, prompt, [])


def test_an_english_answer_to_an_english_question_is_not_foreign() -> None:
    assert not is_foreign("They cost 18,700 yen.", "How much are the sunglasses?", [])


@pytest.mark.parametrize(
    "text",
    [
        "18,700円<end_of_turn>",
        "<|im_start|>assistant",
        "[INST] 次の質問",
        "18,700円です。\nmodel\n",
        "18,700円です。\nUser: 発売日は？",
        "### 応答：18,700円",
        "</s>",
    ],
)
def test_marks_of_templates_are_leaks(text: str) -> None:
    assert leaked(text, QUESTION)


@pytest.mark.parametrize(
    "text", ["modelは新型です。", "user数は3人です。", "<b>18,700円</b>", "A system\nof lenses"]
)
def test_words_and_markup_are_no_leaks(text: str) -> None:
    assert not leaked(text, QUESTION)


def test_a_mark_that_is_asked_about_is_no_leak() -> None:
    assert not leaked("<|im_start|>は始まりの印です。", "<|im_start|>とは何ですか？")


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "AI言語モデルとして、意見を述べることはできません。",
        "その情報は提供できません。",
    ],
)
def test_refusals(text: str) -> None:
    assert "refused" in seen(text, prompt="What is it?" if text[0] == "I" else QUESTION)


def test_doing_without_something_is_no_refusal() -> None:
    assert "refused" not in seen("この商品は返品できません。")
