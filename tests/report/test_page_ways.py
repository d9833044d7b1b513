"""Ways through a page in a real headless Chromium: addresses, a list that goes along, keys, phones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.report import builder as build
from tests.report.grading import gradeable_run, rows
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visit]:
    made = Visit(browser)
    yield made
    made.page.context.close()
    assert [noise for noise in made.noise if noise] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gradeable_run(tmp_path_factory.mktemp("ways"))


def _hash(page: Page) -> str:
    return str(page.evaluate("location.hash"))


def test_an_address_is_rewritten_to_what_is_shown(visitor: Visit, folder: Path) -> None:
    page = visitor.open(
        folder, "#samples?task=knowledge&outcome=zzz&sort=xx&checkpoint=qa-e3&page=999"
    )
    assert _hash(page) == "#samples?task=knowledge&checkpoint=qa-e3&page=4"
    page.evaluate("location.hash = '#nope'")
    page.wait_for_selector("#accuracy")
    assert _hash(page) == "#overview"
    page.evaluate("location.hash = '#forms'")
    page.wait_for_selector("#forms")
    assert _hash(page) == "#forms"
    page.evaluate("location.hash = '#grade?suite=zzz&a=nobody&blind=1'")
    page.wait_for_selector(".round")
    assert _hash(page) == "#grade?suite=knowledge&a=qa-e3&blind=1"


def test_a_list_goes_along_with_its_samples(visitor: Visit, folder: Path) -> None:
    page = visitor.open(folder, "#samples?checkpoint=qa-e3&outcome=wrong&sort=id&page=2")
    wrong = [row["id"] for row in rows(200, 1) if row["outcome"] == "wrong"]
    assert len(wrong) > 52
    page.click(f"tbody a >> text={wrong[50]}")
    page.wait_for_selector(f"#sample >> text={wrong[50]}")
    length = page.evaluate("history.length")
    page.reload()
    page.wait_for_selector(f"#sample >> text={wrong[50]}")
    page.keyboard.press("j")
    page.wait_for_selector(f"#sample >> text={wrong[51]}")
    assert f"52 / {len(wrong)}" in page.inner_text(".steps")
    for item in (wrong[50], wrong[49]):
        page.keyboard.press("k")
        page.wait_for_selector(f"#sample >> text={item}")
    assert page.evaluate("history.length") == length
    page.click(".steps .back")
    page.wait_for_selector("#search")
    assert _hash(page) == "#samples?task=knowledge&checkpoint=qa-e3&outcome=wrong&sort=id"


def test_keys_grade_the_first_answer_where_none_has_the_focus(visitor: Visit, folder: Path) -> None:
    page = visitor.open(folder, "#sample/knowledge/" + quote("q-001/price/paraphrase", safe=""))
    assert "1 right, 0 wrong" in page.inner_text(".keys")
    first, second = page.locator(".answer").all()
    page.keyboard.press("u")  # nothing to undo: it asks who grades first
    page.keyboard.type("Sato")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "answer"
    page.keyboard.press("n")
    page.keyboard.type("before")
    page.keyboard.press("Enter")
    assert "Note: before" in first.inner_text()
    page.keyboard.press("0")
    assert "Sato: wrong – before" in first.inner_text()
    assert first.locator("button").evaluate_all("all => all.map((b) => b.dataset.verdict)") == [
        "right", "wrong", "skipped", "cleared", "note",
    ]  # fmt: skip
    page.keyboard.press("s")
    assert "Sato: skipped – before" in first.inner_text()
    page.keyboard.press("u")
    assert first.locator(".opinions").count() == 0
    assert second.locator(".opinions").count() == 0


def test_only_checkpoints_that_answered_have_a_column(visitor: Visit, folder: Path) -> None:
    page = visitor.open(folder, "#samples?task=marc_ja")
    heads = page.locator("thead th").all_inner_texts()
    assert heads == ["Id", "Prompt", "Gold", "base"]


def test_a_phone_shows_gold_and_answer_before_a_long_passage(
    browser: Browser, tmp_path: Path
) -> None:
    run = build.start(tmp_path, [build.BASE])
    prompt = "文章：" + "長い文です。" * 200 + "質問：銀座の店はどこですか。"
    build.measure_knowledge(
        run, "base", 0.5, [build.row("a", prompt=prompt, gold=["銀座"], response="銀座")]
    )
    visit = Visit(browser, viewport={"width": 360, "height": 740}, has_touch=True)
    page = visit.open(run, "#sample/knowledge/a")

    shown = page.inner_text("main")
    assert "銀座の店はどこですか。" in shown
    assert "文章：" not in shown
    box = page.locator(".answer").bounding_box()
    assert box
    assert box["y"] < 740
    page.click(".folded summary")
    assert "文章：" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("location.hash = '#overview'")
    page.wait_for_selector("#accuracy")
    table = page.locator("section:has(> #accuracy) tbody tr").first
    assert table.locator("strong + .interval").inner_text().startswith("45.0")
    page.context.close()
    assert visit.noise == []
