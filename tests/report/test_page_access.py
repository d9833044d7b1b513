"""Axe in Chromium, keyboard and print: the page for those who don't see, point or scroll."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.report import builder as build
from tests.report.evidence import evidence_run
from tests.report.synthetic import synthetic_run
from tests.report.unknown import unknown_run
from tests.report.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
FAULTS = ("moderate", "serious", "critical")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs with all that a page can show."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        "whole": build.whole_run(folder / "whole"),
        "evidence": evidence_run(folder / "evidence"),
        "unknown": unknown_run(folder / "unknown"),
        "large": synthetic_run(folder / "large", 3, 80),
    }


VIEWS = (
    ("large", ""),
    ("evidence", ""),
    ("unknown", ""),
    ("large", "#samples?checkpoint=general-e1"),
    ("large", "#sample/knowledge/" + quote("doc-000/price/0000", safe="")),
    ("whole", "#samples?q=nothing has this"),
    ("whole", "#run"),
    ("whole", "#grade"),
)


@pytest.mark.parametrize(
    ("scheme", "locale", "width"),
    [("light", "en-GB", 1280), pytest.param("dark", "ja-JP", 390, marks=pytest.mark.slow)],
)
def test_axe_finds_no_fault_of_weight(
    browser: Browser, folders: dict[str, Path], scheme: Any, locale: str, width: int
) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    ).Axe()
    size = {"width": width, "height": 900}
    # Axe is put into the page as a script, which the page's own policy rightly refuses.
    visit = Visit(browser, color_scheme=scheme, locale=locale, viewport=size, bypass_csp=True)
    faults: list[str] = []
    for name, view in VIEWS:
        if (name, scheme) == ("evidence", "dark"):
            continue  # takes seconds, and shows in the dark no colour that the others don't
        page = visit.open(folders[name], view)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        faults += [
            f"{name}{view} {v['id']}: {node['target']} {node['failureSummary'][:300]}"
            for v in found
            if v["impact"] in FAULTS
            for node in v["nodes"][:3]
        ]
    visit.page.context.close()
    assert not faults, "\n".join(faults)
    assert visit.noise == []


def test_the_first_key_skips_to_the_report(visit: Visit, folders: dict[str, Path]) -> None:
    page = visit.open(folders["whole"], "#run")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("[document.activeElement.id, location.hash]") == ["main", "#run"]


def test_every_table_has_a_caption_and_every_drawing_words(
    visit: Visit, folders: dict[str, Path]
) -> None:
    for name in ("large", "evidence", "unknown"):
        page = visit.open(folders[name])

        tables = page.locator("table")
        assert tables.count() == page.locator("table > caption:first-child").count() > 0
        assert page.locator("svg:not([aria-label]):not([aria-hidden])").count() == 0
        assert page.locator("svg[aria-label='']").count() == 0


def test_print_shows_all_that_the_screen_shows_and_no_controls(
    visit: Visit, folders: dict[str, Path]
) -> None:
    page = visit.open(folders["large"])
    page.emulate_media(media="print", color_scheme="dark")

    assert page.locator(".bar-top a:visible, button:visible, select:visible").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("location.hash = '#samples'")
    page.wait_for_selector("table")
    assert page.locator("button:visible, select:visible, input:visible").count() == 0
    assert page.pdf()[:5] == b"%PDF-"
