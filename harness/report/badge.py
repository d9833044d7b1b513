"""badge.json: the run in a few words, for shields.io.

The fields are those of https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

import math
from typing import Any

from harness.comparison.within import Comparisons
from harness.records import Result, Verdict
from harness.runs import Run

SCHEMA = 1  # of the endpoint's format, not ours
# The worst first: what a run is called by, and the colour.
_CALLED = (
    (Verdict.REGRESSED, "red"),
    (Verdict.INCOMPARABLE, "lightgrey"),
    (Verdict.INCONCLUSIVE, "yellow"),
    (Verdict.PASSED, "brightgreen"),
)


def badge(run: Run, compared: Comparisons) -> dict[str, Any]:
    """The highest accuracy on questions as trained, where it was asked, and the worst verdict.

    An item that failed without a gate or broke off outweighs what gates passed; a partial run is
    never called passed.
    """
    results = [r for item in run.items for r in item.results]
    word, color = _called(run, [*results, *compared.results])
    best = highest_accuracy(results)
    parts = [f"accuracy {100 * best.value:.0f} %"] if best else []
    return {
        "schemaVersion": SCHEMA,
        "label": "michi",
        "message": " · ".join([*parts, word]),
        "color": color,
    }


def highest_accuracy(results: list[Result]) -> Result | None:
    """The best checkpoint's accuracy on questions as they were trained; None where none has one."""
    seen = [r for r in results if r.metric == "accuracy_seen" and math.isfinite(r.value)]
    return max(seen, key=lambda r: r.value, default=None)


def _called(run: Run, results: list[Result]) -> tuple[str, str]:
    verdicts = {r.verdict for r in results}
    word, color = next(
        ((str(verdict), color) for verdict, color in _CALLED if verdict in verdicts),
        ("measured", "blue"),
    )
    if word in ("passed", "measured"):
        statuses = {item.status for item in run.items}
        if statuses & {"error", "crashed"}:
            return "error", "red"
        if "failed" in statuses:
            return "failed", "red"
        if run.manifest.get("status") != "complete":
            return "partial", "orange"
    return word, color
