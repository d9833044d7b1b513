"""The page's section on damaged answers, and the verdict's sentence on them, in Chromium."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.comparison.within import comparisons
from harness.report.voice import broken_sentence
from harness.runs import read_run
from tests.report import builder as build
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
SIGNS = ("unfinished", "empty", "looping", "foreign", "leaked")
N = 40


def _rows(unfinished: int, looping: int) -> list[dict[str, Any]]:
    rows = []
    for i in range(N):
        signs = dict.fromkeys((*SIGNS, "refused"), 0.0)
        signs |= {"unfinished": float(i < unfinished), "looping": float(i < looping)}
        damaged = max(signs[sign] for sign in SIGNS)
        scores = {"correct": 1.0, **signs, "damaged": damaged}
        rows.append(build.row(f"q{i}", stratum="seen", scores=scores))
    return rows


def _measure(folder: Path, name: str, task: str, unfinished: int = 0, looping: int = 0) -> None:
    metric = {"knowledge": "accuracy_seen", "jsquad": "f1"}[task]
    shares = {"damaged": max(unfinished, looping), "unfinished": unfinished, "looping": looping}
    shares |= dict.fromkeys(("empty", "foreign", "leaked", "refused"), 0)
    results = [build.result(name, task, metric, 1.0, headline=True, n=N)]
    method = {"knowledge": "clustered Wilson", "jsquad": "Wilson"}[task]
    results += [
        build.result(name, task, sign, k / N, n=N, interval=method) for sign, k in shares.items()
    ]
    results.append(build.result(name, task, "length_ratio", 1.75, n=N))
    build.measure(folder, name, task, results, _rows(unfinished, looping))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `_run`."""
    return _run(tmp_path_factory.mktemp("voices") / "run")


def _run(folder: Path) -> Path:
    """One fine-tune often never ends in one suite, and once in the other."""
    build.start(folder, [build.BASE, build.QA])
    _measure(folder, "base", "knowledge")
    _measure(folder, "base", "jsquad")
    _measure(folder, "qa-e3", "knowledge", unfinished=24, looping=12)
    _measure(folder, "qa-e3", "jsquad", unfinished=1)
    return folder


def test_what_is_damaged_what_rose_and_a_word_where_it_is_broken(
    visit: Visit, folder: Path
) -> None:
    page = visit.open(folder)

    base, tuned = section_rows(page, "voice")
    assert base == ["base", *["0.0\n−5.0 to 5.0"] * 2, "–"]
    assert tuned[1].split("\n")[0] == "60.0"
    assert tuned[1].split("\n")[-1] == "broken"
    assert tuned[2].split("\n")[0] == "2.5"
    assert "broken" not in tuned[2]
    (spoken,) = (s for s in comparisons(read_run(folder)).voices if s.task == "knowledge")
    rises = {rise.sign: rise for rise in spoken.rises}
    ends = [f"+{100 * end:.1f}" for end in (rises["unfinished"].low, rises["unfinished"].high)]
    assert tuned[3].startswith(f"Knowledge: never ends +60.0 ({ends[0]} to {ends[1]}), repeats")
    assert "JSQuAD" not in tuned[3]
    notes = page.inner_text("section:has(> #voice) .notes")
    assert notes == "95 % intervals: clustered Wilson (Knowledge); Wilson (JSQuAD)."
    assert "against base on the same questions" in page.inner_text("section:has(> #voice) .lead")


def test_the_verdict_names_the_broken_voice_as_the_terminal_does(
    visit: Visit, folder: Path
) -> None:
    page = visit.open(folder)

    told = broken_sentence(comparisons(read_run(folder)).voices, ["base", "qa-e3"])
    assert told.startswith("The voice of qa-e3 is damaged (never ends, repeats itself): 60.0 %")
    assert page.inner_text(".called").endswith(told.replace("knowledge", "Knowledge"))
    page.click(".language")
    page.wait_for_selector("html[lang=ja]")
    called = page.inner_text(".called")
    assert (
        "qa-e3は話し方が破損しています(途中で打ち切り、繰り返し)。知識では回答の60.0%が" in called
    )
    assert section_rows(page, "voice")[1][1].endswith("破損")


def test_signs_are_no_forms_of_question_and_have_names_in_both_languages(
    visit: Visit, folder: Path
) -> None:
    page = visit.open(folder)

    assert page.locator("#forms").count() == 0
    for _ in range(2):
        said = page.inner_text("section:has(> #all)")
        assert not re.search(r"length_ratio|\b(?:leaked|unfinished|looping)\b", said)
        assert "1.750" in said
        page.click(".language")


def test_questions_that_differ_are_told_and_not_compared(visit: Visit, tmp_path: Path) -> None:
    folder = _run(tmp_path / "run")
    path = folder / "samples/qa-e3/jsquad.jsonl"
    path.write_text(path.read_text("utf-8").replace("質問 q", "別の質問 q"), "utf-8")
    page = visit.open(folder)

    notes = page.inner_text("section:has(> #voice) .notes")
    assert "qa-e3, JSQuAD: no question in common with base" in notes
    page.click(".language")
    page.wait_for_selector("html[lang=ja]")
    notes = page.inner_text("section:has(> #voice) .notes")
    assert "qa-e3、JSQuAD：baseと共通の質問がありません" in notes


def test_without_written_answers_there_is_no_section(visit: Visit, run_folder: Path) -> None:
    page = visit.open(run_folder)

    assert page.locator("#voice").count() == 0
    assert "voice" not in page.inner_text(".called")


def test_a_narrow_page_does_not_overflow(browser: Browser, folder: Path) -> None:
    narrow = Visit(browser, locale="ja-JP", viewport={"width": 360, "height": 800})
    page = narrow.open(folder)

    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert narrow.noise == []
