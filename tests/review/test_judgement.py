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
