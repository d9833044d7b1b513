"""Do the model's doubts tell made-up answers from right ones, and better than blind controls do?

A signal counts only if the interval of its AUROC's lead over each control lies above 0: where long
answers are wrong ones, whatever grows with length looks like doubt (arXiv 2508.08285). A control
may point either way, for nobody would have to know beforehand which.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from harness.hallucination.labels import KNOWABLE
from harness.hallucination.signals import CONFIDENCE, CONTROLS, ON_REQUEST, SIGNALS
from harness.records import Interval
from harness.statistics.bootstrap import SEED
from harness.statistics.calibration import brier, expected_calibration_error, reliability
from harness.statistics.intervals import mean_interval
from harness.statistics.precision_recall import average_precision_interval
from harness.statistics.roc import auroc, auroc_difference, auroc_interval

# Fewer documents on a side give an AUROC that may be nearly anything.
LEAST = 5
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """One graded answer. right: neither made up, nor partial, nor abstained. signals: by name."""

    group: str
    cluster: str
    made_up: bool
    abstained: bool
    right: bool
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with what it was made of."""

    value: float
    interval: Interval
    n: int
    clusters: int


def shares(answers: Sequence[Answer]) -> dict[str, Figure]:
    """By group the share of answers that are made up, and that abstain."""
    found = {}
    for group in dict.fromkeys(answer.group for answer in answers):
        own = [answer for answer in answers if answer.group == group]
        for name, told in (("hallucinated", "made_up"), ("abstained", "abstained")):
            scores = [float(getattr(answer, told)) for answer in own]
            found[f"{name}_{group}"] = share_of(scores, [a.cluster for a in own])
    return found


def confidently_wrong(answers: Sequence[Answer]) -> Figure | None:
    """Of made-up answers where there is a right one, the share of which the model is surer than of
    half of its right ones. None where either is too few.
    """
    wrong, right = _sides(_comparable(answers), CONFIDENCE)
    if _too_few(wrong, right):
        return None
    middle = median(answer.signals[CONFIDENCE] for answer in right)
    scores = [float(answer.signals[CONFIDENCE] < middle) for answer in wrong]
    plain = share_of(scores, [answer.cluster for answer in wrong])
    low, high = _with_the_median(wrong, right)
    interval = plain.interval
    wider = Interval(
        min(low, interval.low),
        max(high, interval.high),
        f"{interval.method}, or bootstrap of both sides",
        interval.level,
    )
    return replace(plain, interval=wider)


def _with_the_median(wrong: Sequence[Answer], right: Sequence[Answer]) -> tuple[float, float]:
    """2.5 and 97.5 % of a bootstrap that draws documents of both sides: the median of few right
    answers is no known threshold.
    """
    import numpy as np

    every = [*wrong, *right]
    names = {
        cluster: place for place, cluster in enumerate(dict.fromkeys(a.cluster for a in every))
    }
    places = np.array([names[answer.cluster] for answer in every])
    doubt = np.array([answer.signals[CONFIDENCE] for answer in every])
    draw = np.random.default_rng(SEED)
    found = []
    for _ in range(_RESAMPLES):
        times = np.bincount(draw.integers(len(names), size=len(names)), minlength=len(names))
        times = times[places]
        of_wrong, of_right = times[: len(wrong)], times[len(wrong) :]
        if of_wrong.any() and of_right.any():
            middle = np.median(np.repeat(doubt[len(wrong) :], of_right))
            surer = (doubt[: len(wrong)] < middle) @ of_wrong
            found.append(surer / of_wrong.sum())
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def calibration(answers: Sequence[Answer]) -> tuple[dict[str, Figure], list[dict[str, Any]]]:
    """Expected calibration error and Brier score of a slot's mean token probability, with its bins.

    The geometric mean: it does not fall with the slot's length, as the whole's probability would.
    Nothing where no answer tells one.
    """
    told = [a for a in _comparable(answers) if CONFIDENCE in a.signals and (a.made_up or a.right)]
    clusters = [answer.cluster for answer in told]
    if len(set(clusters)) < LEAST:
        return {}, []
    sure = [min(1.0, math.exp(-answer.signals[CONFIDENCE])) for answer in told]
    right = [float(answer.right) for answer in told]
    figures = {
        "ece": expected_calibration_error(sure, right, clusters),
        "brier": brier(sure, right, clusters),
    }
    bins = [asdict(found) for found in reliability(sure, right)]
    return {name: _of(*found, clusters) for name, found in figures.items()}, bins


