"""Which graded answers are a random part of their stratum.

The sampling offers the answers of a stratum in the order of their keys, which are hashes. So those
graded from the beginning of that order on, without a gap, are a random part of the stratum, whoever
graded them, for whatever comparison, and in whichever run. What was offered beyond a gap came of
another comparison, whose strata were others, and is left out; what a person picked counts for
itself. An answer that was skipped, or on which people can't agree, leaves no gap.

`report/assets/queue.js` does the same in the page; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.comparison.rated import Rated
from harness.statistics.double_sampling import PairStratum, Stratum


def answer_strata(answers: Sequence[Rated]) -> list[Stratum]:
    """One checkpoint's answers of one form, in strata by the rule's outcome."""
    groups: dict[str, list[tuple[Rated, ...]]] = {}
    for answer in answers:
        groups.setdefault(answer.outcome, []).append((answer,))
    strata = []
    for name, units in sorted(groups.items()):
        drawn, certain = _drawn(units)
        strata.append(
            Stratum(
                name,
                size=len(units),
                graded=len(drawn),
                right=sum(answer.right for (answer,) in drawn),
                certain=len(certain),
                certain_right=sum(answer.right for (answer,) in certain),
            )
        )
    return strata


def pair_strata(pairs: Sequence[tuple[Rated, Rated]]) -> list[PairStratum]:
    """Two checkpoints' answers to the same questions (ours, theirs), by the rule's two outcomes.

    Equal answers are a stratum of their own: no grade can tell them apart.
    """
    equal = sum(ours.key == theirs.key for ours, theirs in pairs)
    strata = [PairStratum("equal answers", size=equal, certain=equal)] if equal else []
    groups: dict[str, list[tuple[Rated, ...]]] = {}
    for ours, theirs in pairs:
        if ours.key != theirs.key:
            groups.setdefault(f"{ours.outcome}, {theirs.outcome}", []).append((ours, theirs))
    for name, units in sorted(groups.items()):
        drawn, certain = _drawn(units)
        strata.append(
            PairStratum(
                name,
                size=len(units),
                graded=len(drawn),
                won=_ahead(drawn),
                lost=_behind(drawn),
                certain=len(certain),
                certain_won=_ahead(certain),
                certain_lost=_behind(certain),
            )
        )
    return strata


def _drawn(
    units: Sequence[tuple[Rated, ...]],
) -> tuple[list[tuple[Rated, ...]], list[tuple[Rated, ...]]]:
    """The graded units drawn at random, and those that people picked themselves."""
    drawn, certain, gap = [], [], False
    for unit in sorted(units, key=lambda u: min(answer.key for answer in u)):
        if not all(answer.verdict for answer in unit):
            gap = gap or not any(answer.passed_over for answer in unit)
        elif not any(answer.sampled for answer in unit):
            certain.append(unit)
        elif not gap:
            drawn.append(unit)
    return drawn, certain


def _ahead(pairs: Sequence[tuple[Rated, ...]]) -> int:
    return sum(ours.right and not theirs.right for ours, theirs in pairs)


def _behind(pairs: Sequence[tuple[Rated, ...]]) -> int:
    return sum(theirs.right and not ours.right for ours, theirs in pairs)
