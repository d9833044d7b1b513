"""A person grades in the browser while the review server is killed, again and again."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.review.files import read_grades
from tests.harness.serving import served
from tests.report.grading import gradeable_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

pytestmark = pytest.mark.browser

VIEW = "#grade?suite=knowledge&a=qa-e3&form=&blind=1"
KILLS, BEFORE, AFTER = 10, 6, 2


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    opened = context.new_page()
    opened.on("dialog", lambda dialog: dialog.accept())  # leaving with unsent grades
    yield opened
    context.close()


@pytest.mark.slow
def test_a_server_killed_ten_times_while_grading_loses_no_acknowledged_grade(
    page: Page, tmp_path: Path
) -> None:
    run, grades = gradeable_run(tmp_path / "run", 120), tmp_path / "grades"
    acknowledged: set[str] = set()

    def note(response: Response) -> None:
        if response.url.endswith("/grades") and response.request.method == "POST" and response.ok:
            acknowledged.update(response.json()["accepted"])

    page.on("requestfinished", lambda request: note(request.response()))
    dice, port = random.Random(6), 0
    command = [sys.executable, "-m", "harness", "review", str(run), "--no-browser"]
    command += ["--grades", str(grades), "--port"]
    for turn in range(KILLS + 1):
        with served(grades, command=[*command, str(port)]) as server:
            port = server.port
            page.goto(f"http://127.0.0.1:{port}/{server.token}/{VIEW}")
            if turn == 0:
                page.fill(".grader", "Sato")
                page.keyboard.press("Enter")
            page.wait_for_selector(".grade-keys")
            page.wait_for_selector(".store >> text=All grades are on disk.")
            if turn == KILLS:
                break
            for _ in range(BEFORE):
                page.keyboard.press(dice.choice("10"))
                page.wait_for_timeout(dice.uniform(0, 30))
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            for _ in range(AFTER):
                page.keyboard.press(dice.choice("10"))
            page.wait_for_selector(".store.unsent")
        assert acknowledged <= {event.event for event in read_grades(grades)}

    kept = [event.event for event in read_grades(grades)]
    assert len(kept) == len(set(kept)) == KILLS * (BEFORE + AFTER)
    assert len(acknowledged) > KILLS
