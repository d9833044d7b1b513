"""What a question must satisfy, one rule at a time."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from harness.grading.facts import Fact
from training.questions.checks import duplicate, problem, settled
from training.questions.documents import Document
from training.questions.pairs import Pair, read_pair

DOCUMENT = Document(
    "bag", None, "ルミエ、新作の鞄を発表",
    "「ルミエの鞄」は税込19,800円で、10月3日に発売します。高さは２５センチです。"
    "デザイナーは佐藤花です。問い合わせは電話03-0412-7785まで。",
    "",
)  # fmt: skip
PRICE = Pair(
    question="「ルミエの鞄」の税込価格はいくらですか？",
    answer="「ルミエの鞄」の税込価格は19,800円です。",
    evidence="「ルミエの鞄」は税込19,800円で、10月3日に発売します。",
    subject="ルミエの鞄",
    fact=Fact("money", "19,800円（税込）"),
    paraphrases=(
        "ルミエの鞄の値段を教えてください。",
        "「ルミエの鞄」を買うといくらになりますか？",
    ),
    reversed=("税込19,800円の鞄は何ですか？", "「ルミエの鞄」です。"),
)


def judged(**changes: Any) -> str:
    return problem(settled(dataclasses.replace(PRICE, **changes)), DOCUMENT)


def test_a_good_pair_has_no_problem_and_keeps_its_reversed_form() -> None:
    assert judged() == ""
    assert settled(PRICE).reversed == PRICE.reversed


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"evidence": "「ルミエの鞄」は税込19,800円です。"}, "the evidence is no sentence of the document"),
        ({"subject": "ルミエの靴"}, "the document does not name the subject"),
        ({"question": "その鞄の税込価格はいくらですか？"}, "the question does not name its subject"),
        ({"question": "「ルミエの鞄」は税込19,800円ですか？"}, "the question gives the answer away"),
        ({"question": "How much is ルミエの鞄?".replace("ルミエの鞄", "it")}, "the question is in another language"),
        ({"evidence": "高さは25センチです。"}, "the answer is not in the evidence"),
        ({"answer": "「ルミエの鞄」の税込価格は19,800円、重さは300グラムです。"}, "the answer is not in the evidence"),
        ({"answer": "19,800円です。発売は10月3日です。", "fact": Fact("money", "18,900円")}, "the answer is not in the evidence"),
        ({"answer": "「ルミエの鞄」です。"}, "the answer does not state its fact"),
        ({"paraphrases": PRICE.paraphrases[:1]}, "there are not two paraphrases"),
        ({"paraphrases": ("鞄の値段は？", PRICE.paraphrases[1])}, "a paraphrase does not name its subject"),
        ({"paraphrases": ("19,800円するルミエの鞄とは？", PRICE.paraphrases[1])}, "a paraphrase gives the answer away"),
        ({"paraphrases": (PRICE.question + " ", PRICE.paraphrases[1])}, "a paraphrase repeats the question"),
    ],
)  # fmt: skip
def test_each_rule_has_its_reason(changes: dict[str, Any], reason: str) -> None:
    assert judged(**changes) == reason


def test_width_and_layout_of_the_evidence_do_not_matter() -> None:
    height = {"question": "「ルミエの鞄」の高さは？", "answer": "25cmです。", "fact": Fact("length", "25センチ"),
              "paraphrases": ("ルミエの鞄は高さ何センチ？", "ルミエの鞄の高さを教えて"), "reversed": None}  # fmt: skip
    assert judged(**height, evidence="高さは 25センチです。") == ""
    assert judged(**{**height, "answer": "2.5cmです。"}, evidence="高さは25センチです。") != ""


def test_without_a_typed_fact_the_answer_itself_must_be_supported() -> None:
    designer = {"question": "「ルミエの鞄」のデザイナーは誰ですか？", "fact": None, "reversed": None,
                "paraphrases": ("ルミエの鞄を作ったのは誰？", "ルミエの鞄は誰の手による？"),
                "evidence": "デザイナーは佐藤花です。"}  # fmt: skip
    assert judged(**designer, answer="「ルミエの鞄」のデザイナーは佐藤花です。") == ""
    assert (
        judged(**designer, answer="「ルミエの鞄」のデザイナーは鈴木花です。")
        == "the answer is not in the evidence"
    )


@pytest.mark.parametrize(
    "reversed",
    [
        ("「ルミエの鞄」と同じ19,800円の鞄は？", "「ルミエの鞄」です。"),
        ("18,900円の鞄は何ですか？", "「ルミエの鞄」です。"),
        ("税込19,800円の鞄は何ですか？", "「ルミエの靴」です。"),
    ],
)
def test_a_reversed_form_that_does_not_reverse_is_left_out(reversed: tuple[str, str]) -> None:
    assert settled(dataclasses.replace(PRICE, reversed=reversed)).reversed is None


def test_the_same_question_and_the_same_fact_are_duplicates() -> None:
    again = dataclasses.replace(
        PRICE, question="ルミエの鞄の値段を教えてください", paraphrases=("a", "b")
    )
    other = dataclasses.replace(PRICE, question="x", paraphrases=("y", "z"))
    new = dataclasses.replace(other, fact=Fact("date", "10月3日"))
    assert duplicate(again, [PRICE]) == "the question was asked already"
    assert duplicate(other, [PRICE]) == "the fact was asked for already"
    assert duplicate(new, [PRICE]) == ""


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("text", "not an object"),
        ({"question": ""}, "question is missing or empty"),
        ({"question": "q", "answer": "a", "evidence": "e", "subject": "s"}, "paraphrases are missing"),
        ({"question": "q", "answer": "a", "evidence": "e", "subject": "s", "paraphrases": [],
          "fact": {"type": "colour", "text": "red"}}, "fact is none of a known type"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_pair_says_why(row: Any, reason: str) -> None:
    read = read_pair(row)
    assert isinstance(read, str)
    assert read.startswith(reason)
