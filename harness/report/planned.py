"""What a session will ask, as a table (--eval-plan)."""

from __future__ import annotations

from collections.abc import Sequence

from harness.planning.estimate import Estimate
from harness.planning.plan import Part
from harness.report.cells import BLANK, Table

_UNKNOWN = "?"


def plan_table(estimates: Sequence[Estimate]) -> Table:
    """A row a checkpoint, and one for all."""
    rows: list[tuple[str, ...]] = [
        (
            one.checkpoint.id,
            f"{one.requests:,}",
            f"{one.stored:,}",
            f"{one.read:,}",
            f"{one.written:,}",
            _time(one.seconds),
            BLANK if one.usd is None else f"{one.usd:.2f}",
        )
        for one in estimates
    ]
    if len(estimates) > 1:
        rows.append(_all(estimates))
    return Table(
        "What will be asked",
        ("checkpoint", "requests", "stored", "tokens in", "out at most", "expected", "US$ at most"),
        tuple(rows),
        tuple(_notes(estimates)),
        numeric=(1, 2, 3, 4, 5, 6),
    )


def shares_table(shards: Sequence[Sequence[Part]]) -> Table:
    """How it would be spread: a row a shard."""
    costs = [sum(_cost(part) for part in parts) for parts in shards]
    total = max(1, sum(costs))
    rows = tuple(
        (
            f"{number}/{len(shards)}",
            f"{sum(part.count for part in parts):,}",
            f"{100 * cost / total:.1f} %",
            ", ".join(dict.fromkeys(part.portion.checkpoint.id for part in parts)) or BLANK,
        )
        for number, (parts, cost) in enumerate(zip(shards, costs, strict=True), 1)
    )
    return Table(
        "How shards would share it",
        ("shard", "requests", "of the cost", "checkpoints"),
        rows,
        ("Stored answers included: shards cut the same whatever a store holds.",),
        numeric=(1, 2),
    )


def _cost(part: Part) -> int:
    keys = part.keys
    return sum(
        price
        for group in part.portion.groups
        for price, key in zip(group.costs, group.keys, strict=True)
        if keys is None or key in keys.get(group.fingerprint, ())
    )


def _all(estimates: Sequence[Estimate]) -> tuple[str, ...]:
    prices = [one.usd for one in estimates if one.usd is not None]
    times = [one.seconds for one in estimates]
    told = [seconds for seconds in times if seconds is not None]
    return (
        "all",
        *(
            f"{sum(getattr(one, name) for one in estimates):,}"
            for name in ("requests", "stored", "read", "written")
        ),
        _time(sum(told)) if len(told) == len(times) else _UNKNOWN,
        f"{sum(prices):.2f}" if prices else BLANK,
    )


def _notes(estimates: Sequence[Estimate]) -> list[str]:
    notes = []
    if any(one.seconds is None for one in estimates):
        notes.append(
            f"{_UNKNOWN}: no run of this model was timed here; --eval-limit 20 is enough of one."
        )
    if any(one.seconds for one in estimates):
        notes.append("Expected: of one process, from earlier runs here, without loading models.")
    if later := dict.fromkeys(task for one in estimates for task in one.later):
        notes.append(f"More is asked once there are answers: {', '.join(later)}.")
    broken = {(task, why) for one in estimates for task, why in one.broken.items()}
    notes += [f"Can't be planned: {task}: {why}" for task, why in sorted(broken)]
    return notes


def _time(seconds: float | None) -> str:
    if seconds is None:
        return _UNKNOWN
    if not seconds:
        return BLANK
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
