"""Both answers of a pair count by one judge: people's, the same model's, or the rule's."""

from __future__ import annotations

from typing import Any

import pytest

from harness.comparison.scores import ScoreSet, from_rows, paired


def answers(
    rule: float,
    *,
    unsure: bool = False,
    people: float | None = None,
    model: float | None = None,
    setup: str = "aaaa",
) -> ScoreSet:
    """One answer: by the rule, and by whoever took its place."""
    row: dict[str, Any] = {"id": "q", "prompt": "なぜ？", "gold": ["海"], "response": "x"}
    counted = people if people is not None else model if model is not None else rule
    row |= {"scores": {"correct": counted}, "unsure": unsure}
    if people is not None or model is not None:
        row["rule"] = {"scores": {"correct": rule}}
    if model is not None:
        row["judge"] = {"setup": setup, "counted": people is None}
    return from_rows("c", "knowledge", {}, [row])


@pytest.mark.parametrize(
    ("ours", "theirs", "counted"),
    [
        # A model judged both.
        (answers(0, unsure=True, model=1), answers(0, unsure=True, model=0), (1, 0)),
        # It is never asked where the rule is sure: that verdict is as good as its own.
        (answers(0, unsure=True, model=1), answers(1), (1, 1)),
        (answers(1), answers(0, unsure=True, model=1), (1, 1)),
        # It left the other one open: then the rule is the only judge of both.
        (answers(0, unsure=True, model=1), answers(0, unsure=True), (0, 0)),
        # Another model, or the same one set up otherwise, is another judge.
        (
            answers(0, unsure=True, model=1),
            answers(0, unsure=True, model=1, setup="bbbb"),
            (0, 0),
        ),
        # A person on one side, a model on the other.
        (answers(0, unsure=True, people=1), answers(0, unsure=True, model=1), (0, 0)),
        (answers(0, unsure=True, model=1), answers(0, unsure=True, people=1, model=1), (0, 0)),
        # A person beside the rule, however sure it is.
        (answers(0, people=1), answers(1), (0, 1)),
        (answers(0, people=1), answers(0, people=0), (1, 0)),
    ],
)
def test_a_pair_counts_by_the_judge_that_both_have(
    ours: ScoreSet, theirs: ScoreSet, counted: tuple[float, float]
) -> None:
    found = paired(ours, theirs, "correct")
    assert (found.ours[0], found.theirs[0]) == counted
