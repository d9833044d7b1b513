"""What a figure lacks to be corrected, and where to get it: in tables, summary and page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.comparison.reviewed import review_of
from harness.report.reviewed import review_tables
from harness.report.write import write_reports
from harness.runs import read_run
from tests.report import builder as build
from tests.report.grading import answer, by
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AGAIN = {"knowledge": [f"q{i}" for i in range(12)]}
OFFER = "The queue of a checkpoint (Grade, in report.html) offers what its corrected figure lacks."


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """Two answers that the rule calls wrong were looked up; of the right ones enough were drawn."""
    rows = [
        answer(f"w{i}", False, by("花子", "right", "hand") if i < 2 else None) for i in range(9)
    ]
    rows += [answer(f"r{i}", True, by("花子", "right", "queue:base")) for i in range(4)]
    build.start(tmp_path, [build.BASE, build.QA], to_grade_again=AGAIN)
    figure = build.result("base", "knowledge", "accuracy_seen", 0.5)
    build.measure(tmp_path, "base", "knowledge", [figure], rows)
    build.measure(tmp_path, "qa-e3", "knowledge", [figure], [
        answer("w0", False, response="?"), {**answer("p0", True), "stratum": "paraphrase"}])  # fmt: skip
    return tmp_path


@pytest.fixture
def all_changed(tmp_path: Path) -> Path:
    """Graded answers have changed, and nobody has graded the new ones."""
    build.start(tmp_path, [build.BASE], to_grade_again=AGAIN)
    build.measure_knowledge(tmp_path, "base", 0.5, [answer(f"q{i}", False) for i in range(12)])
    return tmp_path


def _notes(folder: Path) -> list[str]:
    run = read_run(folder)
    return [note for table in review_tables(run, review_of(run)) for note in table.notes]


def test_tables_name_the_outcome_that_lacks_grades_and_who_offers_them(lacking: Path) -> None:
    notes = _notes(lacking)

    assert (
        "Not corrected: base seen: needs grades (1 of wrong), which the checkpoint's own queue "
        "offers." in notes
    )
    listed = ", ".join(f"knowledge q{i}" for i in range(10))
    assert f"To grade again, for the answer changed: {listed} and 2 more. {OFFER}" in notes
    write_reports(lacking)
    summary = (lacking / "summary.md").read_text("utf-8")
    assert "needs grades (1 of wrong)" in summary
    assert OFFER in summary


def test_what_changed_is_told_where_nothing_else_was_graded(all_changed: Path) -> None:
    (note,) = _notes(all_changed)
    assert note.endswith(f"knowledge q9 and 2 more. {OFFER}")


@pytest.mark.browser
def test_the_page_leads_to_the_queue_of_what_is_lacking(visit: Visit, lacking: Path) -> None:
    page = visit.open(lacking)
    notes = page.locator("section:has(> #review) .part").first.locator(".notes li")
    assert notes.all_inner_texts() == [
        "base, Knowledge · seen: no corrected figure: needs grades (1 of “wrong”) "
        "Grade answers of base",
        "To grade again, for the answer changed: Knowledge (12). "
        "The queue of a checkpoint offers what its corrected figure lacks.",
    ]

    notes.first.locator("a").click()
    page.fill(".grader", "太郎")
    page.keyboard.press("Enter")
    page.wait_for_selector(".grade-keys")
    assert page.inner_text(".round bdi") == "Knowledge · seen · blind"
    while page.locator(".the-answer").count():  # one of "wrong" is enough, and so are all
        page.keyboard.press("0")
    page.click(".unblind")
    page.wait_for_selector(".people")
    # 4 of 4 right by the rule and people; 2 of 9 wrong ones looked up before, and right.
    assert "corrected 46.2 %" in page.locator(".people dd").first.inner_text()


@pytest.mark.browser
def test_figures_of_other_checkpoints_lead_to_their_own_queue(visit: Visit, lacking: Path) -> None:
    page = visit.open(lacking, "#grade?suite=knowledge&a=base&form=seen&blind=0")
    here, there = page.locator(".people dd").all()
    assert "no corrected figure: needs grades (1 of “wrong”)" in here.inner_text()
    assert here.locator("a").count() == 0  # it is the queue that one is in
    assert "needs grades (1 of “wrong”)" in there.inner_text()

    there.locator("a").click()

    page.wait_for_selector(".people >> text=base")
    assert page.evaluate("location.hash") == "#grade?suite=knowledge&a=qa-e3&form=seen&blind=0"
    # Of all forms together, an outcome is named with its form.
    page.evaluate("location.hash = '#grade?suite=knowledge&a=qa-e3&b=base&blind=0'")
    page.wait_for_selector("h3:has-text('all forms together')")
    line = page.locator(".people dd").nth(1)
    assert "(1 of “wrong (seen)”, 1 of “correct (paraphrase)”)" in line.inner_text()
    assert line.locator("a").inner_text() == "Grade answers of qa-e3"


@pytest.fixture
def lacking_alike(tmp_path: Path) -> Path:
    """Of two forms an answer was looked up each, and those like it are open."""
    build.start(tmp_path, [build.BASE])
    build.measure_knowledge(tmp_path, "base", 0.5, [
        {**answer(f"{form}{i}", True, None if i else by("花子", "wrong", "hand")), "stratum": form}
        for form in ("seen", "paraphrase") for i in range(4)])  # fmt: skip
    return tmp_path


def test_tables_name_forms_that_lack_the_same_together(lacking_alike: Path) -> None:
    assert (
        "Not corrected: base seen, base paraphrase: each needs grades (1 of correct), which the "
        "checkpoint's own queue offers." in _notes(lacking_alike)
    )


@pytest.mark.browser
def test_the_page_names_forms_that_lack_the_same_together(
    visit: Visit, lacking_alike: Path
) -> None:
    page = visit.open(lacking_alike)
    notes = page.locator("section:has(> #review) .part").first.locator(".notes li")
    assert notes.all_inner_texts() == [
        "base, Knowledge · seen, paraphrase (each): no corrected figure: needs grades "
        "(1 of “correct”) Grade answers of base",
    ]

    notes.first.locator("a").click()  # one queue offers what either lacks

    page.wait_for_selector(".grader")
    assert page.evaluate("location.hash") == "#grade?suite=knowledge&a=base&blind=1"


@pytest.mark.browser
def test_of_many_outcomes_that_lack_grades_the_first_are_named(
    visit: Visit, tmp_path: Path
) -> None:
    build.start(tmp_path, [build.BASE])
    build.measure_knowledge(tmp_path, "base", 0.5, [
        {**answer(f"{form}{right}", right), "stratum": form}
        for form in ("seen", "paraphrase", "control") for right in (True, False)])  # fmt: skip
    page = visit.open(tmp_path, "#grade?suite=knowledge&a=base&blind=0")
    page.wait_for_selector(".people")
    told = page.inner_text(".people dd")
    assert told.count("1 of “") == 4
    assert "”, and of 2 more)" in told


@pytest.mark.browser
def test_the_page_says_so_where_nothing_else_was_graded(visit: Visit, all_changed: Path) -> None:
    page = visit.open(all_changed)
    assert "changed: Knowledge (12)." in page.inner_text("section:has(> #review)")

    page.click("section:has(> #review) a")

    page.wait_for_selector("#filter-human")
    assert page.input_value("#filter-human") == "again"


@pytest.mark.browser
def test_it_is_told_in_japanese(browser: Browser, lacking: Path) -> None:
    visit = Visit(browser, locale="ja-JP")
    told = visit.open(lacking).inner_text("section:has(> #review)")
    assert "補正には採点が必要です(「不正解」1件) baseの回答を採点する" in told
    assert "回答が変わったため採点し直すもの：" in told
    visit.page.context.close()
    assert visit.noise == []
