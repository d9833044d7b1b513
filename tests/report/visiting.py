"""A report's page in a real headless Chromium, and what it shows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.report.write import write_reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class Visit:
    """A page with everything that it said and asked for."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.noise: list[str] = []
        size = {"width": 1280, "height": 900}
        self.page: Page = browser.new_context(
            **{"locale": "en-GB", "viewport": size, **options}
        ).new_page()
        self.page.on("console", lambda message: self.noise.append(message.text))
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on("dialog", lambda dialog: self.noise.append(dialog.message))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        ours = "report.html" in url or "/report_samples/" in url
        if not (url.startswith("file://") and ours):
            self.noise.append(url)

    def open(self, folder: Path, address: str = "") -> Page:
        path = folder / "report.html"
        if not path.exists():
            write_reports(folder)
        self.page.goto(path.as_uri() + address)
        self.page.wait_for_selector("main")
        return self.page


def reloaded(page: Page) -> None:
    """Load the page again, as a person does: not within the moment of a key.

    What a page has stored reaches the browser's other processes a little later, and a busy machine
    makes it later still; a reload may begin in another process.
    """
    page.wait_for_timeout(500)
    page.reload()


def section_rows(page: Page, name: str) -> list[list[str]]:
    rows = page.locator(f"section:has(> #{name}) tbody tr:visible").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]
