"""What people's verdicts come to, and how they count over a rule's grade."""

from __future__ import annotations

from typing import Any

from harness.records import Grade, Outcome
from harness.review.events import GradeEvent, sample_key
from harness.review.judgement import Judgement, judgements, over_rule

KEY = "0" * 16


def event(author: str, verdict: str, minute: int = 0, **changes: Any) -> GradeEvent:
    fields: dict[str, Any] = {
        "event": f"{minute:032x}",
        "sample": KEY,
        "suite": "knowledge",
        "item": "q1",
        "verdict": verdict,
        "author": author,
        "time": f"2026-11-26T01:{minute:02d}:00.000Z",
        **changes,
    }
    return GradeEvent(**fields)


def judged(*events: GradeEvent) -> Judgement:
    return judgements(events)[KEY]


def test_a_key_is_of_suite_item_prompt_and_answer_and_not_of_who_answered() -> None:
    # By hand: printf '["knowledge","q1","いくら？","7,700円"]' | sha256sum
    key = sample_key("knowledge", "q1", "いくら？", "7,700円")
    assert key == "e7553ed561e2ceb4"
    assert key != sample_key("knowledge", "q1", "いくら？", "7,700 円")
    assert len(sample_key("knowledge", "q1", "", "\ud800")) == 16


def test_the_latest_word_of_each_author_holds_whatever_the_order_of_files() -> None:
    first, second = event("花子", "right", 1), event("花子", "wrong", 2)

    assert judged(first, second).verdict == judged(second, first).verdict == "wrong"


def test_a_cleared_grade_leaves_nothing() -> None:
    assert judgements([event("花子", "right", 1), event("花子", "cleared", 2)]) == {}


def test_the_majority_counts_and_a_tie_is_nobodys_verdict() -> None:
    two = [event("花子", "right"), event("太郎", "wrong")]

    assert judged(*two).verdict == ""
    assert judged(*two, event("三郎", "wrong")).verdict == "wrong"
    assert judged(*two, event("三郎", "skipped")).verdict == ""


def test_a_persons_verdict_takes_the_rules_place_and_keeps_it_beside() -> None:
    rule = Grade(Outcome.WRONG, {"correct": 0.0, "recall": 0.5}, "rule:typed-facts/1", "0 of 1")

    grade = over_rule(rule, judged(event("花子", "right", note="表記の違いだけ")))

    assert grade.outcome is Outcome.CORRECT
    assert grade.scores == {"correct": 1.0, "recall": 0.5}
    assert grade.author == "human:花子"
    assert grade.reason == "0 of 1; 花子: 表記の違いだけ"
    assert grade.rule == rule


def test_a_wrong_answer_keeps_the_rules_finer_word_for_it() -> None:
    abstained = Grade(Outcome.ABSTAINED, {"correct": 0.0}, "rule/1")
    correct = Grade(Outcome.CORRECT, {"correct": 1.0}, "rule/1")

    assert over_rule(abstained, judged(event("花子", "wrong"))).outcome is Outcome.ABSTAINED
    assert over_rule(correct, judged(event("花子", "wrong"))).outcome is Outcome.WRONG


def test_where_people_cannot_agree_the_rules_grade_stands() -> None:
    rule = Grade(Outcome.CORRECT, {"correct": 1.0}, "rule/1")

    grade = over_rule(rule, judged(event("花子", "right"), event("太郎", "wrong")))

    assert (grade.outcome, grade.author, grade.rule) == (Outcome.CORRECT, "rule/1", None)
    assert set(grade.people["opinions"]) == {"花子", "太郎"}


def test_a_published_f1_is_not_changed_by_an_opinion() -> None:
    rule = Grade(Outcome.WRONG, {"f1": 0.4, "exact_match": 0.0}, "rule:jglue")

    grade = over_rule(rule, judged(event("花子", "right")))

    assert grade.scores == rule.scores
    assert grade.correct
