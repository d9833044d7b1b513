"""A served page: each grade goes to the disk at once, and none is lost where that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.commands.server import ReviewServer, open_server, review_page
from harness.review.files import read_grades
from tests.report.grading import gradeable_run
from tests.report.visiting import reloaded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

VIEW = "#grade?suite=knowledge&a=qa-e3&blind=1"
KEPT = "All grades are on disk."
Serve = Callable[[int], ReviewServer]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server on a port (0: any); one that was started before ends first."""
    run = gradeable_run(tmp_path / "run", 40)
    grades = tmp_path / "grades"
    running: list[ReviewServer] = []

    def end() -> None:
        while running:
            server = running.pop()
            server.shutdown()
            server.server_close()

    def start(port: int) -> ReviewServer:
        end()
        server = open_server(review_page(run, grades), grades, port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return server

    yield start
    end()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("dialog", lambda dialog: dialog.accept())  # leaving with unsent grades
    yield opened
    context.close()
    assert errors == []


def _begin(page: Page, server: ReviewServer) -> None:
    page.goto(server.address + VIEW)
    page.fill(".grader", "Sato")
    page.keyboard.press("Enter")
    page.wait_for_selector(f".store >> text={KEPT}")


def _on_disk(tmp_path: Path) -> int:
    return len(read_grades(tmp_path / "grades"))


def _stored(page: Page) -> int:
    return int(page.evaluate("Object.keys(localStorage).filter(k => k.includes('grades/')).length"))


def test_grades_are_on_the_disk_before_the_page_says_so(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    _begin(page, serve(0))
    for key in "11010":
        page.keyboard.press(key)
    page.wait_for_selector(f".store >> text={KEPT}")

    assert _on_disk(tmp_path) == 5
    assert _stored(page) == 0
    shown = page.inner_text(".grade-card")
    reloaded(page)
    page.wait_for_selector("text=5 graded of 40")
    assert page.inner_text(".grade-card") == shown


def test_what_could_not_be_sent_is_kept_over_a_reload_and_sent_again(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    _begin(page, serve(0))

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/grades", fail)
    for key in "110":
        page.keyboard.press(key)
    page.wait_for_selector(".store >> text=3 not yet sent: connection lost")
    reloaded(page)
    page.wait_for_selector(".store >> text=3 not yet sent: connection lost")
    for view in ("overview", "samples", "run"):
        page.evaluate("view => { location.hash = view }", view)
        page.wait_for_selector(f"[data-view={view}] .store >> text=3 not yet sent")
    assert _on_disk(tmp_path) == 0
    page.unroute("**/grades", fail)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_selector(".store", state="detached")
    page.evaluate("view => { location.hash = view }", VIEW)
    page.wait_for_selector(f".store >> text={KEPT}")

    assert _on_disk(tmp_path) == 3
    assert _stored(page) == 0
    assert "--import" not in page.inner_text("main")  # they are in the project already


def test_a_server_that_was_started_again_gets_what_is_left(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    server = serve(0)
    _begin(page, server)
    page.keyboard.press("1")
    page.wait_for_selector(f".store >> text={KEPT}")
    again = serve(server.server_port)
    page.keyboard.press("0")
    page.keyboard.press("1")
    page.wait_for_selector(".store >> text=2 unsent grades are kept")
    assert _on_disk(tmp_path) == 1

    page.goto(again.address + VIEW)
    page.wait_for_selector(f".store >> text={KEPT}")
    page.wait_for_selector("text=3 graded of 40")
    assert _on_disk(tmp_path) == 3


def test_one_grade_that_is_not_taken_holds_up_no_other(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    _begin(page, serve(0))
    page.keyboard.press("n")
    # Longer in Python's characters than the page's own check lets through: put in past the field.
    page.evaluate("document.getElementById('note').removeAttribute('maxlength')")
    page.fill("#note", "x" * 2001)
    page.keyboard.press("Enter")
    page.keyboard.press("1")
    page.wait_for_selector(".store >> text=1 not taken by the server")
    page.keyboard.press("0")
    page.wait_for_selector(".store >> text=1 not taken by the server")
    for _ in range(100):
        if _on_disk(tmp_path):
            break
        page.wait_for_timeout(100)

    assert _on_disk(tmp_path) == 1
    assert _stored(page) == 1
