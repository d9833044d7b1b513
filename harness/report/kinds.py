"""How right the answers are for each kind of fact: prices may be learnt where dates are not."""

from __future__ import annotations

from typing import Any

from harness.runs import Run
from harness.statistics.intervals import mean_interval


def by_kind(run: Run, checkpoint: str, task: str = "knowledge") -> dict[str, dict[str, Any]]:
    """{form: {kind of fact: {"value", "low", "high", "n", "interval"}}}, shares from 0 to 1.

    Kinds are those that the data name ("price", "phone"); questions without one are left out.
    Intervals are clustered by document, as those of the forms are.
    """
    rows = {str(row["id"]): row for row in run.samples(checkpoint, task)}
    found: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for identifier, row in rows.items():
        if kind := str((row.get("detail") or {}).get("kind") or ""):
            asked = found.setdefault((str(row.get("stratum") or ""), kind), [])
            asked.append((float(bool(row["correct"])), str(row.get("cluster") or identifier)))
    forms: dict[str, dict[str, Any]] = {}
    for (form, kind), asked in found.items():
        scores, clusters = zip(*asked, strict=True)
        value, interval = mean_interval(scores, clusters)
        forms.setdefault(form, {})[kind] = {
            "value": value,
            "low": interval.low,
            "high": interval.high,
            "n": len(asked),
            "interval": interval.method,
        }
    return forms
