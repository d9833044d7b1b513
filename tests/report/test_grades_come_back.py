"""The whole way of a grade: pytest, the page, the file, the import, and pytest again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import write_rows
from tests.plugin.helpers import asked, figures, forget_asked, latest, report, rows
from tests.report.visiting import Visit

pytestmark = pytest.mark.browser

N = 200
BASE = ("evals", "-k", "knowledge and base and not other")


@pytest.fixture
def grader(visit: Visit) -> Visit:
    """A visitor who may leave with grades that were not downloaded."""
    visit.page.on("dialog", lambda dialog: dialog.accept())
    return visit


def test_what_is_graded_in_the_page_is_the_accuracy_of_the_next_run(
    project: pytest.Pytester, grader: Visit
) -> None:
    write_rows(project.path / "world" / "knowledge.jsonl", [
        {"id": f"q{i}", "question": f"商品{i}の価格はいくらですか。", "answer": f"{1000 + i}円です。",
         "document": f"d{i}", "form": "seen", "fact": {"type": "money", "text": f"{1000 + i}円"}}
        for i in range(N)
    ])  # fmt: skip
    assert project.runpytest_subprocess(*BASE).ret == 0
    before = figures(latest(project))["base", "knowledge", "accuracy_seen"]

    page = grader.open(latest(project).resolve(), "#grade?suite=knowledge&a=base&blind=1")
    page.fill(".grader", "花子")
    page.keyboard.press("Enter")
    page.wait_for_selector(".grade-keys")
    for turn in range(N):  # this expert calls every third answer wrong
        page.keyboard.press("1" if turn % 3 else "0")
    with page.expect_download() as waiting:
        page.click(".download")
    saved = project.path / "grades.jsonl"
    saved.write_bytes(Path(waiting.value.path()).read_bytes())
    assert len(rows(saved)) == N

    review = ["-m", "harness", "review", "reports/latest", "--import", "grades.jsonl"]
    done = project.run(sys.executable, *review)
    assert done.ret == 0, done.stderr.str()
    assert f"Of answers in reports/latest: {N}." in done.stdout.str()
    forget_asked(project)
    assert project.runpytest_subprocess(*BASE).ret == 0

    after = figures(latest(project))
    assert asked(project) == []
    said = [row["people"]["verdict"] for row in rows(_samples(project))]
    assert said.count("right") == N - len(range(0, N, 3))
    assert after["base", "knowledge", "accuracy_seen"] == said.count("right") / N != before
    assert after["base", "review", "by_rule_knowledge_seen"] == before
    assert after["base", "review", "corrected_knowledge_seen"] == pytest.approx(
        said.count("right") / N
    )
    (form,) = report(latest(project))["review"]["forms"]
    assert (form["graded"], form["n"]) == (N, N)
    # And the page of that run has them: nothing is left to grade.
    page = grader.open(latest(project).resolve(), "#grade?suite=knowledge&a=base&blind=1")
    page.wait_for_selector("main")
    assert "All answers here are graded" in page.inner_text("main")


def _samples(project: pytest.Pytester) -> Path:
    return latest(project) / "samples" / "base" / "knowledge.jsonl"
