"""Near misses: the trained neighbour's value shows, whatever else an answer says."""

from __future__ import annotations

import pytest

from harness.grading.facts import Fact
from harness.grading.near_miss import grade_near_miss, states
from harness.records import Outcome

NEW, OLD = Fact("money", "7,900円（税込）"), Fact("money", "7,700円（税込）")


@pytest.mark.parametrize(
    ("said", "outcome", "bleed"),
    [
        ("7,700円です。", Outcome.CORRECT, 0.0),
        ("7,900円です。", Outcome.WRONG, 1.0),
        ("7,700円、または7,900円です。", Outcome.CONTRADICTORY, 1.0),
        ("7,900円ではなく7,700円です。", Outcome.CORRECT, 0.0),
        ("8,800円です。", Outcome.WRONG, 0.0),
        ("分かりません。", Outcome.ABSTAINED, 0.0),
    ],
)
def test_last_season_s_value_is_graded_as_ever_and_the_new_one_counted(
    said: str, outcome: Outcome, bleed: float
) -> None:
    grade = grade_near_miss(said, OLD, NEW)
    assert (grade.outcome, grade.scores["bleed"]) == (outcome, bleed)
    assert grade.scores["correct"] == float(outcome is Outcome.CORRECT)


@pytest.mark.parametrize(
    ("said", "right", "bleed"),
    [
        ("その商品については分かりません。", True, 0.0),
        ("情報はありませんが、7,900円ではないでしょうか。7,900円です。", False, 1.0),
        ("7,900円です。", False, 1.0),
        ("8,800円です。", False, 0.0),
        ("人気の商品です。", False, 0.0),
        ("", False, 0.0),
    ],
)
def test_of_what_does_not_exist_only_not_knowing_is_right(
    said: str, right: bool, bleed: float
) -> None:
    grade = grade_near_miss(said, None, NEW)
    assert grade.outcome is (Outcome.CORRECT if right else Outcome.WRONG)
    assert grade.scores == {"correct": float(right), "bleed": bleed}


def test_some_of_the_neighbour_s_values_are_no_bleed_but_no_abstention_either() -> None:
    colours = Fact("names", "ブラック、ネイビー")
    some = grade_near_miss("分かりませんが、ブラックです。", None, colours)
    assert (some.correct, some.scores["bleed"]) == (False, 0.0)
    assert grade_near_miss("ネイビー、ブラックです。", None, colours).scores["bleed"] == 1.0


def test_a_value_that_holds_the_other_can_not_be_told_from_it() -> None:
    more, less = Fact("sizes", "S、M、L"), Fact("sizes", "M、L")
    assert states(more, less)
    assert not states(less, more)
    assert not states(OLD, NEW)
