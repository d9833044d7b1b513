"""How many documents would tell: against scipy's rank sum and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.membership.enough import at_chance, to_stay_above, to_stay_below
from harness.records import Interval


@pytest.mark.parametrize("distance", [0.05, 0.1, 0.2])
def test_at_chance_the_rank_sum_has_the_power_that_is_planned_for(distance: float) -> None:
    n = at_chance(distance)

    def power(n: int) -> float:
        # The exact variance of the Mann-Whitney statistic without a difference.
        deviation = math.sqrt(n * n * (2 * n + 1) / 12) / n**2
        return float(stats.norm.cdf(distance / deviation - stats.norm.ppf(0.975)))

    assert power(n - 1) < 0.8 <= power(n)


def test_a_simulated_rank_sum_varies_as_is_planned() -> None:
    draw = np.random.default_rng(2)
    n = at_chance(0.1)
    found = [
        stats.mannwhitneyu(draw.normal(size=n), draw.normal(size=n)).statistic / n**2
        for _ in range(1000)
    ]
    # z of .975 and .8 added, times the deviation, is the distance.
    assert float(np.std(found)) * (1.959964 + 0.841621) == pytest.approx(0.1, rel=0.08)


def test_an_interval_has_to_shrink_to_the_distance() -> None:
    # .06 wide where .05 would end at the bound: (.06/.05)², and (2.8016/1.96)² for 80 %.
    times = to_stay_below(0.55, Interval(0.49, 0.61, ""), 0.60)
    assert times == pytest.approx((0.06 / 0.05) ** 2 * (2.801585 / 1.959964) ** 2, rel=1e-4)
    assert to_stay_above(0.45, Interval(0.39, 0.51, ""), 0.40) == pytest.approx(times)


def test_what_lies_beyond_the_bound_never_ends_before_it() -> None:
    assert to_stay_below(0.61, Interval(0.5, 0.7, ""), 0.6) == math.inf
    assert to_stay_above(0.0, Interval(-0.1, 0.1, ""), 0.0) == math.inf


def test_what_is_clear_needs_no_more() -> None:
    assert to_stay_below(0.5, Interval(0.49, 0.51, ""), 0.6) == 1.0


def test_no_distance_is_refused() -> None:
    with pytest.raises(ValueError, match="is none"):
        at_chance(0.0)
