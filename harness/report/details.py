"""What tasks found besides figures (`Run.details`), as the tables tell it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.cells import BLANK, RATIO, Scale, bounds, number, ordered_checkpoints
from harness.report.missing import MEASURED
from harness.runs import Run

_MOST = 10  # documents named in a note
_MIN_K = re.compile(r"min_k_(plus_plus_)?(\d+)")
_BLIND = {"ngrams": "n-grams"}


Details = Mapping[str, Mapping[str, Mapping[str, Any]]]  # checkpoint, task, what it found
Entry = tuple[str, Mapping[str, Any]]  # a checkpoint, and an entry of a list in its details


def details(run: Run) -> dict[str, dict[str, dict[str, Any]]]:
    """{checkpoint: {task: details}} of what was measured, in the tables' order."""
    measured = {(i.checkpoint, i.task): None for i in run.items if i.status in MEASURED}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name in (str(c["id"]) for c in ordered_checkpoints(run)):
        for task in (task for checkpoint, task in measured if checkpoint == name):
            if entry := run.details(name, task):
                found.setdefault(name, {})[task] = entry
    return found


def entries(found: Details, task: str, name: str) -> list[Entry]:
    """What the lists called `name` hold in a task's details, checkpoint by checkpoint."""
    return [
        (checkpoint, entry)
        for checkpoint, tasks in found.items()
        for entry in tasks.get(task, {}).get(name) or ()
    ]


def estimate(
    found: Mapping[str, Any] | None,
    name: str = "value",
    scale: Scale = RATIO,
    ends: tuple[str, str] = ("low", "high"),
) -> str:
    """A figure with its interval, BLANK where there is none."""
    if not found or found.get(name) is None:
        return BLANK
    low, high = map(found.get, ends)
    return f"{number(found[name], scale)} {bounds(low, high, scale)}"


def bare(figure: str) -> str:
    """Ratios without the 0 before the point: columns of them then fit beside each other."""
    return re.sub(r"(?<!\d)0\.", ".", figure)


def probability(p: float | None) -> str:
    """A p-value."""
    if p is None:
        return BLANK
    return bare(f"{p:.4f}") if p >= 0.0001 else "<.0001"


def count(value: Any) -> str:
    """A number of things or a name, BLANK where there is none."""
    return BLANK if value in (None, "") else str(value)


def attack_name(attack: Any) -> str:
    """Min-K%++ 20 for min_k_plus_plus_20: how the field writes it."""
    found = _MIN_K.fullmatch(str(attack))
    if found:
        return f"Min-K%{'++' if found[1] else ''} {found[2]}"
    return "DC-PDD" if attack == "dc_pdd" else str(attack or BLANK)


def blind_name(baseline: Any) -> str:
    """A baseline that never sees the model."""
    return _BLIND.get(str(baseline), str(baseline))


def listed(names: Sequence[str]) -> str:
    """Some names in a line; of many the first and how many more."""
    more = len(names) - _MOST
    shown = ", ".join(names[:_MOST])
    return f"{shown} and {more} more" if more > 0 else shown
