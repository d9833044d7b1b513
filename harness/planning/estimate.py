"""How much a session will ask, of whom, in what time and for how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from harness.ledger import price_of
from harness.planning.cost import cost, kind, tokens
from harness.planning.plan import key_of
from harness.planning.speeds import Speeds
from harness.planning.survey import Item
from harness.records import Checkpoint, Request


@dataclass(slots=True)
class Estimate:
    """Of one checkpoint. requests: each once, stored ones included.

    read, written: tokens of those without an answer, written at most. costs: of these by kind, in
    tokens. seconds: of one process, None where no earlier run tells. usd: at most; None without a
    price. later: suites of which more is asked than is known yet. broken: what can't be planned,
    and why.
    """

    checkpoint: Checkpoint
    requests: int = 0
    stored: int = 0
    read: int = 0
    written: int = 0
    costs: Counter[str] = field(default_factory=Counter)
    seconds: float | None = 0.0
    usd: float | None = None
    later: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)


def estimates(
    items: Iterable[Item], stored: Callable[[str], Collection[bytes]], speeds: Speeds
) -> list[Estimate]:
    """One for each checkpoint that is asked something, in the order of `items`.

    stored: by fingerprint, the keys that have an answer (`plan.key_of`).
    """
    found: dict[Checkpoint, Estimate] = {}
    # As on a plan's line (`plan.Line`): of a fine-tuned checkpoint that is through nothing is kept.
    seen: dict[str, set[bytes]] = {}
    kept: set[str] = set()
    for item in items:
        one = item.selected
        own = found.setdefault(one.checkpoint, Estimate(one.checkpoint))
        if item.broken:
            own.broken[one.task.name] = item.broken
        elif not item.known or hasattr(one.task, "following"):
            own.later.append(one.task.name)
        for who, fingerprint, requests in item.asked:
            estimate = found.setdefault(who, Estimate(who))
            if who.bare or who != one.checkpoint:
                kept.add(fingerprint)
            for past in [f for f in seen if f not in kept and f != fingerprint]:
                del seen[past]
            known, had = seen.setdefault(fingerprint, set()), stored(fingerprint)
            for request in requests:
                key = key_of(request)
                if key in known:
                    continue
                known.add(key)
                estimate.requests += 1
                if key in had:
                    estimate.stored += 1
                else:
                    _count(estimate, request)
    for who, estimate in found.items():
        estimate.seconds = speeds.expected(who.model, estimate.costs)
    return list(found.values())


def _count(estimate: Estimate, request: Request) -> None:
    read, written = tokens(request)
    estimate.read += read
    estimate.written += written
    estimate.costs[kind(request)] += cost(request)
    price = price_of(estimate.checkpoint.model, [request])
    estimate.usd = None if price is None else (estimate.usd or 0.0) + price
