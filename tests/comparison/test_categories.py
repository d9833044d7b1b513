"""Accuracy by what the base knew before."""

from __future__ import annotations

from pathlib import Path

from harness.comparison.categories import category_results
from harness.comparison.derived import Derived
from harness.runs import read_run
from tests.report import builder as build

# The base's greedy answers to each fact in two wordings, and a sampled one.
KNOWN = {
    "d1/price": (True, True, True),
    "d2/price": (True, False, False),
    "d3/price": (False, False, True),
    "d4/price": (False, False, False),
    "d5/price": (False, False, False),
}


def knowledge(name: str, right: set[str]) -> list[dict[str, object]]:
    return [
        build.row(
            f"{key}/{form}",
            stratum=form,
            cluster=key.split("/")[0],
            correct=key in right,
            detail={"kind": "price"},
        )
        for key in KNOWN
        for form in ("seen", "paraphrase", "reversed")
    ]


def test_questions_are_told_apart_by_how_well_the_base_knew_the_fact(tmp_path: Path) -> None:
    build.start(tmp_path, [build.BASE, build.QA])
    probes = [
        build.row(
            f"{key}/{n}",
            stratum="sampled" if n == 2 else "greedy",
            correct=right,
            detail={"fact_key": key},
        )
        for key, answers in KNOWN.items()
        for n, right in enumerate(answers)
    ]
    build.measure(tmp_path, "base", "known", [], probes)
    for name, right in (("base", {"d1/price"}), ("qa-e3", {"d2/price", "d4/price"})):
        build.measure(tmp_path, name, "knowledge", [], knowledge(name, right))
    found = category_results(read_run(tmp_path))
    values = {(r.checkpoint, r.metric): (r.value, r.n) for r in found.results}
    # Two trained questions a fact; the reversed one is none of them.
    assert values == {
        ("base", "accuracy_highly_known"): (1.0, 2),
        ("base", "accuracy_maybe_known"): (0.0, 2),
        ("base", "accuracy_weakly_known"): (0.0, 2),
        ("base", "accuracy_unknown"): (0.0, 4),
        ("qa-e3", "accuracy_highly_known"): (0.0, 2),
        ("qa-e3", "accuracy_maybe_known"): (1.0, 2),
        ("qa-e3", "accuracy_weakly_known"): (0.0, 2),
        ("qa-e3", "accuracy_unknown"): (0.5, 4),
    }
    assert [r.headline for r in found.results] == [False, False, False, True] * 2


def test_without_the_known_suite_there_are_none(run_folder: Path) -> None:
    assert category_results(read_run(run_folder)) == Derived()
