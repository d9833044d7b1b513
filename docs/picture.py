"""Make docs/images/report.png: the example report as a browser shows it (`make example`)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Take the picture. Exit code 1 where there is no Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("no Chromium on the PATH\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 1200, "height": 1450}, color_scheme="light", locale="en-US"
        )
        page.goto((ROOT / "reports/example/report.html").as_uri())
        page.wait_for_selector("table")
        page.screenshot(path=ROOT / "docs/images/report.png")
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
