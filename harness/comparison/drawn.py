"""Which graded answers are a random part of their stratum.

The sampling offers the answers of a stratum in the order of their keys, which are hashes. So the
answers from the beginning of that order up to the last one that the sampling of this checkpoint, or
of this pair, offered are a random part of the stratum, whoever graded them and in whichever run:
those that a person looked up later, or that another sampling offered, lie among them as often as
anywhere. What was graded beyond counts for itself, in accuracy as counted, and stands for nothing
else.

What a person had looked up before the sampling first offered anything is set apart and counts for
itself, in the corrected figure, too: the sampling passed it over and is of the rest. Among the
drawn it would be too rare, for they end with one that was open. That remains of what is looked up
between two grades of the sampling: docs/statistics.md has how far it moves the figure. What another
sampling offered is not set apart, for it lies where the keys are low.

Where an answer in between is open (it changed since), those around it are a choice and no random
part: then there is none, until it is graded. The queue offers it first. Where none is open any more
all are known. An answer that was skipped is passed over; one on which people can't agree counts
half.

`report/assets/queue.js` does the same in the page; a test holds both together.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from harness.comparison.rated import Rated
from harness.statistics.double_sampling import PairStratum, Stratum

_Unit = tuple[Rated, ...]


@dataclass(frozen=True, slots=True)
class _Split:
    """Units of a stratum that were set apart, those drawn, and open ones that keep it from any."""

    apart: list[_Unit]
    drawn: list[_Unit]
    gaps: int = 0


def answer_strata(answers: Sequence[Rated]) -> list[Stratum]:
    """One checkpoint's answers of one form, in strata by the rule's outcome."""
    groups: dict[str, list[_Unit]] = {}
    for answer in answers:
        groups.setdefault(answer.outcome, []).append((answer,))
    strata = []
    for name, units in sorted(groups.items()):
        split = _split(units, f"queue:{answers[0].checkpoint}")
        strata.append(
            Stratum(
                name,
                size=len(units),
                graded=len(split.drawn),
                right=sum(_value(answer) for (answer,) in split.drawn),
                certain=len(split.apart),
                certain_right=sum(_value(answer) for (answer,) in split.apart),
                gaps=split.gaps,
            )
        )
    return strata


def pair_strata(pairs: Sequence[tuple[Rated, Rated]]) -> list[PairStratum]:
    """Two checkpoints' answers to the same questions (ours, theirs), by the rule's two outcomes.

    Equal answers are a stratum of their own: no grade can tell them apart.
    """
    equal = sum(ours.key == theirs.key for ours, theirs in pairs)
    strata = [PairStratum("equal answers", size=equal, certain=equal)] if equal else []
    groups: dict[str, list[_Unit]] = {}
    for ours, theirs in pairs:
        if ours.key != theirs.key:
            groups.setdefault(f"{ours.outcome}, {theirs.outcome}", []).append((ours, theirs))
    for name, units in sorted(groups.items()):
        a, b = (answer.checkpoint for answer in pairs[0])
        split = _split(units, f"queue:{a}|{b}", f"queue:{b}|{a}")
        won, lost = _won_and_lost(split.drawn)
        certain_won, certain_lost = _won_and_lost(split.apart)
        strata.append(
            PairStratum(
                name,
                size=len(units),
                graded=len(split.drawn),
                won=won,
                lost=lost,
                certain=len(split.apart),
                certain_won=certain_won,
                certain_lost=certain_lost,
                gaps=split.gaps,
            )
        )
    return strata


def _split(units: Sequence[_Unit], *queues: str) -> _Split:
    began = _began(units, *queues)
    apart: list[_Unit] = []
    rest: list[_Unit] = []
    for unit in sorted(units, key=lambda unit: min(answer.key for answer in unit)):
        (apart if _looked_up_before(unit, began) else rest).append(unit)
    if all(map(_passed_over, rest)):
        return _Split(apart, rest)  # nobody can say of any: half, rather than no figure at all
    offered = [i for i, unit in enumerate(rest) if _settled(unit) and _offered(unit, *queues)]
    reach = offered[-1] + 1 if offered else 0
    if not any(map(_open, rest)):
        reach = len(rest)
    if gaps := sum(map(_open, rest[:reach])):
        return _Split(apart, [], gaps)
    return _Split(apart, [unit for unit in rest[:reach] if _settled(unit)])


def _began(units: Sequence[_Unit], *queues: str) -> datetime.datetime | None:
    """When the sampling's first verdict came; None before any."""
    return min((time for unit in units for time in _offered(unit, *queues)), default=None)


def _offered(unit: _Unit, *queues: str) -> list[datetime.datetime]:
    return [time for answer in unit if (time := answer.offered(*queues))]


def _looked_up_before(unit: _Unit, began: datetime.datetime | None) -> bool:
    times = [answer.looked_up for answer in unit]
    return all(time is not None and (began is None or time < began) for time in times)


def _settled(unit: _Unit) -> bool:
    return all(answer.said for answer in unit)


def _passed_over(unit: _Unit) -> bool:
    return any(answer.skipped and not answer.said for answer in unit)


def _open(unit: _Unit) -> bool:
    return not _settled(unit) and not _passed_over(unit)


def _value(answer: Rated) -> float:
    """1 for right, 0 for wrong, a half where people can't tell."""
    return float(answer.right) if answer.verdict else 0.5


def _won_and_lost(units: Sequence[_Unit]) -> tuple[float, float]:
    apart = [_value(ours) - _value(theirs) for ours, theirs in units]
    return sum(max(0.0, d) for d in apart), sum(max(0.0, -d) for d in apart)
