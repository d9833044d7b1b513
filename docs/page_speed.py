"""Size and speed of the report page on seven checkpoints and two thousand samples (`make bench`).

The run is made up from a seed (`tests.report.synthetic`). Timed is a real headless Chromium, from
the disk: until the page's load event has ended, and from a key in the search field, a filter or an
address until what it asks for is painted. Medians of fresh profiles; nothing is asserted.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TIMES = 5
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


def main() -> int:
    """Write the figures to the screen. Exit code 1 where there is no Chromium."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(ROOT))
    from harness.report.write import write_reports
    from tests.report.synthetic import synthetic_run

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("no Chromium on the PATH\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = synthetic_run(Path(folder))
        begun = time.perf_counter()
        write_reports(run)
        sys.stdout.write(f"written in {time.perf_counter() - begun:.1f} s\n")
        report = run / "report.html"
        sys.stdout.write(f"{report.stat().st_size:,} bytes\n")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        figures = [_visit(browser, report.as_uri()) for _ in range(TIMES)]
        for name in figures[0]:
            values = sorted(f[name] for f in figures)
            sys.stdout.write(
                f"{name}: median {statistics.median(values):.0f} ms "
                f"({values[0]:.0f} to {values[-1]:.0f}, {TIMES} times)\n"
            )
        browser.close()
    return 0


def _visit(browser: Any, address: str) -> dict[str, float]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("main h2")
    found = {"load": page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")}

    def timed(name: str, act: Any, selector: str) -> None:
        begun = time.perf_counter()
        act()
        page.wait_for_selector(selector)
        page.evaluate(PAINTED)
        found[name] = 1000 * (time.perf_counter() - begun)

    def go(hash: str) -> Any:
        return lambda: page.evaluate("hash => { location.hash = hash }", hash)

    timed("samples", go("#samples"), "#search")
    timed("search, with its 150 ms of waiting", lambda: page.fill("#search", "0042"),
          "tbody tr:first-child:nth-last-child(1)")  # fmt: skip
    timed("another suite, ordered", go("#samples?task=jsquad&sort=score"), "tbody tr:nth-child(50)")
    timed("one sample", go("#sample/jsquad/a3p0q1"), "article")
    timed("overview", go("#overview"), "#verdict")
    context.close()
    return found


if __name__ == "__main__":
    raise SystemExit(main())
