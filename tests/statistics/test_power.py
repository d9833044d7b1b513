"""Planning against published figures, statsmodels and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower

from harness.statistics.paired import paired_difference
from harness.statistics.power import (
    design_effect,
    detectable_difference,
    discordance,
    power_of,
    sample_size,
)


@pytest.mark.parametrize(
    ("margin", "share", "expected"),
    [(0.05, 0.05, 124), (0.05, 0.10, 247), (0.05, 0.20, 495), (0.03, 0.10, 687), (0.02, 0.20, 3091)],
)  # fmt: skip
def test_sizes_of_non_inferiority_tests(margin: float, share: float, expected: int) -> None:
    # (1.645 + .842)² · share / margin², rounded to the nearest: one-sided 5 %, power 80 %
    assert sample_size(margin, share, level=0.90) == pytest.approx(expected, abs=1)


def test_millers_example() -> None:
    # arXiv 2411.00640: a difference of 3 points, variance 1/9 of the question means, 969 questions
    assert sample_size(0.03, 1 / 9, level=0.95) == 969


@pytest.mark.parametrize(("margin", "share"), [(0.05, 0.1), (0.03, 0.3), (0.1, 0.6)])
def test_it_agrees_with_statsmodels_normal_test(margin: float, share: float) -> None:
    # ratio=0 makes NormalIndPower a one-sample test; non-inferiority is one-sided.
    effect = margin / math.sqrt(share)
    size = NormalIndPower().solve_power(
        effect, power=0.8, alpha=0.025, ratio=0, alternative="larger"
    )
    assert sample_size(margin, share) == math.ceil(size)
    power = NormalIndPower().power(effect, 300, 0.025, ratio=0, alternative="larger")
    assert power_of(300, margin, share) == pytest.approx(power)


def test_the_three_are_inverses() -> None:
    for share in (0.0, 0.004, 0.1, 0.5):
        for effect in (1.0, 3.1):
            n = sample_size(0.04, share, design_effect=effect)
            assert detectable_difference(n, share, design_effect=effect) <= 0.04
            assert detectable_difference(n - 1, share, design_effect=effect) > 0.04
            assert power_of(n, 0.04, share, design_effect=effect) >= 0.8
            assert power_of(n - 1, 0.04, share, design_effect=effect) < 0.8


@pytest.mark.parametrize("margin", [0.2, 0.1, 0.05, 0.02])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_equal_answers_pass_at_the_planned_size_and_not_long_before(
    margin: float, level: float
) -> None:
    n = sample_size(margin, 0.0, level=level)
    ones = [1.0] * n
    clusters = [str(index) for index in range(n)]
    assert paired_difference(ones, ones, clusters, level)[1].low > -margin
    few = int(0.8 * n)
    assert paired_difference(ones[:few], ones[:few], clusters[:few], level)[1].low < -margin


def test_the_gate_passes_as_often_as_planned() -> None:
    n = sample_size(0.05, 0.10)
    generator = np.random.default_rng(1)
    clusters, theirs = [str(index) for index in range(n)], [0.0, 1.0] * (n // 2) + [1.0] * (n % 2)
    passed, trials = 0, 1000
    for _ in range(trials):
        flipped = generator.random(n) < 0.10
        ours = np.where(flipped, 1 - np.array(theirs), theirs).tolist()
        passed += paired_difference(ours, theirs, clusters)[1].low > -0.05
    assert passed / trials == pytest.approx(0.8, abs=0.05)


def test_documents_multiply_the_size() -> None:
    assert sample_size(0.05, 0.1, design_effect=3.1) == math.ceil(
        3.1 * (1.959964 + 0.841621) ** 2 * 0.1 / 0.0025
    )


def test_the_design_effect_of_equal_clusters_is_kishs() -> None:
    # 1 + (m - 1)·rho with rho .3 and m 8 is 3.1
    generator = np.random.default_rng(2)
    shares = generator.beta(0.6 * 7 / 3, 0.4 * 7 / 3, 20_000)
    scores = (generator.random((20_000, 8)) < shares[:, None]).astype(float).ravel()
    clusters = [str(index // 8) for index in range(160_000)]
    assert design_effect(scores.tolist(), clusters) == pytest.approx(3.1, abs=0.1)


def test_the_design_effect_stays_between_one_and_the_cluster_size() -> None:
    pairs = [str(index // 2) for index in range(20)]
    assert design_effect([1.0, 0.0] * 10, pairs) == 1.0  # clusters balanced within themselves
    assert design_effect([1.0] * 10 + [0.0] * 10, pairs) == 2.0
    assert design_effect([1.0] * 20, pairs) == 2.0  # nothing to estimate from
    assert design_effect([1.0, 0.0, 1.0], ["a"] * 3) == 3.0
    assert design_effect([0.2, 0.5, 0.9], list("abc")) == pytest.approx(1.0)


def test_discordance_is_the_share_of_answers_that_differ() -> None:
    assert discordance([1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]) == 0.5
    assert discordance([0.5, 1.0], [0.0, 1.0]) == pytest.approx(0.125)


def test_unusable_figures_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        sample_size(0.0, 0.1)
    with pytest.raises(ValueError, match=r"discordance 1\.5"):
        detectable_difference(10, 1.5)
    with pytest.raises(ValueError, match=r"design effect 0\.5"):
        power_of(10, 0.05, 0.1, design_effect=0.5)
    with pytest.raises(ValueError, match="must be paired"):
        discordance([1.0], [])
    with pytest.raises(ValueError, match="no scores"):
        design_effect([], [])
