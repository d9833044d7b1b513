"""What was learnt, as tables: units, notes and marks of differences and twins."""

from __future__ import annotations

import json
from pathlib import Path

from harness.comparison.within import comparisons
from harness.report.document import document
from harness.report.learnt import accuracy_table, knowledge_tables
from harness.report.markdown import summary
from harness.report.tables import results_table
from harness.runs import read_run
from tests.report import builder as build
from tests.report.evidence import evidence_run


def test_differences_are_told_in_points_and_shares_in_per_cent(tmp_path: Path) -> None:
    run = read_run(evidence_run(tmp_path))
    told = {row[:3]: row[3] for row in results_table(run, comparisons(run)).rows}
    acquired = told["qa-e3", "acquisition", "acquisition"]
    assert acquired.startswith("+75.0 [")
    assert acquired.endswith("] points")
    assert told["qa-e3", "acquisition", "acquisition_untrained"].startswith("−25.0 [")
    assert told["qa-b", "twins", "excess"].startswith("+100.0 [")
    assert told["qa-b", "twins", "acquired"].startswith("100.0 [")
    assert told["qa-b", "twins", "acquired"].endswith("] %")


def test_what_was_acquired_is_the_same_in_tables_markdown_and_json(tmp_path: Path) -> None:
    run = read_run(evidence_run(tmp_path))
    compared = comparisons(run)
    (result,) = [
        r
        for r in json.loads(json.dumps(document(run, compared)))["results"]
        if (r["checkpoint"], r["task"], r["headline"]) == ("qa-e3", "acquisition", True)
    ]
    figures = [f"{100 * result[name]:+.1f}".replace("-", "−") for name in ("value", "low", "high")]
    shown = "{} [{}, {}]".format(*figures)
    cells = [row[-1] for row in accuracy_table(run, compared.acquisition).rows]
    assert cells[:2] == ["–", shown]
    assert shown.replace("[", "\\[").replace("]", "\\]") in summary(run, compared)


def test_without_new_questions_the_note_says_that_seen_ones_were_asked(tmp_path: Path) -> None:
    notes = _notes(tmp_path / "seen", ("seen", "control"), {}, {})
    assert any("gained over base on the training questions about" in note for note in notes)
    notes = _notes(tmp_path / "new", ("paraphrase", "control"), {}, {})
    assert any("gained over base on new questions about" in note for note in notes)


def test_a_marked_figure_beside_the_accuracy_has_its_reason_below(tmp_path: Path) -> None:
    notes = _notes(tmp_path, ("seen", "control"), {"prompt": "a"}, {"prompt": "b"})
    assert "* qa-e3, acquisition_seen: incomparable – prompt not as in base" in notes


def _notes(
    folder: Path, forms: tuple[str, ...], base: dict[str, str], tuned: dict[str, str]
) -> tuple[str, ...]:
    """The notes of the accuracy table; base, tuned: what they were measured under."""
    build.start(folder, [build.BASE, build.QA])
    for name, identity in (("base", base), ("qa-e3", tuned)):
        rows = [
            build.row(f"{form}/{n}", stratum=form, cluster=f"{form} {n // 2}")
            for form in forms
            for n in range(8)
        ]
        seen = build.result(name, "knowledge", "accuracy_seen", 0.5, identity=identity)
        build.measure(folder, name, "knowledge", [seen], rows)
    run = read_run(folder)
    return knowledge_tables(run, comparisons(run))[0].notes
