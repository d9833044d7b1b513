"""Everyday answers in tables, in report.json and on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.comparison.within import comparisons
from harness.report.markdown import summary
from harness.report.qualitative import qualitative_tables
from harness.report.terminal import run_lines
from harness.report.write import write_reports
from harness.runs import read_run
from tests.report.everyday import bare, broken, everyday_run, said
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser


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


@pytest.mark.browser
def test_the_page_draws_who_won_and_leads_to_the_answers(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    section = page.locator("section:has(> #qualitative)")
    rows = section_rows(page, "qualitative")
    assert [row[0] for row in rows] == ["base", "qa-e3", "qa-e3"]
    assert [cell.split("\n")[0] for cell in rows[2][1:]] == ["50.0", "33.3", "16.7", "+33.3", "6"]
    bar = section.locator("svg.bar")
    assert bar.get_attribute("aria-label") == "qa-e3: won 50.0 %, tied 33.3 %, lost 16.7 %"
    widths = [bar.locator(f"rect.{side}").get_attribute("width") for side in
              ("win", "tie", "loss")]  # fmt: skip
    assert widths == ["50.000%", "33.333%", "16.667%"]
    section.get_by_role("link", name="side by side").click()
    page.wait_for_selector(".samples-table")
    assert page.locator(".samples-table tbody tr").count() == 8
    page.evaluate("location.hash = '#sample/qualitative/q4'")
    page.wait_for_selector(".answer")
    assert page.locator(".answer").count() == 2  # one a checkpoint, beside each other
    assert "looping" in page.locator(".answer").nth(1).inner_text()
    assert page.locator("h3", has_text="Gold").count() == 0  # there is none


@pytest.mark.browser
def test_an_ungraded_answer_is_neither_lost_nor_gained(visit: Visit, folder: Path) -> None:
    page = visit.open(folder, "#samples?task=qualitative&checkpoint=qa-e3&outcome=lost")
    shown = page.locator(".samples-table tbody th")
    assert shown.all_inner_texts() == ["q4"]
    page.evaluate("location.hash = '#samples?task=qualitative&checkpoint=qa-e3&outcome=gained'")
    page.wait_for_function("document.querySelectorAll('.samples-table tbody tr').length === 3")
    page.evaluate("location.hash = '#samples?task=qualitative&outcome=ungraded'")
    page.wait_for_function("document.querySelectorAll('.samples-table tbody tr').length === 2")
    marks = page.locator(".samples-table .mark.ungraded")
    assert marks.count() == 3
    assert marks.first.get_attribute("aria-label") == "ungraded"
    page.evaluate("location.hash = '#samples?task=qualitative&human=disagree'")
    page.wait_for_function("!document.querySelector('.samples-table')")


@pytest.mark.browser
def test_what_the_rule_left_to_a_reader_is_offered_first(visit: Visit, tmp_path: Path) -> None:
    rows = [broken(f"b{i}", response=f"大切{i}です。" * 9) for i in range(9)] + [
        bare(f"u{i}", response=f"答え{i}") for i in range(3)
    ]
    everyday_run(tmp_path / "run", {"base": rows, "qa-e3": rows}, accuracy=False)
    page = visit.open(tmp_path / "run", "#grade?suite=qualitative&a=base&blind=1")
    page.locator(".grader").fill("花子")
    page.get_by_role("button", name="Keep").click()
    for place in range(4):
        said = page.locator(".the-answer").inner_text()
        assert said.startswith("答え") == (place < 3)
        if place == 0:
            rubric = page.locator(".rubric")
            rubric.locator("summary").click()
            assert "There may be many right answers" in rubric.inner_text()
        page.keyboard.press("1")
        page.wait_for_function(
            "t => document.querySelector('.the-answer').innerText !== t", arg=said
        )


@pytest.mark.browser
@pytest.mark.parametrize("graded", [True, False])
def test_in_japanese_no_english_is_left(
    browser: Browser, folder: Path, tmp_path: Path, graded: bool
) -> None:
    if not graded:
        rows = [bare("q0"), broken("q1")]
        folder = everyday_run(tmp_path / "open", {"base": rows, "qa-e3": rows[:1]}, accuracy=False)
    japanese = Visit(browser, locale="ja-JP")
    page = japanese.open(folder)
    said = page.locator("section:has(> #qualitative)").inner_text()
    known = ("embedded, fictional", "python -m harness review RUN")
    for text in known:
        said = said.replace(text, "")
    assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", said)
    page.evaluate(f"location.hash = '#sample/qualitative/{'q4' if graded else 'q1'}'")
    page.wait_for_selector(".answer")
    assert "繰り返し" in page.locator(".answers").inner_text()
    assert japanese.noise == []