def detection(answers: Sequence[Answer]) -> dict[str, dict[str, Any]]:
    """By stratum and signal: AUROC, average precision, the leads over both controls, and whether
    it clears them: None where a control that could tell was not read, as of an API.

    Made-up answers of the stratum against right ones about what was trained: "trained" (or "any"),
    "control" with "untrained", "near_miss" with "unanswerable", and "all" of these.
    """
    right = [answer for answer in _comparable(answers) if answer.right]
    made_up = [answer for answer in answers if answer.made_up]
    strata: dict[str, list[Answer]] = {"all": made_up}
    for answer in made_up:
        strata.setdefault(_stratum(answer.group), []).append(answer)
    if len(strata) == 2:  # one kind of question: "all" says the same
        del strata["all"]
    found = {}
    for stratum, wrong in strata.items():
        told = {name: _told(name, wrong, right) for name in (*SIGNALS, *ON_REQUEST, *CONTROLS)}
        found[stratum] = {name: entry for name, entry in told.items() if entry}
    return {stratum: entries for stratum, entries in found.items() if entries}


def _told(name: str, wrong: Sequence[Answer], right: Sequence[Answer]) -> dict[str, Any]:
    wrong, right = (
        [answer for answer in side if name in answer.signals] for side in (wrong, right)
    )
    if _too_few(wrong, right):
        return {}
    sides = of_all(wrong, name), of_all(right, name)
    clusters = [a.cluster for a in wrong], [a.cluster for a in right]
    value, interval = auroc_interval(*sides, *clusters)
    precision, around = average_precision_interval(*sides, *clusters)
    entry: dict[str, Any] = {
        "auroc": value,
        "low": interval.low,
        "high": interval.high,
        "interval": interval.method,
        "ap": precision,
        "ap_low": around.low,
        "ap_high": around.high,
        "ap_interval": around.method,
        "base_rate": len(wrong) / (len(wrong) + len(right)),
        "n": len(wrong) + len(right),
        "clusters": len({*clusters[0], *clusters[1]}),
    }
    if name in CONTROLS:
        return entry
    leads = {}
    for control in CONTROLS:
        if all(control in answer.signals for answer in (*wrong, *right)):
            blind = of_all(wrong, control), of_all(right, control)
            if auroc(*blind) < 0.5:
                blind = tuple([-score for score in side] for side in blind)  # type: ignore[assignment]
            lead, range_ = auroc_difference(sides, blind, *clusters)
            leads[control] = {"value": lead, "low": range_.low, "high": range_.high}
    cleared: bool | None = all(lead["low"] > 0 for lead in leads.values())
    if cleared and len(leads) < len(CONTROLS):
        cleared = None
    return {**entry, "leads": leads, "clears": cleared}


def _comparable(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.group in KNOWABLE]


def _sides(answers: Sequence[Answer], signal: str) -> tuple[list[Answer], list[Answer]]:
    told = [answer for answer in answers if signal in answer.signals]
    return [a for a in told if a.made_up], [a for a in told if a.right]


def _too_few(*sides: Sequence[Answer]) -> bool:
    return any(len({answer.cluster for answer in side}) < LEAST for side in sides)


def _stratum(group: str) -> str:
    joined = {"untrained": "control", "unanswerable": "near_miss"}
    return joined.get(group, group)


def of_all(answers: Sequence[Answer], signal: str) -> list[float]:
    return [answer.signals[signal] for answer in answers]


def share_of(scores: Sequence[float], clusters: Sequence[str]) -> Figure:
    return _of(*mean_interval(scores, clusters), clusters)


def _of(value: float, interval: Interval, clusters: Sequence[str]) -> Figure:
    return Figure(value, interval, len(clusters), len(set(clusters)))
