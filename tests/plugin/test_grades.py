"""`pytest evals` counts what people said of answers over what the rules say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from harness.review.events import GradeEvent, sample_key
from harness.review.files import append
from tests.plugin.gating import bless
from tests.plugin.helpers import (
    add_to_conftest,
    asked,
    figures,
    forget_asked,
    latest,
    output,
    report,
    rows,
)

ONE = ("evals", "-k", "knowledge and base and not other")


def sample_rows(project: pytest.Pytester, checkpoint: str = "base") -> list[dict[str, Any]]:
    return rows(latest(project) / "samples" / checkpoint / "knowledge.jsonl")


def grade(folder: Path, graded: list[dict[str, Any]], verdict: str, author: str = "花子") -> None:
    events = [
        GradeEvent(
            event=hashlib.md5(f"{author} {verdict} {row['id']}".encode()).hexdigest(),
            sample=sample_key("knowledge", row["id"], row["prompt"], row["response"]),
            suite="knowledge",
            item=row["id"],
            verdict=verdict,
            author=author,
            time="2026-11-26T01:02:03.456Z",
            rubric="default/1",
            picked="queue",
        )
        for row in graded
    ]
    append(folder, events)


@pytest.fixture
def wrong(project: pytest.Pytester) -> list[dict[str, Any]]:
    """What the rule called wrong in a first run."""
    assert project.runpytest(*ONE).ret == 0
    return [row for row in sample_rows(project) if not row["correct"]]


def test_a_grade_counts_in_the_next_run_and_nobody_is_asked_again(
    project: pytest.Pytester, wrong: list[dict[str, Any]]
) -> None:
    key = ("base", "knowledge", "accuracy_seen")
    before = figures(latest(project))[key]
    seen = [row for row in wrong if row["stratum"] == "seen"]
    grade(project.path / "reports" / "grades", seen[:2], "right")
    forget_asked(project)

    result = project.runpytest(*ONE)

    after = figures(latest(project))
    assert asked(project) == []
    assert after[key] == pytest.approx(before + 2 / 6)
    assert after["base", "review", "by_rule_knowledge_seen"] == pytest.approx(before)
    assert after["base", "review", "counted_knowledge_seen"] == pytest.approx(after[key])
    by_id = {row["id"]: row for row in sample_rows(project)}
    judged = by_id[seen[0]["id"]]
    assert (judged["correct"], judged["author"]) == (True, "human:花子")
    assert (judged["rule"]["correct"], judged["rule"]["author"]) == (False, "rule:typed-facts/1")
    assert "Graded by people" in output(result)
    assert report(latest(project))["run"]["rubric"]["version"] == "default/2"


def test_a_grade_of_another_answer_counts_for_nothing(
    project: pytest.Pytester, wrong: list[dict[str, Any]]
) -> None:
    every = ("evals", "-k", "knowledge")
    project.runpytest(*every)
    before = figures(latest(project))
    changed = [{**row, "response": row["response"] + "。"} for row in wrong]
    grade(project.path / "reports" / "grades", changed, "right")

    result = project.runpytest(*every)

    assert figures(latest(project)) == before
    assert not any("people" in row for row in sample_rows(project))
    stale = report(latest(project))["run"]["to_grade_again"]
    assert stale == {"knowledge": sorted(row["id"] for row in wrong)}
    assert f"To grade again, for the answer changed: knowledge {wrong[0]['id']}" in output(result)
    # A run of one checkpoint can't tell: another one may still give the answer.
    project.runpytest(*ONE)
    assert "to_grade_again" not in report(latest(project))["run"]


def test_grades_may_lie_elsewhere(project: pytest.Pytester, wrong: list[dict[str, Any]]) -> None:
    grade(project.path / "elsewhere", wrong, "right")

    project.runpytest(*ONE, "--eval-grades", "elsewhere")

    assert all(row["correct"] for row in sample_rows(project))


def test_a_folder_of_grades_that_is_not_there_is_told_before_anything_runs(
    project: pytest.Pytester,
) -> None:
    result = project.runpytest(*ONE, "--eval-grades", "nowhere")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--eval-grades nowhere: there is no such folder" in output(result)


def test_a_broken_grade_is_named_with_file_and_line(
    project: pytest.Pytester, wrong: list[dict[str, Any]]
) -> None:
    folder = project.path / "reports" / "grades"
    grade(folder, wrong[:1], "right")
    (file,) = folder.glob("*.jsonl")
    file.write_text("{}\n" + file.read_text("utf-8"), "utf-8")

    result = project.runpytest(*ONE)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"{file.name}:1" in output(result)


def test_workers_count_grades_as_one_process_does(
    project: pytest.Pytester, wrong: list[dict[str, Any]]
) -> None:
    grade(project.path / "reports" / "grades", wrong, "right")

    project.runpytest("evals", "-k", "knowledge", "-n", "2")

    assert all(row["correct"] for row in sample_rows(project))


def test_a_gate_holds_both_answers_against_the_same_judge(
    project: pytest.Pytester, wrong: list[dict[str, Any]]
) -> None:
    # Blessed without any grade; then a person finds some of the wrong answers right.
    assert bless(project, "--allow-dirty", "--allow-partial").returncode == 0
    grade(project.path / "reports" / "grades", wrong, "right")

    project.runpytest(*ONE, "--eval-baseline", "main.json")

    gates = [r["gate"] for r in report(latest(project))["results"] if r["gate"]]
    assert gates
    assert {gate["difference"] for gate in gates} == {0}


def test_what_is_graded_during_a_run_counts_for_none_of_its_workers(
    project: pytest.Pytester, wrong: list[dict[str, Any]]
) -> None:
    # A suite grades what the others answer, before any of them has read a grade.
    folder = project.path / "reports" / "grades"
    grade(project.path / "later", wrong, "right")
    (later,) = (project.path / "later").glob("*.jsonl")
    folder.mkdir()
    add_to_conftest(
        project,
        f"""
import pathlib
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    target = pathlib.Path({str(folder / later.name)!r})
    target.write_bytes(pathlib.Path({str(later)!r}).read_bytes())
""",
    )

    project.runpytest("evals", "-k", "knowledge", "-n", "2")

    assert not any("people" in row for row in sample_rows(project))
