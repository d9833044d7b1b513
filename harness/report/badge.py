"""badge.json: the run in a few words, for shields.io.

The fields are those of https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.comparison.within import Comparisons
from harness.records import Result, Verdict
from harness.report.cells import POINTS, number
from harness.report.sentence import ranked_by, shown_first
from harness.runs import Run

SCHEMA = 1  # of the endpoint's format, not ours
# The worst first: what a run is called by, and the colour.
_CALLED = (
    (Verdict.REGRESSED, "red"),
    (Verdict.INCOMPARABLE, "lightgrey"),
    (Verdict.INCONCLUSIVE, "yellow"),
    (Verdict.PASSED, "brightgreen"),
)


def badge(
    run: Run, compared: Comparisons, found: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The figure that the verdict begins with, and what gates said, the worst.

    found: `harness.report.verdict.verdict`. The figure is what was acquired, or without control
    questions the accuracy on questions as trained, of the checkpoint that the page's verdict names.
    An item that failed without a gate or broke off outweighs what gates passed; a partial run is
    never called passed.
    """
    results = [*(r for item in run.items for r in item.results), *compared.results]
    word, color = _called(run, results)
    first = ranked_by(found, shown_first(found), results) if found else _highest_accuracy(results)
    parts = [_told(first)] if first else []
    return {
        "schemaVersion": SCHEMA,
        "label": "michi",
        "message": " · ".join([*parts, word]),
        "color": color,
    }


def _told(result: Result) -> str:
    if result.task == "acquisition":
        return f"acquired {number(result.value, POINTS)} points"
    return f"accuracy (seen) {100 * result.value:.0f} %"


def _highest_accuracy(results: list[Result]) -> Result | None:
    """Of a run that has no checkpoint beside its baseline, or no baseline."""
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
