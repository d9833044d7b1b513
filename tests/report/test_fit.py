"""Fit for whom: in the terminal, in summary.md, in report.json and on the page."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.comparison.within import comparisons
from harness.config.fit import Fit
from harness.report.fit import fit_table, reasons_table
from harness.report.markdown import summary
from harness.report.terminal import run_lines
from harness.report.write import write_reports
from harness.runs import Run, read_run
from tests.report import builder as build
from tests.report.fitting import ARTICLE, fitting_run, measure_counts
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ACCURACY = "Accuracy (seen) 65.2 % [56.7, 72.7] (asked: ≥ 50 %)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fitting_run(tmp_path / "run")


@pytest.fixture
def run(folder: Path) -> Run:
    return read_run(folder)


def test_the_table_names_what_decided_and_the_thresholds(run: Run) -> None:
    table = fit_table(run, comparisons(run).fit)
    assert table is not None
    assert table.title == "Fit for whom? – data: embedded, fictional"
    assert table.columns[2:] == (
        "easy, expert", "easy, layperson", "hard, expert", "hard, layperson",
    )  # fmt: skip
    assert table.rows[0] == (
        "2",
        "qa-e3",
        "fit",
        "unfit: made up, made up and sure of it, abstained on unanswerable",
        "unfit: accuracy",
        "unfit: accuracy, made up, made up and sure of it, abstained on unanswerable",
    )
    assert table.rows[1][1:] == (
        "qa-more",
        "not shown: damaged",
        "not shown: damaged, made up, made up and sure of it, abstained on unanswerable",
        "not shown: damaged",
        "not shown: damaged, made up, made up and sure of it, abstained on unanswerable",
    )
    assert table.rows[2][1:] == ("qa-best", "fit", "fit", "fit", "fit")
    assert table.notes[1:] == (
        "Easy domain: accuracy ≥ 50 %, damaged ≤ 5 %; for a layperson also made up ≤ 10 %, "
        "made up and sure of it ≤ 5 %, abstained on unanswerable ≥ 80 %.",
        "Hard domain: accuracy ≥ 80 %, damaged ≤ 2 %; for a layperson also made up ≤ 2 %, "
        "made up and sure of it ≤ 1 %, abstained on unanswerable ≥ 95 %.",
    )


def test_each_quadrant_has_its_sentence_with_figure_interval_and_threshold(run: Run) -> None:
    table = reasons_table(run, comparisons(run).fit)
    assert table is not None
    told = {row[:3]: row[3:] for row in table.rows}
    assert told["qa-e3", "easy", "expert"] == (
        "fit",
        f"{ACCURACY}; damaged (knowledge) 0.0 % [0.0, 2.8] (asked: ≤ 5 %).",
    )
    assert told["qa-e3", "hard", "expert"] == (
        "unfit",
        "Accuracy (seen) 65.2 % [56.7, 72.7] (asked: ≥ 80 %).",
    )
    # Too few made-up answers to say of which the model was sure, but few enough.
    assert told["qa-best", "hard", "layperson"][1].endswith(
        "made up 0.2 % [0.1, 0.7] (asked: ≤ 2 %); made up and sure of it at most 0.7 % "
        "(asked: ≤ 1 %); abstained on unanswerable 99.3 % [97.6, 99.8] (asked: ≥ 95 %)."
    )
    assert told["qa-more", "easy", "layperson"] == (
        "not shown",
        "Threshold within the interval: damaged (knowledge) 2.0 % [0.8, 5.0] (asked: ≤ 5 %); "
        "not measured: made up, made up and sure of it, abstained on unanswerable.",
    )


def test_the_longest_sentence_is_not_cut_in_a_summary(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.QA])
    answered = {
        "hallucinated_trained": 1000,
        "confidently_wrong": 1000,
        "abstained_unanswerable": 0,
    }
    measure_counts(folder, "qa-e3", {
        "knowledge": {"accuracy_seen": (0, 1000)},
        "qualitative": {"damaged": (1000, 1000)},
        "hallucination": {metric: (hits, 1000) for metric, hits in answered.items()},
    })  # fmt: skip
    run = read_run(folder)
    text = summary(run, comparisons(run))
    topic = text[text.index("<summary>Fit for whom?</summary>") :]
    assert topic.count("abstained on unanswerable 0.0 %") == 2
    assert "…" not in topic.split("</details>")[0]


def test_terminal_and_summary_have_it(folder: Path, run: Run) -> None:
    lines = run_lines(folder)
    assert "Fit for whom? – data: embedded, fictional" in lines
    assert max(map(len, lines)) <= 100
    text = summary(run, comparisons(run))
    assert "<summary>Fit for whom?</summary>" in text
    assert "| fit | Accuracy (seen) 65.2 % \\[56.7, 72.7\\] (asked: ≥ 50 %);" in text


def test_a_run_without_accuracies_has_none(tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    build.measure_jsquad(folder, "base", {"a": 1.0})
    run = read_run(folder)
    assert "Fit for whom" not in "\n".join(run_lines(folder))
    assert "Fit for whom" not in summary(run, comparisons(run))
    write_reports(folder)
    assert json.loads((folder / "report.json").read_text("utf-8"))["fit"]["checkpoints"] == {}


def test_report_json_has_quadrants_reasons_and_the_runs_thresholds(tmp_path: Path) -> None:
    own = dataclasses.asdict(Fit())
    own["easy"]["accuracy"] = 0.6
    folder = fitting_run(tmp_path / "run", fit=own)
    write_reports(folder)
    fit = json.loads((folder / "report.json").read_text("utf-8"))["fit"]
    assert fit["thresholds"]["easy"]["accuracy"] == 0.6
    quadrants = fit["checkpoints"]["qa-e3"]
    assert [(q["domain"], q["user"]) for q in quadrants] == [
        ("easy", "expert"), ("easy", "layperson"), ("hard", "expert"), ("hard", "layperson"),
    ]  # fmt: skip
    assert quadrants[0]["verdict"] == "not shown"
    assert quadrants[0]["sentence"] == (
        "Threshold within the interval: accuracy (seen) 65.2 % [56.7, 72.7] (asked: ≥ 60 %)."
    )
    assert quadrants[0]["reasons"][0] == {
        "figure": "accuracy", "threshold": 0.6, "at_least": True, "state": "open",
        "task": "knowledge", "metric": "accuracy_seen", "value": pytest.approx(86 / 132),
        "low": pytest.approx(0.567, abs=1e-3), "high": pytest.approx(0.727, abs=1e-3), "n": 132,
    }  # fmt: skip


def _cells(page: Page, checkpoint: str) -> list[list[str]]:
    part = page.locator(f"section:has(> #fit) details:has(summary bdi:text-is('{checkpoint}'))")
    return [row.locator("td").all_inner_texts() for row in part.locator("tbody tr").all()]


@pytest.mark.browser
def test_the_page_draws_the_two_by_two_with_its_sentences(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    expert, layperson = _cells(page, "qa-e3")
    assert expert == [
        "fit\naccuracy (seen) 65.2 % [56.7, 72.7] (asked: ≥ 50 %)\n"
        "damaged (Knowledge) 0.0 % [0.0, 2.8] (asked: ≤ 5 %)",
        "unfit\naccuracy (seen) 65.2 % [56.7, 72.7] (asked: ≥ 80 %)",
    ]
    assert [cell.split("\n")[0] for cell in layperson] == ["unfit", "unfit"]
    assert "made up 34.8 % [27.3, 43.3] (asked: ≤ 10 %)" in layperson[0]
    assert _cells(page, "qa-more")[1][0] == (
        "not shown\nThreshold within the interval:\n"
        "damaged (Knowledge) 2.0 % [0.8, 5.0] (asked: ≤ 5 %)\n"
        "Not measured: made up, made up and sure of it, abstained on unanswerable"
    )
    assert "made up and sure of it at most 0.7 % (asked: ≤ 5 %)" in _cells(page, "qa-best")[1][0]
    section = page.locator("section:has(> #fit)")
    assert "Hard domain: accuracy ≥ 80 %, damaged ≤ 2 %; for a layperson also" in (
        section.locator(".notes").inner_text()
    )
    assert section.locator("tbody th").all_inner_texts()[:2] == ["Expert", "Layperson"]


@pytest.mark.browser
def test_of_many_checkpoints_one_is_open_and_all_say_their_verdicts(
    visit: Visit, tmp_path: Path
) -> None:
    names = [f"qa-{n}" for n in range(6)]
    folder = build.start(tmp_path, [build.BASE, *map(build.checkpoint, names)])
    for name in names:
        measure_counts(folder, name, ARTICLE)
    parts = visit.open(folder).locator("section:has(> #fit) details")
    assert parts.count() == 6
    assert [part.get_attribute("open") for part in parts.all()].count("") == 1
    opened, *closed = parts.locator("summary").all_inner_texts()
    assert opened == "qa-0"
    assert [said.split("\n") for said in closed] == [
        [name, "Easy domain: Expert (fit), Layperson (unfit)",
         "Hard domain: Expert (unfit), Layperson (unfit)"]
        for name in names[1:]
    ]  # fmt: skip


@pytest.mark.browser
def test_in_japanese_no_english_is_left(browser: Browser, folder: Path) -> None:
    japanese = Visit(browser, locale="ja-JP")
    section = japanese.open(folder).locator("section:has(> #fit)")
    said = section.inner_text()
    assert "正解率(学習した質問) 65.2%(区間 56.7～72.7、条件は50%以上)" in said
    assert "測っていないもの：ハルシネーション、" in said
    assert "自信のあるハルシネーション 0.7%以下(条件は5%以下)" in said
    section.locator("summary").first.click()
    closed = section.locator("summary").first.inner_text()
    assert "ドメインの難しさが低い：専門性が高い(適する)、専門性が低い(適さない)" in closed
    assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", said.replace("embedded, fictional", ""))
    assert japanese.noise == []


@pytest.mark.browser
def test_a_twin_is_left_out_and_the_page_says_why(browser: Browser, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE, build.QA, build.TWIN])
    for checkpoint in (build.QA, build.TWIN):
        measure_counts(folder, checkpoint.id, ARTICLE)
    japanese = Visit(browser, locale="ja-JP")
    section = japanese.open(folder).locator("section:has(> #fit)")
    assert section.locator("summary bdi").all_inner_texts() == ["qa-e3"]
    said = section.locator(".notes").inner_text()
    assert "qa-bはqa-e3とは別の世界の値を学習したため、誰に適しているかは問いません。" in said
    assert japanese.noise == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("options", "media"),
    [
        ({"color_scheme": "light"}, "screen"),
        ({"color_scheme": "dark"}, "screen"),
        ({"viewport": {"width": 390, "height": 844}, "locale": "ja-JP"}, "screen"),
        ({"viewport": {"width": 718, "height": 1000}}, "print"),  # A4 with Chromium's margins
    ],
    ids=["light", "dark", "phone", "print"],
)
def test_it_fits_every_window_and_paper(
    browser: Browser, folder: Path, tmp_path: Path, options: dict[str, Any], media: Any
) -> None:
    visit = Visit(browser, **options)
    page = visit.open(folder)
    page.emulate_media(media=media)
    section = page.locator("section:has(> #fit)")
    section.screenshot(path=tmp_path / "fit.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if media == "print" or "viewport" not in options:
        wide = "tables => tables.every((t) => t.scrollWidth <= t.parentElement.clientWidth)"
        assert section.locator("table").evaluate_all(wide)
    page.context.close()
    assert visit.noise == []
