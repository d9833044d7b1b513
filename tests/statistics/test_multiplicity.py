"""Adjusted p-values by hand and against another library each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from harness.statistics.multiplicity import benjamini_hochberg, holm


def test_holm_by_hand() -> None:
    # sorted .005, .01, .03, .04 times 4, 3, 2, 1, never falling
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_benjamini_hochberg_by_hand() -> None:
    # sorted .005, .01, .03, .04 times 4/1, 4/2, 4/3, 4/4, never rising from the end
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_they_agree_with_other_implementations() -> None:
    values = np.random.default_rng(0).uniform(size=40) ** 2
    order = np.argsort(values)
    steps = np.maximum.accumulate(values[order] * (40 - np.arange(40)))
    assert np.array(holm(values.tolist()))[order] == pytest.approx(np.minimum(steps, 1))
    expected = multipletests(values, method="fdr_bh")[1]
    assert benjamini_hochberg(values.tolist()) == pytest.approx(expected)


def test_benjamini_and_hochbergs_own_example() -> None:
    # Their table of 15 p-values (1995, section 4): 4 are claimed at q = .05, Bonferroni claims 3.
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
              0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    assert sum(p <= 0.05 for p in benjamini_hochberg(values)) == 4
    assert sum(p <= 0.05 for p in holm(values)) == 3


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_one_none_and_wrong_values(adjust: Callable[[list[float]], list[float]]) -> None:
    assert adjust([]) == []
    assert adjust([0.03]) == pytest.approx([0.03])
    with pytest.raises(ValueError, match="no p-value"):
        adjust([0.5, 1.5])


def test_no_adjusted_p_is_above_one() -> None:
    assert holm([0.9, 0.9]) == [1.0, 1.0]
