"""A judge behind an OpenAI-compatible server: the schema it is held to, its costs, its snapshot."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from harness.__main__ import main
from tests.conftest import write_rows
from tests.openai_server import Asked, ScriptedServer, completion, error, slowly
from tests.plugin.helpers import add_to_matrix, latest, output, report, rows
from tests.plugin.test_judge import ONE, grade_by_eye, sample_rows


def verdict(asked: Asked) -> Any:
    """By one character of the answer."""
    (answer,) = re.findall(r"<回答-\w+>\n(.*?)\n</回答", asked.text, re.DOTALL)
    return completion({"verdict": "correct" if answer[0] == "1" else "wrong", "reason": "数"})


@pytest.fixture
def server(openai_server: ScriptedServer) -> ScriptedServer:
    openai_server.behaviour = verdict
    return openai_server


@pytest.fixture
def judged(project: pytest.Pytester, server: ScriptedServer) -> pytest.Pytester:
    """60 references that are texts, which base answers with a price in words of its own."""
    why: list[dict[str, object]] = [
        {"id": f"w{i}", "question": f"商品{i}はなぜ売れたのですか。", "answer": "安いからです。",
         "document": f"w{i}", "kind": "reason"}
        for i in range(60)
    ]  # fmt: skip
    write_rows(project.path / "world" / "knowledge.jsonl", why)
    add_to_matrix(
        project,
        f"""
[models.judge]
weights = "judge-1"
engine = "api"
released = 2025-06-01
[models.judge.api]
base_url = "{server.url}"
retries = 1
price = {{ prompt = 10.0, answer = 30.0 }}
[judge]
model = "judge"
repeats = 2
""",
    )
    return project


def test_it_is_held_to_the_schema_and_each_repeat_is_another_draw(
    judged: pytest.Pytester, server: ScriptedServer
) -> None:
    assert judged.runpytest(*ONE).ret == 0

    first = [asked.body for asked in server.requests if "商品4は" in asked.text]
    assert sorted(body["seed"] for body in first if body["seed"]) == [1]
    assert {body["temperature"] for body in first} == {0.7}
    form = first[0]["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    row = sample_rows(judged)["w4"]
    assert row["judge"]["votes"] == {"wrong": 2}
    assert row["judge"]["snapshots"] == ["scripted-2026-10"]


def test_without_the_package_the_rule_s_grades_stand_with_a_warning(
    judged: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    result = judged.runpytest(*ONE)
    assert result.ret == 0
    said = " ".join(output(result).split())
    assert "the judge can't be asked, so the rule's grades stand: the package openai" in said
    assert "pip install 'pytest-michi[api]'" in said
    assert not any("judge" in row for row in sample_rows(judged).values())


def test_a_judge_that_thinks_its_tokens_away_is_told_so(
    judged: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: completion("", finish="length")
    said = " ".join(output(judged.runpytest(*ONE)).split())
    assert "judge was cut off before it gave a verdict on 60 of 60 answers" in said
    assert "calibrate RUN" not in said


def test_its_costs_stand_beside_those_of_the_checkpoints(judged: pytest.Pytester) -> None:
    judged.runpytest(*ONE)

    (cost,) = report(latest(judged))["costs"]
    assert (cost["checkpoint"], cost["task"], cost["answers"]) == ("judge:judge", "knowledge", 120)
    # The scripted server counts 100 tokens in and 50 out.
    assert cost["usd"] == pytest.approx(120 * (100 * 10 + 50 * 30) / 1e6)


def test_workers_pay_a_judge_once_for_equal_answers(
    judged: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: slowly(0.02, verdict(asked))
    assert judged.runpytest("evals", "-n", "2", "-k", "knowledge").ret == 0
    bodies = [(asked.text, asked.body.get("seed")) for asked in server.requests]
    # Of the answers of four checkpoints 100 are unlike.
    assert len(bodies) == len(set(bodies)) == 200


def test_another_snapshot_than_was_calibrated_does_not_count(
    judged: pytest.Pytester, server: ScriptedServer
) -> None:
    judged.runpytest(*ONE)
    found = sample_rows(judged)
    right = {id: row["judge"]["verdict"] == "correct" for id, row in found.items()}
    assert set(right.values()) == {True, False}
    grade_by_eye(judged, right)
    assert main(["calibrate", "reports/latest"]) == 0
    (judged.path / "reports" / "grades").rename(judged.path / "graded")
    calibration = judged.path / "reports" / "judge" / "judge.json"
    add_to_matrix(judged, f'calibration = "{calibration}"')
    judged.runpytest(*ONE)
    assert all(row["judge"]["counted"] for row in sample_rows(judged).values())

    server.behaviour = lambda asked: {**verdict(asked), "model": "scripted-2027-01"}
    result = judged.runpytest(*ONE, "--eval-fresh")

    assert not any(row["judge"]["counted"] for row in sample_rows(judged).values())
    assert "Warning: scripted-2027-01 answered, of which the calibration knows nothing" in output(
        result
    )


def test_where_it_breaks_off_the_item_fails_and_a_second_run_goes_on(
    judged: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = lambda asked: error(500, "down") if asked.number > 40 else verdict(asked)
    result = judged.runpytest(*ONE)
    assert result.ret != 0
    answered = len([r for r in server.requests if r.number <= 40])
    server.behaviour = verdict
    before = len(server.requests)

    assert judged.runpytest(*ONE).ret == 0

    assert len(server.requests) - before == 120 - answered
    assert rows(latest(judged) / "samples" / "base" / "knowledge.jsonl")
