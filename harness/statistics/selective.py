"""Answering only where it is safe: what an error costs at each share of questions answered.

A signal says how risky each answer is (higher: riskier). Answers at or below a threshold are given,
the others withheld. Coverage is the share given, risk the share of wrong ones among those (El-Yaniv
and Wiener 2010; Geifman and El-Yaniv 2017, arXiv 1705.08500). A threshold must be chosen on other
questions than it is judged on: `halves`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.records import Interval
from harness.statistics.intervals import LEVEL, clustered_proportion


@dataclass(frozen=True, slots=True)
class Selected:
    """What a threshold does: `answered` of `n` questions, their share, and the wrong among them.

    risk: NaN where none is answered, its interval then [0, 1].
    """

    n: int
    answered: int
    coverage: float
    coverage_interval: Interval
    risk: float
    risk_interval: Interval


def risk_coverage(
    risks: Sequence[float], wrong: Sequence[float], most: int = 60
) -> list[tuple[float, float]]:
    """Return (coverage, risk), from the safest answers to all of them, at most `most` points.

    Answers of one risk are given together: there is no point between them. The points kept are
    even along the coverage. wrong: 1 for a wrong answer, 0 for a right one, aligned. Raises
    ValueError without answers, if lengths differ, where a risk is not a number, for a `wrong` other
    than 0 or 1, or for fewer than 2 points.
    """
    import numpy as np

    if most < 2:
        raise ValueError("a curve has two ends")
    steps = _steps(risks, wrong)
    given = np.array([answered for _, answered, _ in steps])
    even = np.linspace(given[0], given[-1], most) - 1e-9
    kept = np.unique(np.searchsorted(given, even))
    return [(steps[i][1] / len(risks), steps[i][2] / steps[i][1]) for i in kept]


def area(risks: Sequence[float], wrong: Sequence[float]) -> float:
    """Return the area under the risk-coverage curve, in [0, 1]; lower is better.

    The mean of the risks after 1, 2, ... n answers (AURC: Geifman, Uziel and El-Yaniv 2019, arXiv
    1805.08206). Answers of one risk come in random order, and the mean is over all orders, exactly:
    a signal that says nothing has the share of wrong answers. Raises ValueError as `risk_coverage`.
    """
    risk, before, mistakes = [], 0, 0
    for _, answered, wrong_so_far in _steps(risks, wrong):
        slope = (wrong_so_far - mistakes) / (answered - before)
        risk += [(mistakes + slope * (k - before)) / k for k in range(before + 1, answered + 1)]
        before, mistakes = answered, wrong_so_far
    return math.fsum(risk) / len(risk)


def threshold_for(risks: Sequence[float], wrong: Sequence[float], risk: float) -> float | None:
    """Return the largest of `risks` at which the answers at or below it are wrong at most so often.

    The largest, not where the curve first crosses `risk`: one early mistake is no reason to give no
    answer. None where every threshold costs more. It promises nothing of other questions, for it is
    the luckiest of many: a threshold for 5 % had there a risk of 6 to 8 % on average at an AUROC of
    .85 (50 to 150 answers, 20 to 40 % wrong; 5 % with 600), 6 to 14 % at .7, and at .5 that of all
    answers; the weaker the signal, the fewer it gives. Raises ValueError as `risk_coverage`, or
    unless 0 <= risk <= 1.
    """
    if not 0 <= risk <= 1:
        raise ValueError(f"a risk of {risk} is no share")
    within = [
        signal
        for signal, answered, mistakes in _steps(risks, wrong)
        if mistakes <= risk * answered + 1e-9
    ]
    return within[-1] if within else None


def selected(
    risks: Sequence[float],
    wrong: Sequence[float],
    clusters: Sequence[str],
    threshold: float | None,
    level: float = LEVEL,
) -> Selected:
    """Return coverage and risk at a threshold that was chosen on other questions.

    None as threshold answers nothing. Both intervals are Wilson's, clustered; the risk's takes
    the answered questions as given. Raises ValueError as `risk_coverage`.
    """
    _steps(risks, wrong)
    given = [threshold is not None and risk <= threshold for risk in risks]
    coverage, around = clustered_proportion([float(g) for g in given], clusters, level)
    mistakes = [float(bad) for bad, g in zip(wrong, given, strict=True) if g]
    if mistakes:
        of = [cluster for cluster, g in zip(clusters, given, strict=True) if g]
        risk, interval = clustered_proportion(mistakes, of, level)
    else:
        risk, interval = math.nan, Interval(0.0, 1.0, "none answered: not estimable", level)
    return Selected(len(risks), len(mistakes), coverage, around, risk, interval)


def halves(clusters: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the places of the first and of the second half; no cluster is in both.

    Clusters are ordered by the SHA-256 of their names, so the halves depend on the names alone, not
    on order, answers or luck. They have equally many clusters, or the first has one more.
    """
    names = sorted(set(clusters), key=lambda name: hashlib.sha256(name.encode()).digest())
    first = set(names[: (len(names) + 1) // 2])
    return (
        [place for place, cluster in enumerate(clusters) if cluster in first],
        [place for place, cluster in enumerate(clusters) if cluster not in first],
    )


def _steps(risks: Sequence[float], wrong: Sequence[float]) -> list[tuple[float, int, int]]:
    """Each distinct risk, lowest first: it, how many answers are at or below, how many wrong."""
    if not risks or len(risks) != len(wrong):
        raise ValueError(f"{len(risks)} risks and {len(wrong)} answers")
    if any(math.isnan(risk) for risk in risks):
        raise ValueError("a risk is not a number")
    if not set(wrong) <= {0.0, 1.0}:
        raise ValueError("an answer is wrong (1) or right (0)")
    steps: dict[float, tuple[int, int]] = {}
    mistakes = 0
    for answered, (risk, bad) in enumerate(sorted(zip(risks, wrong, strict=True)), 1):
        mistakes += bool(bad)
        steps[risk] = (answered, mistakes)
    return [(risk, answered, bad) for risk, (answered, bad) in steps.items()]
