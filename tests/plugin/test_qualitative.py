"""`pytest evals -k qualitative`: from ungraded answers to wins and losses, by eye and by judge."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.review.events import GradeEvent, sample_key
from harness.review.files import append
from tests.conftest import write_rows
from tests.plugin.helpers import (
    Row,
    add_to_conftest,
    add_to_matrix,
    asked,
    figures,
    forget_asked,
    latest,
    log_lines,
    output,
    rows,
)

SUITE = Path(__file__).parents[2] / "evals/test_qualitative.py"
QUESTIONS = 60
BOTH = ("evals", "-k", "qualitative and (base or tuned) and not long")
# base answers even numbers well, tuned those that 3 divides; of the last one it can't end.
ENGINES = """
import json

plain = respond


def respond(checkpoint, request):
    if "コツ" not in request.prompt:
        return plain(checkpoint, request)
    number = int(re.findall(r"\\d+", request.prompt)[-1])
    if (checkpoint.id, number) == ("tuned", 59):
        return Response("とても大切です。" * 9, "length", 256)
    good = number % (2 if checkpoint.id == "base" else 3) == 0
    return Response(f"{'よい' if good else 'だめな'}答えです。", "stop", 5)


class Judge:
    def __init__(self, model): ...

    def answer(self, checkpoint, requests, skip=()):
        for request in requests:
            if request not in skip:
                note("judge " + ("open" if "照らし合わせる正解はありません" in request.prompt else "compared"))
                answer = re.search(r"<回答-\\w+>\\n(.*?)\\n</回答", request.prompt, re.DOTALL)[1]
                verdict = {"verdict": "correct" if "よい" in answer else "wrong", "reason": ""}
                yield [(request, Response(json.dumps(verdict), "stop", 5))]

    def close(self): ...


harness.session.open_engine = lambda m: Judge(m) if m.id == "judge" else ScriptedEngine(m)
"""
JUDGE = """
[models.judge]
weights = "judge-1"
engine = "api"
released = 2025-06-01
[judge]
model = "judge"
"""


@pytest.fixture
def everyday(project: pytest.Pytester) -> pytest.Pytester:
    """The project with the suite, and sixty questions of which one has a reference."""
    (project.path / "evals" / SUITE.name).write_text(SUITE.read_text("utf-8"), "utf-8")
    data: list[Row] = [{"id": f"e{i}", "question": f"料理{i}のコツは？"} for i in range(QUESTIONS)]
    data[0]["reference"] = "よい答え"
    write_rows(project.path / "world" / "everyday.jsonl", data)
    add_to_matrix(project, '[data.qualitative]\npath = "./everyday.jsonl"\nlabel = "test data"')
    add_to_conftest(project, ENGINES)
    return project


def sample_rows(project: pytest.Pytester, checkpoint: str) -> list[Row]:
    return rows(latest(project) / "samples" / checkpoint / "qualitative.jsonl")


def grade(project: pytest.Pytester, graded: list[Row]) -> None:
    """People call every answer good that says so of itself."""
    distinct = {(row["id"], row["response"]): row for row in graded}
    events = [
        GradeEvent(
            event=hashlib.md5(f"{key}".encode()).hexdigest(),
            sample=sample_key("qualitative", row["id"], row["prompt"], row["response"]),
            suite="qualitative",
            item=row["id"],
            verdict="right" if "よい" in row["response"] else "wrong",
            author="花子",
            time="2026-11-26T01:02:03.456Z",
            rubric="default/2",
            picked="queue",
        )
        for key, row in distinct.items()
    ]
    append(project.path / "reports" / "grades", events)


def test_nobody_graded_and_then_somebody_did(everyday: pytest.Pytester) -> None:
    first = everyday.runpytest(*BOTH)

    assert first.ret == 0, output(first)
    before = figures(latest(everyday))
    assert before["base", "qualitative", "graded"] == 0.0
    assert before["tuned", "qualitative", "graded"] == pytest.approx(1 / QUESTIONS)
    assert not any(metric in ("accuracy", "win") for _, _, metric in before)
    assert "python -m harness review RUN" in " ".join(output(first).split())

    grade(everyday, [*sample_rows(everyday, "base"), *sample_rows(everyday, "tuned")[:-1]])
    forget_asked(everyday)
    second = everyday.runpytest(*BOTH)

    assert asked(everyday) == []
    found = {metric: value for (who, of, metric), value in figures(latest(everyday)).items()
             if (who, of) == ("tuned", "qualitative")}  # fmt: skip
    # Of 60: 30 well by base, 20 by tuned, 10 by both; the broken one lost nothing, 59 is odd.
    assert found["accuracy"] == pytest.approx(20 / 60)
    assert found["win"] == pytest.approx(10 / 60)
    assert found["loss"] == pytest.approx(20 / 60)
    assert found["tie"] == pytest.approx(30 / 60)
    assert found["net"] == pytest.approx(-10 / 60)
    text = " ".join(output(second).split())
    assert "tuned: pairs judged 60 by people, 0 by a model, 0 by the rule alone." in text


def test_a_judge_counts_once_it_agreed_with_people_here(everyday: pytest.Pytester) -> None:
    add_to_matrix(everyday, JUDGE)
    assert everyday.runpytest(*BOTH).ret == 0
    asked_judge = [line for line in log_lines(everyday) if line.startswith("judge ")]
    assert asked_judge.count("judge compared") == 1  # both answered e0 in the same words
    assert asked_judge.count("judge open") > QUESTIONS
    row = sample_rows(everyday, "base")[2]
    assert (row["outcome"], row["judge"]["counted"]) == ("ungraded", False)
    assert not any(metric == "accuracy" for _, _, metric in figures(latest(everyday)))

    grade(everyday, sample_rows(everyday, "base"))
    assert main(["calibrate", "reports/latest"]) == 0
    for file in (everyday.path / "reports" / "grades").glob("*.jsonl"):
        file.unlink()  # else they would count over the judge's verdicts
    path = everyday.path / "reports" / "judge" / "judge.json"
    add_to_matrix(everyday, f'calibration = "{path}"')
    result = everyday.runpytest(*BOTH)

    found = figures(latest(everyday))
    assert found["base", "qualitative", "accuracy"] == pytest.approx(0.5)
    assert found["tuned", "qualitative", "net"] == pytest.approx(-10 / 60)
    row = sample_rows(everyday, "base")[2]
    assert (row["outcome"], row["author"], row["rule"]["outcome"]) == (
        "correct", "judge:judge", "ungraded",
    )  # fmt: skip
    assert "tuned: pairs judged 0 by people, 60 by a model, 0 by the rule alone." in " ".join(
        output(result).split()
    )
