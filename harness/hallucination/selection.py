"""How many questions may be answered at a risk: signal and threshold are chosen on one half of the
documents and judged on the other, so that no luck in choosing is told as merit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from harness.hallucination.signals import CONTROLS, ON_REQUEST, SIGNALS
from harness.hallucination.study import Answer, of_all, share_of
from harness.statistics.roc import auroc
from harness.statistics.selective import area, halves, risk_coverage, selected, threshold_for

RISK = 0.05


def selection(answers: Sequence[Answer], risk: float = RISK) -> dict[str, Any]:
    """What a threshold for a risk does; {} where no answer has a signal or none is made up.

    target: the risk asked for. signal, threshold: as chosen (None: answer nothing), on `chosen_on`
    answers. The rest is of the other half: `harness.statistics.selective.Selected`, and withheld,
    the share of right answers that refusing so costs. An answer that abstains is not given; one
    that is neither made up nor right counts as right. curves: by signal, (coverage, risk) of all;
    areas: under the risk of what was answered (AURC).
    """
    names = [n for n in (*SIGNALS, *ON_REQUEST) if any(n in a.signals for a in answers)]
    asked = [a for a in answers if a.abstained or all(name in a.signals for name in names)]
    if not names or not any(answer.made_up for answer in asked):
        return {}
    first, second = (
        [asked[place] for place in places] for places in halves([a.cluster for a in asked])
    )
    if not first or not second:
        return {}
    signal, threshold = _chosen([a for a in first if not a.abstained], names, risk)
    risks = [math.inf if a.abstained else a.signals[signal] for a in second]
    given = [threshold is not None and doubt <= threshold for doubt in risks]
    clusters = [answer.cluster for answer in second]
    found = selected(risks, [float(a.made_up) for a in second], clusters, threshold)
    right = [(float(not g), a.cluster) for g, a in zip(given, second, strict=True) if a.right]
    return {
        "target": risk,
        "signal": signal,
        "threshold": threshold,
        "chosen_on": len(first),
        **asdict(found),
        "clusters": len(set(clusters)),
        "clusters_answered": len({c for c, g in zip(clusters, given, strict=True) if g}),
        "withheld": asdict(share_of(*zip(*right, strict=True))) if right else None,
        "areas": _areas([a for a in asked if not a.abstained], names),
        "curves": _curves(asked, names),
    }


def _chosen(given: Sequence[Answer], names: Sequence[str], risk: float) -> tuple[str, float | None]:
    """The signal that tells best, and the threshold with the largest coverage at the risk."""
    wrong = [answer for answer in given if answer.made_up]
    others = [answer for answer in given if not answer.made_up]
    if not others:
        return names[0], None
    signal = names[0]
    if wrong:
        signal = max(names, key=lambda name: auroc(of_all(wrong, name), of_all(others, name)))
    labels = [float(answer.made_up) for answer in given]
    return signal, threshold_for(of_all(given, signal), labels, risk)


def _areas(given: Sequence[Answer], names: Sequence[str]) -> dict[str, float]:
    labels = [float(answer.made_up) for answer in given]
    return {name: area(of_all(given, name), labels) for name in names if given}


def _curves(asked: Sequence[Answer], names: Sequence[str]) -> dict[str, Any]:
    """Coverage is of all that was asked, as at the threshold: what abstains is never given."""
    given = [answer for answer in asked if not answer.abstained]
    labels = [float(answer.made_up) for answer in given]
    return {
        name: [
            (covered * len(given) / len(asked), wrong)
            for covered, wrong in risk_coverage(of_all(given, name), labels)
        ]
        for name in (*names, *CONTROLS)
        if given and all(name in answer.signals for answer in given)
    }
