"""Signals of one answer, by hand."""

from __future__ import annotations

import math

import pytest

from harness.grading.facts import Fact
from harness.grading.meanings import Sorting, by_meaning, read_answers
from harness.hallucination.followups import p_true, question_nll, spread
from harness.hallucination.signals import doubts
from harness.records import Certainty, Reading, Response

# 価格 | は | 7 | 700 | 円 | (end of turn)
TOLD = Certainty(
    ends=(2, 3, 4, 7, 8, 8),
    logprobs=(-0.1, -0.2, -2.0, -1.0, -0.3, -0.4),
    entropies=(0.6, 0.0, 1.2, 0.6, 0.0, 0.6),
    margins=(1.0, 2.0, 0.5, 0.5, 1.0, 1.0),
)


def test_figures_by_hand() -> None:
    found = doubts(TOLD, [(3, 8)])
    assert found == pytest.approx(
        {
            "mean_nll": 4.0 / 6,
            "slot_nll": 3.3 / 3,
            "least": 2.0,
            "entropy": 0.5,
            "margin": -1.0,
            "length": 6,
        }
    )


def test_without_a_value_the_slot_is_the_whole_answer() -> None:
    found = doubts(TOLD, [])
    assert found["slot_nll"] == found["mean_nll"]


def test_pieces_of_one_character_are_in_its_slot() -> None:
    """An emoji of three tokens: the first two end where they begin."""
    told = Certainty((1, 1, 1, 2), (-0.1, -1.0, -2.0, -3.0), (0.0,) * 4, (0.0,) * 4)
    assert doubts(told, [(1, 2)])["slot_nll"] == pytest.approx(2.0)
    assert doubts(told, [(0, 1)])["slot_nll"] == pytest.approx(0.1)


def test_what_tells_nothing_has_no_signal() -> None:
    assert doubts(Certainty((), (), (), ()), []) == {}
    assert question_nll(None) is None


def test_a_question_is_read_by_its_mean() -> None:
    read = Response("", "scored", 2, reading=Reading((1, 2), (1, 2), (-1.0, -3.0)))
    assert question_nll(read) == 2.0


def test_belief_is_the_odds_of_no_against_yes() -> None:
    half = Response("はい", "scored", 1, (-1.0, -1.0))
    sure = Response("はい", "scored", 1, (math.log(0.09), math.log(0.01)))
    assert p_true(half) == 0.0
    assert p_true(sure) == pytest.approx(-math.log(9))


def priced(*texts: str) -> Sorting:
    return by_meaning(read_answers(texts, Fact("money", "1円"), "いくらですか？"))


def test_semantic_entropy_of_a_hand_computed_case() -> None:
    """Of four answers two give one price in two notations, two others a price each."""
    drawn = ["7,700円です。", "価格は7700円（税込）です。", "8,800円です。", "9,900円です。"]
    found = spread(priced("7700円です。", *drawn))
    assert found["semantic_entropy"] == pytest.approx(1.5 * math.log(2))
    assert found["inconsistency"] == 0.5


def test_answers_that_agree_have_no_entropy() -> None:
    found = spread(priced("7,700円", *["7700円です。"] * 3))
    assert found == {"semantic_entropy": 0.0, "inconsistency": 0.0}


def test_what_a_server_does_not_tell_has_no_signal() -> None:
    known = {"mean_nll": 4.0 / 6, "slot_nll": 3.3 / 3, "least": 2.0, "length": 6.0}
    bare = Certainty(TOLD.ends, TOLD.logprobs, (), ())
    assert doubts(bare, [(3, 8)]) == pytest.approx(known)
    margins = Certainty(TOLD.ends, TOLD.logprobs, (), TOLD.margins)
    assert doubts(margins, [(3, 8)]) == pytest.approx({**known, "margin": -1.0})
