"""The page as a person meets it: opened from the disk in a real headless Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.report import builder as build
from tests.report.evidence import evidence_run
from tests.report.visiting import Visit, section_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def _wait_for_rows(page: Page, count: int) -> None:
    # By selector: a condition in JavaScript is what the page's own policy forbids.
    page.wait_for_selector(f"tbody tr:first-child:nth-last-child({count})")


def test_both_tables_are_drawn_as_tables(visit: Visit, run_folder: Path) -> None:
    page = visit.open(run_folder)

    accuracy, forms, relative = (
        section_rows(page, name) for name in ("accuracy", "forms", "relative")
    )

    assert accuracy[1] == [
        "2", "qa-e3", "独自QAデータセット", "3", "65.0", "60.0 to 70.0", "1200",
        "+100.0\n−200.0 to +200.0",  # of one document each way nothing can be estimated
    ]  # fmt: skip
    assert forms[1] == ["qa-e3", "32.5\n27.5 to 37.5", "16.2\n11.2 to 21.3", "2.0\n−3.0 to 7.0"]
    assert relative[1][4] == "1.340"
    assert accuracy[2][4:] == ["–"] * 4
    assert "embedded, fictional" in page.locator("#accuracy + p").inner_text()
    assert page.locator("tbody th:not([scope=row]), thead th:not([scope=col])").count() == 0
    assert page.locator(".chart").count() == 5
    assert page.get_attribute("html", "lang") == "en"


def test_gaps_and_confusion_and_manifest_are_shown(visit: Visit, run_folder: Path) -> None:
    page = visit.open(run_folder)

    assert "no API key: set OPENAI_API_KEY" in page.locator("section:has(#gaps)").inner_text()
    assert page.locator("section:has(#confusion) table").count() == 2
    page.click("text=Run")
    text = page.inner_text("main")
    assert "2025-04-01" in text
    assert "ab" * 32 in text
    assert "2.13.0" in text


def test_search_and_filters_narrow_the_list(visit: Visit, run_folder: Path) -> None:
    page = visit.open(run_folder, "#samples")
    assert page.locator("tbody tr").count() == 2

    page.fill("#search", "取り扱い店舗")
    _wait_for_rows(page, 1)
    assert page.evaluate("document.activeElement.id") == "search"
    assert "q=" in page.evaluate("location.hash")
    page.fill("#search", "nothing has this")
    page.wait_for_selector("text=No sample matches.")
    page.fill("#search", "")
    _wait_for_rows(page, 2)

    page.select_option("#filter-checkpoint", "qa-e3")
    page.select_option("#filter-outcome", "wrong")
    assert page.locator("tbody tr th").all_inner_texts() == ["new-1/shop/control"]
    page.select_option("#filter-outcome", "gained")
    assert page.locator("tbody tr th").all_inner_texts() == ["new-1/price/seen"]
    page.select_option("#filter-outcome", "")
    page.select_option("#filter-stratum", "control")
    assert page.locator("tbody tr th").all_inner_texts() == ["new-1/shop/control"]
    page.select_option("#filter-task", "marc_ja")
    assert page.locator("tbody tr").count() == 4


def test_an_address_opens_its_view_before_anything_else_is_drawn(
    visit: Visit, run_folder: Path
) -> None:
    address = "#sample/knowledge/" + quote("new-1/shop/control", safe="")
    page = visit.open(run_folder, address)

    assert page.inner_text("#sample") == "new-1/shop/control"
    assert page.evaluate("location.hash") == address
    assert page.locator(".answer").count() == 3
    assert "わかりません" in page.locator(".answer").nth(0).inner_text()
    assert "7,700円" in page.locator(".answer").nth(1).inner_text()
    assert "no answer" in page.locator(".answer").nth(2).inner_text()


def test_a_list_address_keeps_its_filters(visit: Visit, run_folder: Path) -> None:
    page = visit.open(run_folder, "#samples?task=knowledge&stratum=control&q=店舗")

    assert page.locator("tbody tr th").all_inner_texts() == ["new-1/shop/control"]
    assert page.input_value("#search") == "店舗"


def test_the_browser_is_used_by_keyboard(visit: Visit, run_folder: Path) -> None:
    page = visit.open(run_folder, "#samples")

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.locator("tbody a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#sample >> text=new-1/price/seen")
    page.keyboard.press("j")
    page.wait_for_selector("#sample >> text=new-1/shop/control")
    page.keyboard.press("Escape")
    page.wait_for_selector("#search")
    page.go_back()
    page.wait_for_selector("#sample >> text=new-1/shop/control")


def test_long_lists_have_pages(visit: Visit, tmp_path: Path) -> None:
    folder = build.start(tmp_path, [build.BASE])
    build.measure_knowledge(folder, "base", 0.5, [build.row(f"q-{n:03}") for n in range(120)])
    page = visit.open(folder, "#samples")

    assert page.locator("tbody tr").count() == 50
    page.click("text=Next")
    page.click("text=Next")
    assert page.locator("tbody tr th").all_inner_texts()[0] == "q-100"
    assert page.locator("tbody tr").count() == 20
    page.click("tbody tr >> nth=3 >> td >> nth=0")
    page.wait_for_selector("#sample >> text=q-103")
    page.click("text=Back to the list")
    page.wait_for_selector("tbody >> text=q-100")


def test_the_language_follows_the_browser_and_can_be_switched(
    browser: Browser, run_folder: Path
) -> None:
    visit = Visit(browser, locale="ja-JP")
    page = visit.open(run_folder)

    assert page.get_attribute("html", "lang") == "ja"
    assert "何を習得したか" in page.inner_text("main")
    page.click("text=English")
    assert "What it learnt" in page.inner_text("main")
    assert page.get_attribute("html", "lang") == "en"
    page.context.close()
    assert visit.noise == []


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
def test_hostile_texts_are_shown_and_never_run(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    visit = Visit(browser, viewport={"width": width, "height": 900})
    page = visit.open(build.hostile_run(tmp_path))
    views = ["#overview", "#run", "#samples", "#samples?task=constructor", "#sample/knowledge/long"]
    views += [f"#samples?{name}=%3Cb%3E{quote(build.HOSTILE[0])}" for name in
              ("q", "task", "checkpoint", "outcome", "stratum", "human", "sort", "page")]  # fmt: skip
    views += [f"#sample/knowledge/{quote(f'{i} {t}', safe='', errors='replace')}"
              for i, t in enumerate(build.HOSTILE)]  # fmt: skip
    views += [f"#sample/knowledge/long?against={mode}" for mode in ("base", "off", "<b>")]
    for view in [*views, "#sample/knowledge/~9", "#sample/__proto__/x", "#sample/%E0%A4%A", "#<b>"]:
        page.evaluate("hash => { location.hash = hash }", view)
        page.wait_for_timeout(30)
        assert page.locator("main *").count() > 0, view
        assert page.locator("img, iframe, main script, main a:not([href^='#'])").count() == 0
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), view
    assert page.evaluate("window.pwned") is None

    page.evaluate("location.hash = '#sample/knowledge/~0'")
    page.wait_for_selector("#sample >> text=window.pwned = 1")
    assert page.locator(".answer .said").first.inner_text() == build.HOSTILE[0]
    page.context.close()
    assert visit.noise == []


def test_a_run_without_results_still_opens(visit: Visit, tmp_path: Path) -> None:
    page = visit.open(build.start(tmp_path, [build.BASE], data={}, finished=None))

    for view in ("#overview", "#samples", "#run"):
        page.evaluate("hash => { location.hash = hash }", view)
        page.wait_for_selector("h2")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"color_scheme": "light"}),
        pytest.param("dark", {"color_scheme": "dark"}, marks=pytest.mark.slow),
        ("phone", {"viewport": {"width": 390, "height": 844}}),
    ],
)
def test_nothing_is_wider_than_the_window(
    browser: Browser, run_folder: Path, tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    visit = Visit(browser, **options)
    evidence = evidence_run(tmp_path / "evidence")
    places = [(run_folder, view) for view in ("", "#samples", "#sample/jsquad/a", "#run")]
    for place, (folder, view) in enumerate([*places, (evidence, "")]):
        page = visit.open(folder, view)
        page.screenshot(path=tmp_path / f"{name}-{place}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light == "rgb(252, 251, 249)") is (name != "dark")
    page.context.close()
    assert visit.noise == []


def test_the_manifest_says_how_suites_were_asked_and_on_what_commit(
    visit: Visit, tmp_path: Path
) -> None:
    tree = {"commit": "0123abc", "dirty": True}
    folder = build.start(tmp_path, [build.BASE, build.QA], tree=tree)
    for name, prompt in (("base", "質問：{question}"), ("qa-e3", "{question}")):
        build.measure_jsquad(folder, name, {"a": 1.0}, {"prompt": prompt, "n": 200})
    page = visit.open(folder, "#run")

    rows = section_rows(page, "asked-how")
    assert [row[1] for row in rows] == ["base", "qa-e3"]
    assert 'prompt: "質問：{question}"' in rows[0][2]
    assert "n: 200" in rows[0][2]
    assert "0123abc (with changes since)" in page.inner_text("section:has(> #invocation)")
