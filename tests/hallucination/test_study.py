"""What is made of signals, against scikit-learn and by hand."""

from __future__ import annotations

import math
import random

import pytest

from harness.hallucination.selection import selection
from harness.hallucination.study import (
    Answer,
    calibration,
    confidently_wrong,
    detection,
    shares,
)


def answers(n: int = 200, seed: int = 1, honest: bool = True) -> list[Answer]:
    """Half made up, two a document; doubt tells where honest, length never does."""
    draw = random.Random(seed)
    made = []
    for place in range(n):
        wrong = place % 2 == 0
        doubt = draw.gauss(1.5 if wrong and honest else 0.5, 0.4)
        signals = {
            "mean_nll": abs(doubt),
            "slot_nll": abs(doubt),
            "least": abs(doubt) * 2,
            "entropy": draw.random(),
            "margin": -draw.random(),
            "length": float(draw.randint(8, 20)),
            "question_nll": draw.gauss(3, 1),
        }
        made.append(
            Answer("trained", f"d{place // 2 % (n // 2)}", wrong, False, not wrong, signals)
        )
    return made


def test_auroc_and_average_precision_are_scikit_learns() -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    every = answers()
    found = detection(every)["trained"]
    labels = [answer.made_up for answer in every]
    for name in ("slot_nll", "entropy", "length"):
        scores = [answer.signals[name] for answer in every]
        assert found[name]["auroc"] == pytest.approx(roc_auc_score(labels, scores))
        assert found[name]["ap"] == pytest.approx(average_precision_score(labels, scores))
        assert found[name]["base_rate"] == 0.5


def test_a_signal_counts_only_where_it_is_ahead_of_both_controls() -> None:
    found = detection(answers())["trained"]
    assert found["slot_nll"]["clears"]
    assert not found["entropy"]["clears"]
    assert "clears" not in found["length"]


def test_what_only_grows_with_length_does_not_count() -> None:
    every = [
        Answer(
            a.group,
            a.cluster,
            a.made_up,
            False,
            a.right,
            {**a.signals, "length": a.signals["slot_nll"] * 10},
        )
        for a in answers()
    ]
    assert detection(every)["trained"]["slot_nll"]["auroc"] > 0.9
    assert not detection(every)["trained"]["slot_nll"]["clears"]


def test_a_control_may_point_the_other_way() -> None:
    """Short answers are the made-up ones: length tells as much as doubt does."""
    every = [
        Answer(
            a.group,
            a.cluster,
            a.made_up,
            False,
            a.right,
            {**a.signals, "length": -a.signals["slot_nll"]},
        )
        for a in answers()
    ]
    assert not detection(every)["trained"]["slot_nll"]["clears"]


def test_a_control_that_was_not_read_leaves_open_what_the_other_does_not_settle() -> None:
    """As of an API's questions: entropy tells nothing, and is not ahead of length anyhow."""
    every = []
    for a in answers():
        told = {name: value for name, value in a.signals.items() if name != "question_nll"}
        every.append(Answer(a.group, a.cluster, a.made_up, False, a.right, told))
    found = detection(every)["trained"]
    assert set(found["slot_nll"]["leads"]) == {"length"}
    assert found["slot_nll"]["clears"] is None
    assert found["entropy"]["clears"] is False


def test_doubt_that_tells_nothing_clears_nothing() -> None:
    found = detection(answers(honest=False))["trained"]
    assert not any(found[name]["clears"] for name in ("mean_nll", "slot_nll", "entropy"))


def test_with_too_few_documents_nothing_is_said() -> None:
    assert detection(answers(8)) == {}
    assert confidently_wrong(answers(8)) is None
    assert calibration(answers(8)) == ({}, [])


def test_made_up_answers_about_unseen_documents_are_held_against_right_ones() -> None:
    unseen = [
        Answer("control", f"c{i}", True, False, False, {**a.signals, "slot_nll": 9.0})
        for i, a in enumerate(answers(40))
    ]
    found = detection([*answers(), *unseen])
    assert set(found) == {"all", "trained", "control"}
    assert found["control"]["slot_nll"]["auroc"] == 1.0
    assert found["all"]["slot_nll"]["n"] == 240


def test_confidently_wrong_by_hand() -> None:
    """Right ones doubt by .1 to .9, the median .5; of five made-up answers two doubt less."""
    right = [
        Answer("trained", f"r{i}", False, False, True, {"slot_nll": d})
        for i, d in enumerate((0.1, 0.3, 0.5, 0.7, 0.9))
    ]
    wrong = [
        Answer("trained", f"w{i}", True, False, False, {"slot_nll": d})
        for i, d in enumerate((0.2, 0.4, 0.5, 2.0, 3.0))
    ]
    found = confidently_wrong([*right, *wrong])
    assert found is not None
    assert found.value == pytest.approx(0.4)
    assert found.n == 5


def test_shares_count_every_question_of_a_group() -> None:
    every = [
        Answer("unanswerable", "a", True, False, False, {}),
        Answer("unanswerable", "b", False, True, False, {}),
        Answer("unanswerable", "c", False, True, False, {}),
        Answer("unanswerable", "d", False, True, False, {}),
    ]
    found = shares(every)
    assert found["hallucinated_unanswerable"].value == 0.25
    assert found["abstained_unanswerable"].value == 0.75


def test_brier_score_is_scikit_learns() -> None:
    from sklearn.metrics import brier_score_loss

    every = answers()
    figures, bins = calibration(every)
    sure = [math.exp(-answer.signals["slot_nll"]) for answer in every]
    expected = brier_score_loss([answer.right for answer in every], sure)
    assert figures["brier"].value == pytest.approx(expected)
    assert sum(found["n"] for found in bins) == len(every)


def test_a_threshold_is_chosen_on_one_half_and_told_of_the_other() -> None:
    every = answers(400)
    found = selection(every)
    assert found["signal"] in ("mean_nll", "slot_nll", "least")
    assert found["chosen_on"] + found["n"] == 400
    assert 0.3 < found["coverage"] < 0.6
    assert found["risk"] < 0.15
    assert found["target"] == 0.05


def test_where_doubt_tells_nothing_next_to_nothing_may_be_answered() -> None:
    found = selection(answers(400, honest=False))
    assert found["coverage"] < 0.2


def test_what_abstains_is_not_answered() -> None:
    silent = [Answer("control", f"s{i}", False, True, False, {}) for i in range(400)]
    found = selection([*answers(400), *silent])
    assert found["coverage"] < 0.3


def test_nothing_is_chosen_without_signals() -> None:
    bare = [Answer("trained", f"d{i}", i % 2 == 0, False, i % 2 == 1, {}) for i in range(40)]
    assert selection(bare) == {}
    assert detection(bare) == {}
