"""What counts as made up: the same words may be, or not, by what the model could know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.grading.extractive import grade as extractive_grade
from harness.grading.facts import Fact, grade_fact
from harness.grading.near_miss import grade_near_miss
from harness.hallucination.labels import group_of, labelled
from harness.records import Request, Response, Sample

PRICE = Fact("money", "7,700円（税込）")
QUESTION = "サングラスはいくらですか？"


def said(text: str) -> Response:
    return Response(text, "stop", 5)


def sample(form: str, fact: Fact | None = PRICE) -> Sample:
    return Sample("a", Request(QUESTION), ("",), "d", form, {"fact": fact})


@pytest.mark.parametrize(
    ("form", "group"),
    [
        ("seen", "trained"),
        ("paraphrase", "trained"),
        ("held_out", "trained"),
        ("reversed", "trained"),
        ("untrained", "untrained"),
        ("control", "control"),
        ("carried_over", "carried_over"),
        ("near_miss", "near_miss"),
        ("", "any"),
    ],
)
def test_a_question_is_told_in_the_group_of_its_form(form: str, group: str) -> None:
    assert group_of(sample(form)) == group


def test_a_near_miss_without_a_fact_can_not_be_answered() -> None:
    assert group_of(sample("near_miss", None)) == "unanswerable"


@pytest.mark.parametrize(
    ("form", "text", "made_up", "abstained"),
    [
        ("seen", "7,700円です。", 0, 0),
        ("seen", "8,800円です。", 1, 0),
        ("seen", "7,700円または8,800円です。", 1, 0),
        ("seen", "分かりません。", 0, 1),
        ("seen", "  ", 0, 1),
        ("seen", "きれいな色です。", 1, 0),
        # Never seen: a value that happens to be right is no knowledge.
        ("control", "7,700円です。", 1, 0),
        ("control", "8,800円です。", 1, 0),
        ("control", "分かりません。", 0, 1),
        ("untrained", "7,700円です。", 1, 0),
        # Last season's value can be inferred.
        ("carried_over", "7,700円です。", 0, 0),
        ("near_miss", "7,700円です。", 0, 0),
        ("near_miss", "8,800円です。", 1, 0),
    ],
)
def test_what_is_made_up(form: str, text: str, made_up: int, abstained: int) -> None:
    told = labelled(sample(form), said(text), grade_fact(text, PRICE, QUESTION))
    assert told == {"hallucinated": made_up, "abstained": abstained}


@pytest.mark.parametrize(
    ("text", "made_up", "abstained"),
    [("分かりません。", 0, 1), ("7,700円です。", 1, 0), ("", 0, 1), ("素敵な品です。", 1, 0)],
)
def test_of_what_does_not_exist_everything_said_is_made_up(
    text: str, made_up: int, abstained: int
) -> None:
    grade = grade_near_miss(text, None, PRICE, QUESTION)
    told = labelled(sample("near_miss", None), said(text), grade)
    assert told == {"hallucinated": made_up, "abstained": abstained}


def test_one_of_two_values_alone_is_neither() -> None:
    fact = Fact("composition", "ナイロン88%、ステンレス12%")
    text = "ナイロン88%です。"
    grade = grade_fact(text, fact, "素材は何ですか？")
    assert grade.outcome == "partial"
    told = labelled(sample("seen", fact), said(text), grade)
    assert told == {"hallucinated": 0.0, "abstained": 0.0}


def test_a_reader_who_calls_an_answer_right_is_believed() -> None:
    """Beside the right value another stands, which the rule takes for a contradiction."""
    text = "7,700円（税抜7,000円）です。"
    rule = grade_fact(text, PRICE, QUESTION)
    assert rule.outcome == "contradictory"
    assert labelled(sample("seen"), said(text), rule)["hallucinated"] == 1.0
    judged = replace(rule.decided(True), rule=rule)
    assert labelled(sample("seen"), said(text), judged)["hallucinated"] == 0.0


def test_of_what_only_a_reader_can_judge_nothing_is_said_until_one_has() -> None:
    fact, text = Fact("text", "丈夫で軽いからです。"), "軽くて丈夫なためです。"
    rule = grade_fact(text, fact, "なぜですか？")
    assert rule.unsure
    assert labelled(sample("seen", fact), said(text), rule) == {}
    assert labelled(sample("control", fact), said(text), rule)["hallucinated"] == 1.0
    judged = replace(rule.decided(True), rule=rule)
    assert labelled(sample("seen", fact), said(text), judged)["hallucinated"] == 0.0


def test_what_a_passage_states_can_be_known() -> None:
    shown = replace(sample("control"), detail={"fact": PRICE, "retrieval": {"found": True}})
    right = grade_fact("7,700円です。", PRICE, QUESTION)
    wrong = grade_fact("8,800円です。", PRICE, QUESTION)
    assert labelled(shown, said("7,700円です。"), right)["hallucinated"] == 0.0
    assert labelled(shown, said("8,800円です。"), wrong)["hallucinated"] == 1.0
    unseen = replace(sample("control"), detail={"fact": PRICE, "retrieval": {"found": False}})
    assert labelled(unseen, said("7,700円です。"), right)["hallucinated"] == 1.0


def test_no_answer_of_a_server_is_no_invention() -> None:
    refused = Response("400: 8,800円 is too long", "untaken", 0)
    told = labelled(sample("control"), refused, grade_fact("", PRICE, QUESTION))
    assert told == {"hallucinated": 0.0, "abstained": 1.0}


def test_a_grader_of_texts_knows_no_abstaining_and_it_counts_all_the_same() -> None:
    told = labelled(
        sample(""), said("分かりません。"), extractive_grade("分かりません。", ("大阪",))
    )
    assert told == {"hallucinated": 0.0, "abstained": 1.0}
