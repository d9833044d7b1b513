"""Who may be shipped: of gates, of what was acquired, and of how certain that is."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from harness.comparison.within import comparisons
from harness.report.document import document
from harness.report.kinds import by_kind
from harness.report.verdict import lead
from harness.runs import read_run
from harness.statistics.intervals import wilson
from harness.statistics.paired import difference_in_differences
from tests.report import builder as build

ONE, TWO = build.checkpoint("one", "A", 1), build.checkpoint("two", "A", 3)
DOCUMENTS = 40


def _rows(share: float, controls: bool = True, kind: str = "price") -> list[dict[str, Any]]:
    """A question on each document, of which the first `share` are answered rightly."""
    forms = ("seen", "paraphrase", *(["control"] if controls else []))
    return [
        build.row(
            f"{form}-{n}",
            stratum=form,
            cluster=f"{'c' if form == 'control' else 'd'}{n}",
            correct=form != "control" and n < share * DOCUMENTS,
            scores={"correct": float(form != "control" and n < share * DOCUMENTS)},
            detail={"kind": kind},
        )
        for form in forms
        for n in range(DOCUMENTS)
    ]


def measure_shares(
    folder: Path,
    shares: dict[str, float],
    gates: dict[str, str],
    controls: bool = True,
    twin_of: str = "",
) -> None:
    """A run in which each checkpoint answers a share of what it was trained on."""
    two = dataclasses.replace(TWO, twin_of=twin_of)
    build.start(folder, [build.BASE, ONE, two])
    for name, share in shares.items():
        rows = _rows(share, controls)
        headline = build.result(name, "knowledge", "accuracy_seen", share, headline=True)
        build.measure(folder, name, "knowledge", [headline], rows)
    for name, said in gates.items():
        judged = build.result(name, "jsquad", "f1", 0.5, verdict=said, gate=build.gate(0.0))
        build.measure(folder, name, "jsquad", [judged])


def _run(folder: Path, *arguments: Any, **options: Any) -> Any:
    measure_shares(folder, *arguments, **options)
    run = read_run(folder)
    return document(run, comparisons(run))["verdict"]["parts"]


SHARES = {"base": 0.0, "one": 0.4, "two": 0.9}


@pytest.mark.parametrize(
    ("shares", "gates", "call", "ships"),
    [
        (SHARES, {"one": "passed", "two": "passed"}, "ship", ["two"]),
        (SHARES, {"one": "passed", "two": "regressed"}, "ship", ["one"]),
        (SHARES, {"one": "passed", "two": "inconclusive"}, "ship", ["one"]),
        (SHARES, {"one": "passed", "two": "incomparable"}, "ship", ["one"]),
        (SHARES, {"one": "regressed", "two": "inconclusive"}, "barred", []),
        (SHARES, {}, "ungated", []),
        # Nobody judged the better one's losses.
        (SHARES, {"one": "passed"}, "ship", ["one"]),
        ({**SHARES, "one": 0.875}, {"one": "passed", "two": "passed"}, "tied", ["two", "one"]),
        ({**SHARES, "one": 0.0, "two": 0.0}, {"one": "passed", "two": "passed"}, "unshown", []),
    ],
)
def test_a_checkpoint_is_shipped_only_if_it_learnt_and_all_gates_passed(
    tmp_path: Path, shares: dict[str, float], gates: dict[str, str], call: str, ships: list[str]
) -> None:
    found = _run(tmp_path, shares, gates)

    assert (found["call"], found["ships"]) == (call, ships)


def test_accuracy_alone_ships_nobody(tmp_path: Path) -> None:
    found = _run(tmp_path, SHARES, {"one": "passed", "two": "passed"}, controls=False)

    assert (found["call"], found["ships"], found["metric"]) == ("unacquired", [], "accuracy_seen")
    assert found["ranked"] == ["two", "one"]
    assert found["lead"]["value"] == pytest.approx(0.5)


def test_a_twin_is_no_candidate(tmp_path: Path) -> None:
    found = _run(tmp_path, SHARES, {"one": "passed", "two": "passed"}, twin_of="one")

    assert (found["ranked"], found["lead"]) == (["one"], None)


def test_a_run_of_the_baseline_alone_has_no_verdict(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    build.measure_knowledge(folder, "base", 0.5, _rows(0.5))
    run = read_run(folder)

    said = document(run, comparisons(run))["verdict"]
    assert said["parts"] is None
    assert said["sentence"].startswith("No checkpoint was measured beside the baseline")


def test_a_lead_is_the_difference_of_both_acquisitions_paired_by_question(tmp_path: Path) -> None:
    _run(tmp_path, SHARES, {})
    run = read_run(tmp_path)
    found = lead(run, "acquisition", "two", "one")
    one, two = ([float(n < share * DOCUMENTS) for n in range(DOCUMENTS)] for share in (0.4, 0.9))
    zeros = [0.0] * DOCUMENTS
    value, interval = difference_in_differences(
        (two, one, [f"d{n}" for n in range(DOCUMENTS)]),
        (zeros, zeros, [f"c{n}" for n in range(DOCUMENTS)]),
    )

    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx(
        (value, interval.low, interval.high)
    )
    results = {r.checkpoint: r.value for r in comparisons(run).acquisition.results if r.headline}
    assert found.value == pytest.approx(results["two"] - results["one"])


def test_kinds_are_counted_form_by_form_with_intervals(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    phones = [
        {**r, "id": f"phone-{r['id']}", "cluster": f"p{r['id']}"} for r in _rows(0.25, kind="phone")
    ]
    unnamed = build.row("none", stratum="seen", detail={})
    build.measure_knowledge(folder, "base", 0.5, [*_rows(0.5), *phones, unnamed])
    found = by_kind(read_run(folder), "base")

    assert {form: list(kinds) for form, kinds in found.items()} == {
        form: ["price", "phone"] for form in ("seen", "paraphrase", "control")
    }
    expected = wilson(10, 40)
    phone = found["seen"]["phone"]
    assert (phone["value"], phone["low"], phone["high"], phone["n"]) == pytest.approx(
        (0.25, expected.low, expected.high, 40)
    )
