"""Make the pictures of docs/images: the example report as a browser shows it (`make example`)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
REPORT = (ROOT / "reports/example/report.html").as_uri()
IMAGES = ROOT / "docs/images"


def main() -> int:
    """Take the pictures. Exit code 1 where there is no Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("no Chromium on the PATH\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        _shoot(_opened(browser, 1200, 1450), "report")
        _shoot(
            _grading(_opened(browser, 900, 760, "#grade?suite=knowledge&a=qa-long&blind=1")),
            "grade",
        )
        _shoot(_gained(_opened(browser, 900, 760, "#samples", dark=True)), "sample")
        _shoot(_opened(browser, 390, 760, locale="ja-JP"), "phone")
        printed = _opened(browser, 760, 1075)
        printed.emulate_media(media="print")
        _shoot(printed, "print")
        browser.close()
    return 0


def _opened(
    browser: Browser,
    width: int,
    height: int,
    hash: str = "",
    locale: str = "en-US",
    dark: bool = False,
) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        locale=locale,
    )
    page.goto(REPORT + hash)
    page.wait_for_selector("main")
    return page


def _grading(page: Page) -> Page:
    """Blind, a few answers graded."""
    page.fill(".grader", "花子")
    page.keyboard.press("Enter")
    page.wait_for_selector(".grade-keys")
    for key in "1101":
        page.keyboard.press(key)
    return page


def _gained(page: Page) -> Page:
    """The first question in other words that a fine-tune answers and the base does not."""
    chosen = "task=knowledge&checkpoint=qa-short&outcome=gained&stratum=paraphrase"
    page.goto(f"{REPORT}#samples?{chosen}")
    page.click("tbody a")
    page.wait_for_selector(".answers")
    page.evaluate("document.querySelector('.gold').previousElementSibling.scrollIntoView()")
    return page


def _shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(300)  # milliseconds: the last redraw
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    raise SystemExit(main())
