"""Everyday answers in tables, in report.json and on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.comparison.within import comparisons
from harness.report.markdown import summary
from harness.report.qualitative import qualitative_tables
from harness.report.terminal import run_lines
from harness.report.write import write_reports
from harness.runs import read_run
from tests.report.everyday import bare, broken, everyday_run, said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of eight questions qa-e3 wins three, loses one and ties one more than is broken; two open."""
    base = [said(f"q{i}", i in (3, 4)) for i in range(6)] + [bare("q6"), bare("q7")]
    ours = [said(f"q{i}", i in (0, 1, 2, 3)) for i in range(4)]
    ours += [broken("q4"), broken("q5"), said("q6", True), bare("q7")]
    return everyday_run(tmp_path / "run", {"base": base, "qa-e3": ours})


@pytest.fixture
def ungraded(tmp_path: Path) -> Path:
    rows = [bare("q0"), broken("q1")]
    return everyday_run(tmp_path / "run", {"base": rows, "qa-e3": rows[:1]}, accuracy=False)


def test_won_tied_and_lost_stand_in_a_table_of_their_own(folder: Path) -> None:
    run = read_run(folder)
    answers, beside = qualitative_tables(run, comparisons(run).qualitative)
    assert [row[1] for row in answers.rows] == ["base (baseline)", "qa-e3"]
    ((name, win, tie, loss, net, n),) = beside.rows
    assert (name, n) == ("qa-e3", "6")
    assert [cell.split(" ")[0] for cell in (win, tie, loss)] == ["50.0", "33.3", "16.7"]
    assert net.startswith("+33.3 [")
    assert beside.title == "Everyday answers beside base"
    notes = "qa-e3: pairs judged 6 by people, 0 by a model, 0 by the rule alone."
    assert notes in answers.notes


def test_tables_fit_the_terminal_and_stand_in_the_summary(folder: Path) -> None:
    lines = run_lines(folder)
    assert max(map(len, lines)) <= 100
    assert "Everyday answers beside base" in lines
    text = summary(read_run(folder), comparisons(read_run(folder)))
    assert "## Everyday answers beside base" in text


def test_the_report_has_the_figures_as_results(folder: Path) -> None:
    write_reports(folder)
    report = json.loads((folder / "report.json").read_text("utf-8"))
    found = {r["metric"]: r for r in report["results"] if r["task"] == "qualitative"}
    assert {"win", "tie", "loss", "net", "graded", "accuracy", "damaged"} == set(found)
    assert found["win"]["value"] == pytest.approx(0.5)
    assert report["notes"]["qualitative"]


def test_without_grades_the_reports_say_what_to_do(ungraded: Path) -> None:
    (table,) = qualitative_tables(read_run(ungraded), comparisons(read_run(ungraded)).qualitative)
    assert [row[5] for row in table.rows] == ["–", "–"]
    told = " ".join(" ".join(run_lines(ungraded)).split())
    assert "python -m harness review RUN" in told


def test_a_run_without_the_suite_is_told_as_ever(run_folder: Path) -> None:
    run = read_run(run_folder)
    assert qualitative_tables(run, comparisons(run).qualitative) == []
    write_reports(run_folder)
    report = json.loads((run_folder / "report.json").read_text("utf-8"))
    assert "qualitative" not in report["notes"]
