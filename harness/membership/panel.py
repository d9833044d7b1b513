"""What attacks say of labelled texts, and whether that is evidence.

A calibration pair (known members, known others) shows what an attack can do with one model in one
language. But a pair may be told apart without any model: by its dates, its topics, its lengths. So
blind baselines (`harness.membership.blind`) come first, and evidence is only what an attack finds
beyond the best of them (Das, Zhang and Tramèr, arXiv 2406.16201; Meeus et al., arXiv 2406.17975):

    invalid    a blind baseline separates the pair: the lower bound of its AUROC is above .55
    works      some attack's AUROC is above the best blind one's, by an interval of the difference
               that holds for all attacks at once, and above one half
    no power   not so, and every attack's AUROC is below .60 by its interval
    too few    neither is shown: there are fewer than 20 documents on a side, or intervals too wide
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness.membership.attacks import PANEL
from harness.membership.blind import VARIANCE
from harness.membership.enough import at_chance, to_stay_above, to_stay_below
from harness.records import Interval
from harness.statistics.intervals import LEVEL
from harness.statistics.roc import (
    auroc,
    auroc_difference,
    auroc_interval,
    histograms,
    roc_points,
    tpr_at_fpr,
)

BLIND_BOUND = 0.55
FEWEST = 20  # documents on a side; with fewer even a perfect attack has a wide interval
# Normal scores of AUROC .60 find 10 % of the members at 5 % false positives: twice as many as lots.
USEFUL = 0.6
FPRS = {"tpr_5": 0.05, "tpr_1": 0.01}


class Verdict(StrEnum):
    """Whether an attack's figures on a pair are evidence."""

    WORKS = "works"
    NO_POWER = "no power"
    TOO_FEW = "too few"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled text: attack scores and blind scores by name."""

    id: str
    document: str
    member: bool
    attacks: Mapping[str, float]
    blind: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An AUROC, or a difference of two, with its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of one pair. members, others: texts; documents: of both sides. blind and
    attacks: AUROCs by name. evidence: by attack, the difference to the best blind baseline.
    attack: the one with the most evidence. needed: documents on a side that would tell, where there
    are too few; 0 where that can't be said. not_run: those of the panel that some texts lack."""

    verdict: Verdict
    members: int
    others: int
    documents: int
    reason: str = ""
    attack: str = ""
    best_blind: str = ""
    attacks: Mapping[str, Estimate] = field(default_factory=dict)
    blind: Mapping[str, Estimate] = field(default_factory=dict)
    evidence: Mapping[str, Estimate] = field(default_factory=dict)
    needed: int = 0
    not_run: Sequence[str] = ()

    def sentence(self, words: Mapping[Verdict, str]) -> str:
        """The verdict, in the words that are given, with the figures that it rests on."""
        word = words[self.verdict]
        if self.verdict is Verdict.INVALID or not self.attack:
            return f"{word}: {self.reason}"
        said = f"{named(self.attack)} AUROC {_told(self.attacks[self.attack])}"
        blind = f"blind {_told(self.blind[self.best_blind])}" if self.best_blind else "0.500"
        if self.verdict is Verdict.WORKS:
            return f"{word}: {said} > {blind}"
        return f"{word}: {said}, {blind}; {self.reason}"


def named(attack: str) -> str:
    """An attack as papers write it: Min-K%++ 20."""
    words = {"loss": "loss", "zlib": "zlib", "reference": "reference", "dc_pdd": "DC-PDD"}
    for stem, name in (("min_k_plus_plus_", "Min-K%++"), ("min_k_", "Min-K%")):
        if attack.startswith(stem):
            return f"{name} {attack.removeprefix(stem)}"
    return words.get(attack, attack)


def judge(texts: Sequence[Scored], panel: Sequence[str] = PANEL) -> Judgement:
    """Say what the attacks' AUROCs on a pair are worth, `Scored` texts of one language and length.

    panel: attacks that may give the verdict; those that some text lacks are left out and named. The
    intervals of `evidence` have level 1 - .05/m for m attacks (Bonferroni), so that the best of
    them may be picked. At that level its AUROC must be above one half, too.
    """
    sides = _sides(texts)
    members, others, documents = len(sides[0]), len(sides[1]), len({t.document for t in texts})
    fewest = min(len({t.document for t in side}) for side in sides)
    names = [name for name in panel if all(name in t.attacks for t in texts)]
    not_run = [name for name in panel if name not in names]
    if fewest < FEWEST:
        needed = at_chance(USEFUL - 0.5)
        reason = (
            f"{fewest} documents on a side; {FEWEST} are needed to show that an attack works, "
            f"{needed} that none reaches an AUROC of {USEFUL:.2f}"
        )
        return Judgement(
            Verdict.TOO_FEW, members, others, documents, reason, needed=needed, not_run=not_run
        )
    blind = {name: _estimate(sides, "blind", name) for name in texts[0].blind}
    best = max(blind, key=lambda name: blind[name].value, default="")
    level = 1 - (1 - LEVEL) / len(names)
    attacks = {name: _estimate(sides, "attacks", name) for name in names}
    evidence = {name: _evidence(sides, name, best, level) for name in names}
    attack = max(evidence, key=lambda name: evidence[name].interval.low)
    found = Judgement(
        Verdict.NO_POWER,
        members,
        others,
        documents,
        attack=attack,
        best_blind=best,
        attacks=attacks,
        blind=blind,
        evidence=evidence,
        not_run=not_run,
    )
    separating = [name for name in blind if blind[name].interval.low > BLIND_BOUND]
    if separating:
        told = ", ".join(f"{name} {_told(blind[name])}" for name in separating)
        reason = f"told apart without the model (AUROC: {told}), so no attack's figure is evidence"
        return dataclasses.replace(found, verdict=Verdict.INVALID, reason=reason)
    clear = [
        name
        for name in names
        if evidence[name].interval.low > 0
        and _estimate(sides, "attacks", name, level).interval.low > 0.5
    ]
    if clear:
        attack = max(clear, key=lambda name: evidence[name].interval.low)
        return dataclasses.replace(found, verdict=Verdict.WORKS, attack=attack)
    return _without_evidence(found, fewest)


