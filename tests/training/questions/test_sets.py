"""Splitting: what is held back is told apart by whether training states its fact all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.grading.facts import Fact
from training.questions.documents import Document
from training.questions.pairs import Pair
from training.questions.sets import QuestionSet, Split, make_set

RELEASE = Document("d", None, "「灯」を発売", "7,700円で5月2日に発売します。", "documents.jsonl:1")
PRICE = Pair("「灯」はいくら？", "7,700円です。", "", "灯", Fact("money", "7,700円"))
DATE = Pair("「灯」の発売日は？", "5月2日です。", "", "灯", Fact("date", "5月2日"))
BOTH = Pair(
    "「灯」の発売日と価格は？", "5月2日に7,700円で発売します。", "", "灯",
    Fact("date", "5月2日", also=(Fact("money", "7,700円"),)),
)  # fmt: skip


def split(*written: tuple[Document, list[Pair]], held: str) -> QuestionSet:
    """The set of the first seed that holds back just the question `held`."""
    for seed in range(200):
        questions = make_set(written, Split(seed, control=0.0, held_out=1))
        if held not in {row["question"] for row in questions.train}:
            return questions
    raise AssertionError("no seed holds the question back")


def form(questions: QuestionSet, question: str) -> str:
    (row,) = [row for row in questions.knowledge if row["question"] == question]
    return str(row["form"])


@pytest.mark.parametrize(
    ("trained", "held", "expected"),
    [
        (DATE, PRICE, "untrained"),
        (BOTH, PRICE, "held_out"),
        (PRICE, BOTH, "untrained"),  # one of its two values is not enough
        (replace(DATE, answer="5月2日、送料は500円です。"), PRICE, "untrained"),
        (replace(DATE, answer="5月2日、7,700円（送料500円）です。"), PRICE, "held_out"),
    ],
)
def test_a_question_is_held_out_only_if_a_training_answer_states_its_fact(
    trained: Pair, held: Pair, expected: str
) -> None:
    questions = split((RELEASE, [trained, held]), held=held.question)
    assert [row["question"] for row in questions.train] == [trained.question]
    assert form(questions, held.question) == expected


def test_another_part_of_the_document_counts_and_another_document_does_not() -> None:
    further = replace(BOTH, question="いつ、いくらで出ますか？")
    parts = [(replace(RELEASE, part=1), [DATE, PRICE]), (replace(RELEASE, part=2), [further, BOTH])]
    assert form(split(*parts, held=PRICE.question), PRICE.question) == "held_out"
    others = [(RELEASE, [DATE, PRICE]), (replace(RELEASE, id="e"), [further, BOTH])]
    assert form(split(*others, held=PRICE.question), PRICE.question) == "untrained"
