from __future__ import annotations

import random

import pytest

from harness.records import Grade, Outcome
from harness.review.events import GradeEvent
from harness.review.judgement import judgements, latest, over_rule
from tests.review.making import KEY, event


def _at(second: int, verdict: str, author: str = "花子", **changes: str) -> GradeEvent:
    return event(verdict=verdict, author=author, time=f"2026-11-26T00:00:{second:02}Z", **changes)


def test_the_last_word_of_each_author_counts_wherever_it_stands() -> None:
    events = [_at(1, "right"), _at(2, "skipped"), _at(3, "wrong", note="違う値")]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        (judged,) = judgements([events[place] for place in order]).values()
        assert judged.verdict == "wrong"
        assert judged.opinions["花子"].note == "違う値"


def test_of_one_moment_the_later_line_counts() -> None:
    assert judgements([_at(1, "right"), _at(1, "wrong")])[KEY].verdict == "wrong"
    assert judgements([_at(1, "wrong"), _at(1, "right")])[KEY].verdict == "right"


def test_time_is_compared_across_zones() -> None:
    """As texts they would sort the other way round."""
    tokyo = event(verdict="wrong", time="2026-11-26T09:00:00+09:00")
    later = event(verdict="right", time="2026-11-26T00:00:01Z")
    assert judgements([later, tokyo])[KEY].verdict == "right"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (["right"], "right"),
        (["right", "wrong"], ""),
        (["right", "wrong", "wrong"], "wrong"),
        (["right", "skipped"], "right"),
        (["skipped", "skipped"], ""),
        (["right", "wrong", "cleared"], ""),
        (["right", "right", "wrong", "wrong", "skipped"], ""),
    ],
)
def test_most_decide_and_a_tie_decides_nothing(said: list[str], verdict: str) -> None:
    events = [_at(1, word, f"author {place}") for place, word in enumerate(said)]
    random.Random(0).shuffle(events)
    assert judgements(events)[KEY].verdict == verdict


def test_what_was_cleared_is_gone_until_it_is_said_again() -> None:
    events = [_at(1, "right"), _at(2, "cleared")]
    assert judgements(events) == {}
    assert judgements([*events, _at(3, "wrong")])[KEY].verdict == "wrong"
    # For a page that still holds the first: it has to hear of the second.
    assert [e.verdict for e in latest(events)] == ["cleared"]


def test_a_tie_leaves_the_rule_its_grade() -> None:
    rule = Grade(Outcome.WRONG, {"correct": 0.0}, "rule/1")
    tie = judgements([_at(1, "right"), _at(1, "wrong", "太郎")])[KEY]
    assert over_rule(rule, tie).outcome == Outcome.WRONG
    assert over_rule(rule, tie).author == "rule/1"
    one = judgements([_at(1, "right")])[KEY]
    assert over_rule(rule, one).outcome == Outcome.CORRECT
    assert over_rule(rule, one).author == "human:花子"


def test_a_persons_verdict_takes_the_rules_place_and_keeps_it_beside() -> None:
    rule = Grade(Outcome.WRONG, {"correct": 0.0, "recall": 0.5}, "rule:typed-facts/1", "0 of 1")

    grade = over_rule(rule, judgements([_at(1, "right", note="表記の違いだけ")])[KEY])

    assert grade.outcome is Outcome.CORRECT
    assert grade.scores == {"correct": 1.0, "recall": 0.5}
    assert grade.reason == "0 of 1; 花子: 表記の違いだけ"
    assert grade.rule == rule


def test_a_wrong_answer_keeps_the_rules_finer_word_for_it() -> None:
    wrong = judgements([_at(1, "wrong")])[KEY]

    for outcome, kept in ((Outcome.ABSTAINED, Outcome.ABSTAINED), (Outcome.CORRECT, Outcome.WRONG)):
        assert over_rule(Grade(outcome, {"correct": 0.0}, "rule/1"), wrong).outcome is kept


def test_a_published_f1_is_not_changed_by_an_opinion() -> None:
    rule = Grade(Outcome.WRONG, {"f1": 0.4, "exact_match": 0.0}, "rule:jglue")

    grade = over_rule(rule, judgements([_at(1, "right")])[KEY])

    assert grade.scores == rule.scores
    assert grade.correct


def test_an_answer_that_the_sampling_offered_stays_a_random_one_when_it_is_graded_again() -> None:
    offered = [_at(1, "right", picked="queue"), _at(2, "cleared"), _at(3, "wrong", picked="hand")]

    assert judgements(offered)[KEY].opinions["花子"].picked == "queue"
    assert (
        judgements([*offered, _at(4, "right", "太郎", picked="hand")])[KEY].opinions["太郎"].picked
        == "hand"
    )