def _without_evidence(found: Judgement, fewest: int) -> Judgement:
    """No power, if every attack's AUROC is shown to be small, each by its own interval.

    That all hold needs no correction (Berger 1982). fewest: documents on the smaller side.
    """
    difference = found.evidence[found.attack]
    reason = (
        f"difference {difference.value:+.3f} "
        f"[{difference.interval.low:+.3f}, {difference.interval.high:+.3f}]"
    )
    undecided = [e for e in found.attacks.values() if e.interval.high >= USEFUL]
    if not undecided:
        return dataclasses.replace(found, reason=reason)
    refuted = max(to_stay_below(e.value, e.interval, USEFUL) for e in undecided)
    shown = min(to_stay_above(e.value, e.interval, 0.0) for e in found.evidence.values())
    times = min(refuted, shown)
    needed = 0 if math.isinf(times) else math.ceil(fewest * times)
    highest = max(e.interval.high for e in undecided)
    reason += f"; with {fewest} documents on a side an AUROC of {highest:.3f} is not ruled out"
    if needed:
        reason += f", about {needed} would tell"
    return dataclasses.replace(found, verdict=Verdict.TOO_FEW, reason=reason, needed=needed)


def curves(texts: Sequence[Scored], judgement: Judgement) -> dict[str, dict[str, Any]]:
    """Every attack's figures as plain JSON: AUROC; for those of `PANEL` evidence and ROC, too."""
    sides = _sides(texts)
    names = [name for name in texts[0].attacks if all(name in t.attacks for t in texts)]
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        known = judgement.attacks.get(name) or _estimate(sides, "attacks", name)
        found[name] = plain(known, "auroc")
        if name in PANEL:
            if name in judgement.evidence:
                found[name]["evidence"] = plain(judgement.evidence[name], "value")
            found[name] |= _points(sides, name)
    return found


def plain(estimate: Estimate, key: str) -> dict[str, float]:
    """An estimate as plain JSON."""
    interval = estimate.interval
    return {
        key: estimate.value,
        "low": interval.low,
        "high": interval.high,
        "level": interval.level,
    }


_Sides = tuple[Sequence[Scored], Sequence[Scored]]


def _sides(texts: Sequence[Scored]) -> _Sides:
    return [t for t in texts if t.member], [t for t in texts if not t.member]


def _scores(sides: _Sides, kind: str, name: str) -> tuple[list[float], list[float]]:
    members, others = ([getattr(t, kind)[name] for t in side] for side in sides)
    return members, others


def _clusters(sides: _Sides) -> tuple[list[str], list[str]]:
    members, others = ([t.document for t in side] for side in sides)
    return members, others


def _estimate(sides: _Sides, kind: str, name: str, level: float = LEVEL) -> Estimate:
    scores, times = _scores(sides, kind, name), VARIANCE if kind == "blind" else 1.0
    return Estimate(*auroc_interval(*scores, *_clusters(sides), level=level, times=times))


def _evidence(sides: _Sides, attack: str, blind: str, level: float) -> Estimate:
    """An attack's AUROC less the blind one's, or less one half where that is more or all there is.

    Out of fold a classifier's scores lie below one half where there is nothing to learn.
    """
    ours, clusters = _scores(sides, "attacks", attack), _clusters(sides)
    theirs = _scores(sides, "blind", blind) if blind else ([], [])
    if blind and auroc(*theirs) > 0.5:
        value, interval = auroc_difference(ours, theirs, *clusters, level=level, times=VARIANCE)
    else:
        value, interval = auroc_interval(*ours, *clusters, level=level)
        low, high = interval.low - 0.5, interval.high - 0.5
        value, interval = value - 0.5, dataclasses.replace(interval, low=low, high=high)
    method = f"{interval.method}, {100 * level:.1f} %"
    return Estimate(value, dataclasses.replace(interval, method=method))


def _points(sides: _Sides, attack: str) -> dict[str, Any]:
    scores, clusters = _scores(sides, "attacks", attack), _clusters(sides)
    found: dict[str, Any] = {}
    for key, fpr in FPRS.items():
        point = tpr_at_fpr(*scores, fpr, *clusters)
        found[key] = {
            "tpr": point.tpr,
            "low": point.interval.low,
            "high": point.interval.high,
            "threshold": point.threshold,
            "fpr": point.fpr,
            "fpr_low": point.fpr_interval.low,
            "fpr_high": point.fpr_interval.high,
            "few": point.few,
            "too_few": point.too_few,
        }
    found["roc"] = [[round(x, 4), round(y, 4)] for x, y in roc_points(*scores)]
    shares = histograms(*scores)
    found["histogram"] = {
        "edges": [float(f"{edge:.5g}") for edge in shares.edges],
        "members": [round(share, 4) for share in shares.members],
        "others": [round(share, 4) for share in shares.others],
    }
    return found


def _told(estimate: Estimate) -> str:
    interval = estimate.interval
    return f"{estimate.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
