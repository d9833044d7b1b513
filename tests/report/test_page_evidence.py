"""The page's sections on what was learnt, and on gates, in a real headless Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.report import builder as build
from tests.report.evidence import evidence_run
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def evidence_folder(tmp_path: Path) -> Path:
    return evidence_run(tmp_path)


def test_gates_stand_after_what_was_learnt_and_kept_worst_first(
    visit: Visit, evidence_folder: Path
) -> None:
    page = visit.open(evidence_folder)

    assert page.locator("h2").all_inner_texts()[:4] == [
        "Verdict", "What it learnt", "What it kept", "Gates",
    ]  # fmt: skip
    assert section_rows(page, "gates") == [
        ["qa-e3", "JSQuAD F1 (JGLUE)", "regressed", "−7.2", "−11.2 to −3.2", "3", "240", "21 / 4"],
        ["qa-b", "JSQuAD Exact match (JGLUE)", "not comparable", "–", "–", "5", "–", "–"],
        ["qa-b", "JSQuAD F1 (JGLUE)", "inconclusive", "−1.2", "−5.3 to +2.8", "3", "240", "21 / 4"],
        ["qa-e3", "JSQuAD Exact match (JGLUE)", "passed", "+1.0", "−3.0 to +5.0", "3", "240",
         "21 / 4"],
    ]  # fmt: skip
    assert "regressed 1" in page.inner_text(".tally")
    lines = page.locator("section:has(> #gates) .notes li").all_inner_texts()
    assert lines[1:] == [
        "qa-e3, JSQuAD F1 (JGLUE): regressed – it fell",
        "qa-b, JSQuAD Exact match (JGLUE): not comparable – prompt not as in base",
        "qa-b, JSQuAD F1 (JGLUE): inconclusive – few",
    ]
    assert page.inner_text("main").count("it fell") == 1


def test_what_was_acquired_is_drawn_around_zero(visit: Visit, evidence_folder: Path) -> None:
    page = visit.open(evidence_folder)

    first, second = section_rows(page, "acquisition")
    assert first[:2] == ["2", "qa-e3"]
    assert [cell.split("\n")[0] for cell in first[4:]] == ["+75.0", "+75.0", "−25.0"]
    assert [cell.split("\n")[0] for cell in second[4:]] == ["0.0", "0.0", "0.0"]
    dots = page.locator("section:has(> #acquisition) svg.bar")
    assert dots.count() == 2
    zero = dots.first.locator("line.reference").get_attribute("x1")
    unmoved = dots.last.locator("circle").get_attribute("cx")
    assert zero == unmoved
    assert dots.first.get_attribute("aria-label").startswith("qa-e3: +75.0 (")


def test_twins_and_what_was_known_before(visit: Visit, evidence_folder: Path) -> None:
    page = visit.open(evidence_folder)

    ((*names, acquired, crossed, excess, n),) = section_rows(page, "twins")
    assert names == ["qa-e3", "qa-b"]
    assert [cell.split("\n")[0] for cell in (acquired, crossed, excess)] == [
        "100.0",
        "0.0",
        "+100.0",
    ]
    assert n == "8"
    assert "sign flips" in page.inner_text("section:has(> #twins) .notes")
    before = [[cell.split("\n")[0] for cell in row] for row in section_rows(page, "before")]
    assert before == [
        ["base", "0.0", "0.0"], ["qa-e3", "100.0", "100.0"], ["qa-b", "0.0", "0.0"],
        ["base", "12.5", "0.0", "0.0", "87.5"],
    ]  # fmt: skip


def test_outcomes_lead_to_their_samples(visit: Visit, evidence_folder: Path) -> None:
    page = visit.open(evidence_folder)

    summaries = page.locator("#outcomes ~ details summary")
    assert summaries.all_inner_texts() == [
        "seen",
        "paraphrase",
        "untrained",
        "near miss",
        "control",
    ]
    assert section_rows(page, "outcomes") == [
        ["base", "0", "0", "0", "0", "100.0\n8", "8"],
        ["qa-e3", "100.0\n8", "0", "0", "0", "0", "8"],
        ["qa-b", "0", "0", "0", "100.0\n8", "0", "8"],
    ]
    summaries.last.focus()
    page.keyboard.press("Enter")
    page.click("details:has(summary:text-is('control')) tr:has-text('qa-e3') a >> nth=0")
    page.wait_for_selector("#search")
    assert page.locator("tbody tr th").all_inner_texts() == ["c0/control"]
    assert page.input_value("#filter-stratum") == "control"


def test_without_control_questions_the_page_says_so(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA])
    for name in ("base", "qa-e3"):
        build.measure_knowledge(folder, name, 0.5, [build.row("q", stratum="seen")])
    page = visit.open(folder)

    assert "No control questions" in page.inner_text("section:has(> #acquisition)")
    assert page.locator("#gates, #twins, #before").count() == 0


def test_every_section_has_a_japanese_name(browser: Browser, evidence_folder: Path) -> None:
    visit = Visit(browser, locale="ja-JP", viewport={"width": 390, "height": 844})
    page = visit.open(evidence_folder)

    assert page.locator("h2").all_inner_texts()[:5] == [
        "結論", "何を習得したか", "何を維持したか", "ゲート", "誰が使うのに適しているか",
    ]  # fmt: skip
    heads = page.locator("section:has(> #gates) th[scope=col]:visible").all_inner_texts()
    assert heads == ["チェックポイント", "判定", "差(ポイント)", "95%区間", "許容幅(ポイント)", "n",
                     "悪化/改善"]  # fmt: skip
    assert "JSQuAD F1(JGLUE)" in page.locator("section:has(> #gates) tbody th").first.inner_text()
    page.context.close()
    assert visit.noise == []


def test_many_gates_that_passed_are_folded_away_and_open(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    passed = [
        build.result("base", "jsquad", f"m{n}", 0.5, verdict="passed", gate=build.gate(0.01))
        for n in range(12)
    ]
    lost = build.result("base", "jsquad", "f1", 0.5, verdict="regressed", gate=build.gate(-0.07))
    build.measure(folder, "base", "jsquad", [*passed, lost])
    page = visit.open(folder)

    assert [row[2] for row in section_rows(page, "gates")] == ["regressed"]
    page.click("section:has(> #gates) summary:has-text('The 12 that passed')")
    assert len(section_rows(page, "gates")) == 13


def test_what_the_run_has_no_data_for_has_no_section(visit: Visit, tmp_path: Path) -> None:
    asked = {"knowledge": "What it learnt", "jsquad": "What it kept"}
    for task, title in asked.items():
        data = {task: {"label": "made up", "limit": 8}}
        folder = build.start(tmp_path / task, [build.BASE], data=data)
        build.measure(folder, "base", task, [build.result("base", task, "f1", 0.5)])
        headings = visit.open(folder).locator("h2").all_inner_texts()

        assert set(headings) & {*asked.values()} == {title}


def test_a_twin_is_not_taken_for_one_that_learnt_nothing(
    visit: Visit, evidence_folder: Path
) -> None:
    page = visit.open(evidence_folder)

    notes = page.inner_text("section:has(> #accuracy) .notes >> nth=0")
    assert "qa-b learnt other values than qa-e3" in notes
