"""Passages and a question in one prompt."""

from __future__ import annotations

from harness.retrieval.passages import Passage
from harness.retrieval.prompts import prompt_of, templates

ONE = Passage("d1", 1, "題一", "本文一。")
TWO = Passage("d2", 3, "", "本文二。")


def test_passages_are_numbered_in_the_order_given_and_the_question_comes_last() -> None:
    prompt = prompt_of("価格は？", [ONE, TWO])
    assert "[1] 題一\n本文一。\n\n[2]\n本文二。\n\n質問：価格は？" in prompt
    assert "[1]のように" in prompt
    assert "分かりません" in prompt


def test_the_language_is_the_questions() -> None:
    assert prompt_of("What does it cost?", [ONE]).endswith("Question: What does it cost?")
    assert '"I don\'t know."' in prompt_of("What does it cost?", [ONE])
    assert prompt_of("Wenickの価格", [ONE]).endswith("質問：Wenickの価格")


def test_a_matrix_may_say_how_prompt_and_passages_read() -> None:
    prompt = prompt_of("Q", [ONE, TWO], "読む：{passages}\n問：{question}", "{title} [SEP] {text}")
    assert prompt == "読む：題一 [SEP] 本文一。\n\n [SEP] 本文二。\n問：Q"
    assert templates("p {passages} {question}", "") == {
        "prompt": "p {passages} {question}",
        "passage": "[{number}] {title}\n{text}",
    }
    assert {"prompt_ja", "prompt_en", "passage"} == {*templates("", "")}


def test_a_text_that_looks_like_a_field_stays_as_it_is() -> None:
    sly = Passage("d", 1, "{text}", "{question} {passages} {number}")
    prompt = prompt_of("{passages}?", [sly], "{passages}|{question}")
    assert prompt == "[1] {text}\n{question} {passages} {number}|{passages}?"
