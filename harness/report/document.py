"""report.json: every figure of a run for other programs. Strict JSON, so NaN becomes null."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from harness.comparison.within import Comparisons
from harness.report.missing import gaps
from harness.runs import Item, Run

SCHEMA = 1


def document(run: Run, compared: Comparisons) -> dict[str, Any]:
    """The run's manifest, all results (those of comparisons included), its items and its gaps."""
    results = [r for item in run.items for r in item.results] + list(compared.results)
    whole = finite(
        {
            "schema": SCHEMA,
            "run": dict(run.manifest),
            "results": [dataclasses.asdict(result) for result in results],
            "items": [_item(item) for item in run.items],
            "missing": [dataclasses.asdict(gap) for gap in gaps(run)],
            "notes": list(compared.notes),
        }
    )
    assert isinstance(whole, dict)
    return whole


def finite(value: Any) -> Any:
    """The same value with None for every number that JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return value


def _item(item: Item) -> dict[str, Any]:
    # Results stand in their own list: said twice they would have to be kept equal.
    return {k: v for k, v in dataclasses.asdict(item).items() if k != "results"}
