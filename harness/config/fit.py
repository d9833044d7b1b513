"""What a checkpoint must keep to before somebody is advised to use it, as a matrix file sets it.

    [fit.easy]                       # a domain that is easy: prices, sizes, opening hours
    accuracy = 0.5                   # at least half of the trained facts right
    damaged = 0.05                   # of the answers at most
    hallucinated_trained = 0.1       # at most
    confidently_wrong = 0.05         # of all these answers, at most
    abstained_unanswerable = 0.8     # at least

    [fit.hard]                       # the same keys; nothing may ask for less than [fit.easy]
    accuracy = 0.8

The usual thresholds are judgements, not measurements; docs/fit.md has their reasons.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.toml import refuse_unknown, value

DOMAINS = ("easy", "hard")


@dataclass(frozen=True, slots=True)
class Demands:
    """Thresholds of one kind of domain, shares of 1, by the metrics that they are set for.

    accuracy, abstained_unanswerable: at least; the others: at most. 0 of the first and 1 of the
    others ask for nothing.
    """

    accuracy: float = 0.5
    damaged: float = 0.05
    hallucinated_trained: float = 0.1
    confidently_wrong: float = 0.05
    abstained_unanswerable: float = 0.8


AT_LEAST = ("accuracy", "abstained_unanswerable")
KEYS = tuple(f.name for f in dataclasses.fields(Demands))
EASY = Demands()
HARD = Demands(
    accuracy=0.8,
    damaged=0.02,
    hallucinated_trained=0.02,
    confidently_wrong=0.01,
    abstained_unanswerable=0.95,
)


@dataclass(frozen=True, slots=True)
class Fit:
    """What each kind of domain demands."""

    easy: Demands = field(default=EASY)
    hard: Demands = field(default=HARD)


def read_fit(path: Path, content: Mapping[str, Any]) -> Fit:
    """The thresholds of a matrix file; what it leaves out is the usual. Raises ConfigError."""
    table = value(path, "top level", content, "fit", dict, {})
    refuse_unknown(path, "[fit]", table, DOMAINS)
    fit = Fit(_demands(path, table, "easy", EASY), _demands(path, table, "hard", HARD))
    for key in KEYS:
        easy, hard = getattr(fit.easy, key), getattr(fit.hard, key)
        if (hard < easy) if key in AT_LEAST else (hard > easy):
            raise ConfigError(
                f"{path}: [fit.hard]: {key} = {hard:g} asks for less than [fit.easy], {easy:g}: "
                "what is not good enough where facts are easy can't be where they are hard. Set "
                "both."
            )
    return fit


def _demands(path: Path, table: Mapping[str, Any], domain: str, usual: Demands) -> Demands:
    where = f"[fit.{domain}]"
    given = value(path, "[fit]", table, domain, dict, {})
    refuse_unknown(path, where, given, KEYS)
    found = {key: value(path, where, given, key, float, getattr(usual, key)) for key in KEYS}
    for key, share in found.items():
        if not 0 <= share <= 1:
            raise ConfigError(
                f"{path}: {where}: {key} = {share:g}: expected a share from 0 to 1: 0.8 is 80 %."
            )
    return Demands(**found)
