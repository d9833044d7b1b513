"""Brier score and calibration error against scikit-learn, torchmetrics, by hand and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from harness.records import Interval
from harness.statistics.calibration import (
    Bin,
    brier,
    expected_calibration_error,
    reliability,
)
from harness.statistics.intervals import mean_interval


def _answers(seed: int, n: int, power: float = 1.0) -> tuple[list[float], list[float]]:
    """Confidences of a model that is right with probability confidence ** power."""
    draw = np.random.default_rng(seed)
    sure = draw.beta(3, 1.5, n)
    return sure.tolist(), (draw.random(n) < sure**power).astype(float).tolist()


def _singles(n: int) -> list[str]:
    return [str(index) for index in range(n)]


def test_the_brier_score_agrees_with_sklearn() -> None:
    sure, right = _answers(1, 300)
    value, interval = brier(sure, right, _singles(300))
    assert value == pytest.approx(brier_score_loss(right, sure))
    squares = [(c - r) ** 2 for c, r in zip(sure, right, strict=True)]
    assert interval == mean_interval(squares, _singles(300))[1]
    assert interval.low < value < interval.high


def test_the_share_of_right_ones_for_all_has_its_variance() -> None:
    assert brier([0.7] * 10, [1.0] * 7 + [0.0] * 3, _singles(10))[0] == pytest.approx(0.21)


@pytest.mark.parametrize("bins", [5, 10, 15])
def test_the_calibration_error_agrees_with_torchmetrics(bins: int) -> None:
    import torch
    from torchmetrics.functional.classification import binary_calibration_error

    sure, right = _answers(2, 500, power=2.0)
    expected = binary_calibration_error(
        torch.tensor(sure, dtype=torch.float64), torch.tensor(right).int(), n_bins=bins, norm="l1"
    )
    got = expected_calibration_error(sure, right, _singles(500), bins)[0]
    assert got == pytest.approx(float(expected), abs=1e-6)


def test_bins_and_error_by_hand() -> None:
    # .85 .90 in the ninth bin, one right; .95 1.0 in the tenth, both right; 0 in the first, wrong.
    sure, right = [0.9, 0.85, 0.95, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0, 0.0]
    assert reliability(sure, right) == (
        Bin(0.0, 0.1, 1, 0.0, 0.0),
        Bin(0.8, 0.9, 2, pytest.approx(0.875), 0.5),
        Bin(0.9, 1.0, 2, pytest.approx(0.975), 1.0),
    )
    value, _ = expected_calibration_error(sure, right, _singles(5))
    assert value == pytest.approx((0 + 2 * 0.375 + 2 * 0.025) / 5)


@pytest.mark.parametrize("place", range(1, 11))
def test_an_edge_is_in_the_bin_below_it(place: int) -> None:
    (found,) = reliability([place / 10], [1.0])
    assert (found.low, found.high) == ((place - 1) / 10, place / 10)


def test_the_error_of_a_calibrated_model_is_above_zero_and_its_interval_reaches_down() -> None:
    # A longer run, 300 trials each: see the docstring.
    held, values = 0, []
    for seed in range(25):
        sure, right = _answers(seed, 200)
        value, interval = expected_calibration_error(sure, right, _singles(200))
        held += interval.low == 0.0
        values.append(value)
        assert interval.low <= value <= interval.high
    assert 0.05 < np.mean(values) < 0.09
    assert held >= 21


def test_the_interval_holds_the_error_of_an_overconfident_model() -> None:
    # Right with the square of the confidence: the gaps have one sign, so that the error is
    # E[c] - E[c²], the moments of Beta(3, 1.5).
    truth = 3 / 4.5 - 3 * 4 / (4.5 * 5.5)
    held = 0
    for seed in range(20):
        sure, right = _answers(100 + seed, 300, power=2.0)
        _, interval = expected_calibration_error(sure, right, _singles(300))
        held += interval.low <= truth <= interval.high
    assert held >= 18


def test_documents_of_equal_answers_count_as_one_answer_each() -> None:
    sure, right = _answers(7, 100, power=2.0)
    eights = [[x for x in side for _ in range(8)] for side in (sure, right)]
    clusters = [str(index // 8) for index in range(800)]
    value, interval = expected_calibration_error(sure, right, _singles(100))
    again, in_eights = expected_calibration_error(*eights, clusters)
    alone = expected_calibration_error(*eights, _singles(800))[1]
    assert again == pytest.approx(value)
    width = interval.high - interval.low
    assert in_eights.high - in_eights.low == pytest.approx(width, rel=0.1)
    assert alone.high - alone.low < 0.5 * width


def test_answers_that_are_all_right_leave_room_for_wrong_ones() -> None:
    # The rule of three: up to 3 of 50 may be wrong, sure as they are.
    value, interval = expected_calibration_error([1.0] * 50, [1.0] * 50, _singles(50))
    assert (value, interval.low) == (0.0, 0.0)
    assert 0.03 < interval.high < 0.1


def test_one_document_says_nothing() -> None:
    _, interval = expected_calibration_error([0.4, 0.9], [0.0, 1.0], ["a", "a"])
    assert interval == Interval(0.0, 1.0, "one cluster: not estimable")


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="0 confidences"):
        reliability([], [])
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier([1.2], [1.0], ["a"])
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier([math.nan], [1.0], ["a"])
    with pytest.raises(ValueError, match="right"):
        reliability([0.4], [0.5])
    with pytest.raises(ValueError, match="its cluster"):
        expected_calibration_error([0.4, 0.5], [1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="0 bins"):
        reliability([0.4], [1.0], bins=0)
