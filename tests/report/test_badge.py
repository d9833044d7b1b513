from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.records import Verdict
from harness.report.write import write_reports
from tests.report import builder as build


def _badge(folder: Path) -> dict[str, Any]:
    write_reports(folder)
    found: dict[str, Any] = json.loads((folder / "badge.json").read_text("utf-8"))
    return found


def _run(folder: Path, *verdicts: Verdict, status: str = "measured", **changes: Any) -> Path:
    """A baseline of 40 % and a checkpoint of 86 %, whose suites the verdicts are of."""
    build.start(folder, [build.BASE, build.QA], **changes)
    before = build.result("base", "knowledge", "accuracy_seen", 0.4)
    build.measure(folder, "base", "knowledge", [before])
    judged = dict(enumerate(verdicts))
    suites = (("knowledge", "accuracy_seen"), ("jsquad", "f1"), ("marc_ja", "accuracy"))
    for place, (task, metric) in enumerate(suites):
        verdict = judged.get(place, Verdict.MEASURED)
        number = build.result("qa-e3", task, metric, 0.8567, verdict=verdict)
        build.measure(folder, "qa-e3", task, [number], status=status)
    return folder


P, R, U, X = Verdict.PASSED, Verdict.REGRESSED, Verdict.INCONCLUSIVE, Verdict.INCOMPARABLE


def test_it_has_the_fields_that_shields_reads(tmp_path: Path) -> None:
    # https://shields.io/badges/endpoint-badge: schemaVersion is always 1, label and message text.
    assert _badge(_run(tmp_path, P)) == {
        "schemaVersion": 1,
        "label": "michi",
        "message": "accuracy (seen) 86 % · passed",
        "color": "brightgreen",
    }


@pytest.mark.parametrize(
    ("verdicts", "changes", "word", "color"),
    [
        ((), {}, "measured", "blue"),
        ((P, P, R), {"status": "failed"}, "regressed", "red"),
        ((U, P), {}, "inconclusive", "yellow"),
        ((P, X, U), {}, "incomparable", "lightgrey"),
        ((P, P), {"status": "failed"}, "failed", "red"),
        ((P, P), {"status": "error"}, "error", "red"),
    ],
)
def test_the_worst_verdict_gives_word_and_colour(
    tmp_path: Path, verdicts: tuple[Verdict, ...], changes: dict[str, Any], word: str, color: str
) -> None:
    badge = _badge(_run(tmp_path, *verdicts, **changes))
    assert (badge["message"], badge["color"]) == (f"accuracy (seen) 86 % · {word}", color)


def test_of_the_baseline_alone_its_accuracy_is_told(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    build.measure_knowledge(folder, "base", 0.4)
    assert _badge(folder)["message"] == "accuracy (seen) 40 % · measured"


def test_a_partial_run_has_not_passed(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE], status="partial")
    number = build.result("base", "jsquad", "f1", 0.4, verdict=P)
    build.measure(folder, "base", "jsquad", [number])
    assert (_badge(folder)["message"], _badge(folder)["color"]) == ("partial", "orange")


def test_without_a_finite_accuracy_there_is_none(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    number = build.result("base", "knowledge", "accuracy_seen", float("nan"))
    build.measure(folder, "base", "knowledge", [number])
    assert _badge(folder)["message"] == "measured"
