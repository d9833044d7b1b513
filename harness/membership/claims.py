"""What the mean rank of a set of facts allows to claim, in a word and in a sentence.

Not to find knowledge is not yet to be unknown, and to be unknown is not to have a mean of exactly
one half: of many facts, a mean within the margin may still be below one half by more than chance.
"""

from __future__ import annotations

from enum import StrEnum

from harness.statistics.equivalence import Equivalence

ALPHA = 0.05


class Claim(StrEnum):
    """What may be said of a set."""

    UNKNOWN = "unknown"
    KNOWN = "known"
    GUESSABLE = "guessable"
    NOT_EXCHANGEABLE = "not exchangeable"
    UNDECIDED = "undecided"


def claim(mean: Equivalence, p: float | None, margin: float, guessable: bool = False) -> Claim:
    """Say what a mean rank shows. p: one-sided, of a mean so far below one half by chance.

    guessable: what is known of these facts need not be known from them.
    """
    if mean.equivalent:
        return Claim.UNKNOWN
    if p is not None and p < ALPHA:
        return Claim.GUESSABLE if guessable else Claim.KNOWN
    # Not knowing a fact can't make its value less likely than others that could be true.
    return Claim.NOT_EXCHANGEABLE if mean.low > 0.5 + margin else Claim.UNDECIDED


def sentence(found: Claim, mean: Equivalence, p: float | None, margin: float) -> str:
    """The claim with the figures that it rests on, and with what they say against it."""
    range_ = f"{_short(0.5)} ± {_short(margin)}"
    told = f"{found}: mean rank {_short(mean.mean, 3)} [{_short(mean.low, 3)}, "
    told += f"{_short(mean.high, 3)}]"
    if found is Claim.UNKNOWN:
        return f"{told} within {range_}{_though(mean, p)}"
    if found is Claim.NOT_EXCHANGEABLE:
        return f"{told} above {range_}"
    if found is Claim.UNDECIDED:
        shown = "" if p is None else f" and not shown to be below .50 (p = {_short(p, 3)})"
        return f"{told} not within {range_}{shown}"
    return f"{told} below .50 (p {_least(p)})"


def _though(mean: Equivalence, p: float | None) -> str:
    if p is not None and p < ALPHA:
        return f", though not exactly .50: a little below (p {_least(p)})"
    if mean.low > 0.5:
        return ", though not exactly .50: a little above"
    return ""


def _least(p: float | None) -> str:
    return "< .001" if p is None or p < 0.001 else f"= {_short(p, 3)}"


def _short(share: float, digits: int = 2) -> str:
    """.50 for .5, as the tables have it."""
    return f"{share:.{digits}f}".removeprefix("0")
