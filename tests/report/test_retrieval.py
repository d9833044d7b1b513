"""What looking up was worth, in tables, in report.json and on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.comparison.within import comparisons
from harness.report.page import page_data
from harness.report.redact import redacted_run
from harness.report.retrieval import retrieval_tables
from harness.report.terminal import run_lines
from harness.report.write import write_reports
from harness.runs import Run, read_run
from harness.statistics.paired import paired_difference
from tests.report import builder as build
from tests.report.looking import N, looking_run
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return looking_run(tmp_path / "run")


@pytest.fixture
def run(folder: Path) -> Run:
    return read_run(folder)


def test_gained_is_the_paired_difference_to_the_same_weights_closed_book(run: Run) -> None:
    found = comparisons(run).retrieval
    gained = found.result("top2")
    assert gained
    closed = [float(i % 3 == 0) for i in range(N)]
    looked = [float(i < 4) for i in range(N)]
    value, interval = paired_difference(looked, closed, [f"d{i // 2}" for i in range(N)])
    assert (gained.value, gained.low, gained.high) == (value, interval.low, interval.high)
    assert (gained.n, gained.clusters, gained.verdict) == (N, N // 2, "measured")
    right = found.result("base", "right")
    assert right
    assert (right.value, right.n) == (pytest.approx(1 / 3), N)  # the control counts not


def test_without_the_same_weights_closed_book_that_is_said(folder: Path) -> None:
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    manifest["checkpoints"][0]["adapter"] = "./elsewhere"
    (folder / "run.json").write_text(json.dumps(manifest), "utf-8")
    found = comparisons(read_run(folder)).retrieval
    assert {r.metric for r in found.results} == {"right"}
    assert "top2: the same weights were not asked closed-book." in found.notes


def test_one_table_for_closed_book_retrieval_and_gold(run: Run) -> None:
    worth, used, cited = retrieval_tables(run, comparisons(run).retrieval)
    assert [row[1:3] for row in worth.rows] == [
        ("base", "closed-book"), ("top2", "BM25, top 2"), ("gold", "gold passage"),
    ]  # fmt: skip
    assert [row[4].split(" ")[0] for row in worth.rows] == ["33.3", "33.3", "100.0"]
    assert [row[5].split(" ")[0] for row in worth.rows] == ["–", "0.0", "+66.7"]
    assert [row[1] for row in used.rows] == ["top2", "gold"]
    assert used.rows[0][2].startswith("66.7 [")
    assert used.rows[0][2].endswith(" of 6")
    assert used.rows[1][3] == "–"
    assert [cell.split(" ")[0] for cell in cited.rows[0][2:]] == ["25.0", "50.0"]
    notes = " ".join(worth.notes)
    assert "top2: 1 questions count in neither table" in notes
    assert "1 were asked closed-book" in notes.split("gold: ")[1]
    made_up = "top2: answers that cite a passage which was not shown: 1 (such citations: 1)."
    assert made_up in worth.notes


def by(folder: Path, kind: str) -> Path:
    """The run with what was looked up by words looked up otherwise."""
    path = folder / "run.json"
    path.write_text(path.read_text("utf-8").replace('"bm25"', f'"{kind}"'), "utf-8")
    return folder


@pytest.mark.parametrize("kind", ["embeddings", "hybrid"])
def test_what_was_looked_up_by_is_named(folder: Path, kind: str) -> None:
    run = read_run(by(folder, kind))
    worth, *_ = retrieval_tables(run, comparisons(run).retrieval)
    assert worth.rows[1][2] == f"{kind}, top 2"
    assert max(map(len, run_lines(folder))) <= 100


def test_terminal_tables_fit_and_say_what_was_asked_with(folder: Path) -> None:
    lines = run_lines(folder)
    assert max(map(len, lines)) <= 100
    (head,) = [line for line in lines if "accuracy (%)" in line and "dataset" in line]
    assert "asked with" in head


def test_a_run_that_looks_nothing_up_is_told_as_ever(run_folder: Path) -> None:
    run = read_run(run_folder)
    assert retrieval_tables(run, comparisons(run).retrieval) == []
    assert "asked with" not in "\n".join(run_lines(run_folder))
    write_reports(run_folder)
    report = json.loads((run_folder / "report.json").read_text("utf-8"))
    assert "retrieval" not in report["notes"]
    assert "passages" not in page_data(run, report)


def test_each_text_is_packed_once_and_redacted_pages_have_none(folder: Path, run: Run) -> None:
    write_reports(folder)
    report = json.loads((folder / "report.json").read_text("utf-8"))
    packed = page_data(run, report)["passages"]
    assert len(packed["texts"]) == len({tuple(text[:2]) for text in packed["texts"]}) == N + 1
    assert set(packed["shown"]) == {"top2", "gold"}
    passages, note, cited, supporting = packed["shown"]["top2"]["q0"]
    assert [packed["texts"][place][2] for place, _, _ in passages] == ["題0", "題99"]
    assert [states for _, _, states in passages] == [1, 0]
    assert (note, cited, supporting) == ("", [1, 8], [1])
    assert packed["shown"]["gold"]["control"][:2] == [[], "no document d77 in d.jsonl"]
    assert "passages" not in page_data(redacted_run(run), report)


@pytest.mark.browser
def test_the_page_tells_what_looking_up_was_worth(visit: Visit, folder: Path) -> None:
    page = visit.open(folder)
    rows = section_rows(page, "retrieval")
    assert [row[:2] for row in rows[:3]] == [
        ["base", "closed-book"], ["top2", "BM25, top 2"], ["gold", "gold passage"],
    ]  # fmt: skip
    assert [row[4].split("\n")[0] for row in rows[:3]] == ["–", "0.0", "+66.7"]
    assert rows[3][0] == "top2"
    assert rows[3][1].split("\n")[0] == "66.7"
    assert page.locator("section:has(> #accuracy) .tag").all_inner_texts() == [
        "baseline", "BM25, top 2", "gold passage",
    ]  # fmt: skip
    forms = page.locator("section:has(> #forms)")
    assert forms.count() == 0 or "found" not in forms.inner_text().lower()


@pytest.mark.browser
def test_an_answer_shows_its_passages(visit: Visit, folder: Path) -> None:
    page = visit.open(folder, "#sample/knowledge/q0")
    cards = page.locator(".answer")
    assert cards.nth(0).locator("details").count() == 0
    looked = cards.nth(1).locator("details")
    assert looked.locator("summary").inner_text() == "2 passages · states the fact"
    looked.locator("summary").click()
    # Opened passages are read in the page, not through a card's own scroll bar.
    assert cards.nth(1).evaluate("card => card.scrollHeight <= card.clientHeight")
    first, second = looked.locator("li").all()
    assert first.locator(".name").inner_text() == "題0"
    assert first.locator(".tag").all_inner_texts() == ["states the fact", "cited"]
    assert "d0, passage 1 · score 3.25" in first.inner_text()
    assert second.locator(".tag").count() == 0
    assert "Cites what was not shown: [8]." in looked.inner_text()

    page.evaluate("location.hash = '#sample/knowledge/q7'")
    page.wait_for_function("document.querySelector('#sample').textContent === 'q7'")
    misled = page.locator(".answer").nth(1)
    misled.locator("summary").click()
    assert misled.locator(".tag").all_inner_texts()[1:] == ["says what the answer says"]

    page.evaluate("location.hash = '#sample/knowledge/control'")
    page.wait_for_function("document.querySelector('#sample').textContent === 'control'")
    assert "Looked up: no document d77 in d.jsonl" in page.locator(".answer").nth(2).inner_text()


@pytest.mark.browser
def test_in_japanese_no_english_is_left(browser: Browser, folder: Path) -> None:
    japanese = Visit(browser, locale="ja-JP")
    page = japanese.open(folder)
    said = page.locator("section:has(> #retrieval)").inner_text()
    assert "BM25、上位2件" in said
    assert "出典の適合率" in said
    assert (
        "top2：示していない文章の番号を出典に挙げた回答が1件あります(出典としては計1個)。" in said
    )
    assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", said.replace("embedded, fictional", ""))
    page.evaluate("location.hash = '#sample/knowledge/control'")
    page.wait_for_selector("#sample")
    assert "検索：d.jsonlに文書d77がありません" in page.locator(".answer").nth(2).inner_text()
    assert japanese.noise == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("kind", "named"),
    [("embeddings", "埋め込み、上位2件"), ("hybrid", "BM25と埋め込み、上位2件")],
)
def test_a_search_by_meaning_is_named_in_japanese(
    browser: Browser, folder: Path, kind: str, named: str
) -> None:
    japanese = Visit(browser, locale="ja-JP")
    page = japanese.open(by(folder, kind))
    assert named in page.locator("section:has(> #retrieval)").inner_text()
    assert japanese.noise == []


@pytest.mark.browser
def test_hostile_passages_stay_text(visit: Visit, folder: Path) -> None:
    sly = {"document": "<b>", "number": 1, "title": build.HOSTILE[1], "text": build.HOSTILE[0],
           "score": 1.0, "states": False}  # fmt: skip
    path = folder / "samples/top2/knowledge.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows[0]["detail"]["retrieval"]["passages"] = [sly]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    page = visit.open(folder, "#sample/knowledge/q0")
    page.locator(".answer details summary").first.click()
    assert page.evaluate("window.pwned") is None
    assert build.HOSTILE[0] in page.locator(".answer").nth(1).inner_text()
