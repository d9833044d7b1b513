"""Which graded answers are a random part of their stratum.

The sampling offers the answers of a stratum in the order of their keys, which are hashes. So the
answers from the beginning of that order up to the last one that the sampling of this checkpoint, or
of this pair, offered are a random part of the stratum, whoever graded them and in whichever run:
those that a person looked up, or that another sampling offered, lie among them as often as
anywhere. What was graded beyond counts for itself, in accuracy as counted, and stands for nothing
else.

Where an answer in between is open (it changed since), those around it are a choice and no random
part: then there is none, until it is graded. The queue offers it first. An answer that was skipped
is passed over; one on which people can't agree counts half.

`report/assets/queue.js` does the same in the page; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.comparison.rated import Rated
from harness.statistics.double_sampling import PairStratum, Stratum

_Unit = tuple[Rated, ...]


def answer_strata(answers: Sequence[Rated]) -> list[Stratum]:
    """One checkpoint's answers of one form, in strata by the rule's outcome."""
    groups: dict[str, list[_Unit]] = {}
    for answer in answers:
        groups.setdefault(answer.outcome, []).append((answer,))
    strata = []
    for name, units in sorted(groups.items()):
        drawn, told = _drawn(units, f"queue:{answers[0].checkpoint}")
        right = sum(_value(answer) for (answer,) in drawn)
        strata.append(Stratum(name + told, size=len(units), graded=len(drawn), right=right))
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
        drawn, told = _drawn(units, f"queue:{a}|{b}", f"queue:{b}|{a}")
        apart = [_value(ours) - _value(theirs) for ours, theirs in drawn]
        strata.append(
            PairStratum(
                name + told,
                size=len(units),
                graded=len(drawn),
                won=sum(max(0.0, d) for d in apart),
                lost=sum(max(0.0, -d) for d in apart),
            )
        )
    return strata


def _drawn(units: Sequence[_Unit], *queues: str) -> tuple[list[_Unit], str]:
    """The units drawn at random, and what to say where answers between them are open."""
    order = sorted(units, key=lambda unit: min(answer.key for answer in unit))
    if all(map(_passed_over, order)):
        return order, ""  # nobody can say of any: half, rather than no figure for all strata
    offered = [
        i
        for i, unit in enumerate(order)
        if _settled(unit) and any(answer.offered(*queues) for answer in unit)
    ]
    reached = order[: offered[-1] + 1] if offered else []
    still_open = sum(not _settled(unit) and not _passed_over(unit) for unit in reached)
    if still_open:
        return [], f" ({still_open} between graded ones are open)"
    return [unit for unit in reached if _settled(unit)], ""


def _settled(unit: _Unit) -> bool:
    return all(answer.said for answer in unit)


def _passed_over(unit: _Unit) -> bool:
    return any(answer.skipped and not answer.said for answer in unit)


def _value(answer: Rated) -> float:
    """1 for right, 0 for wrong, a half where people can't tell."""
    return float(answer.right) if answer.verdict else 0.5
