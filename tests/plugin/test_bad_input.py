"""A wrong matrix or wrong data: one message, exit code 4, and what can be measured is measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.plugin.helpers import (
    add_to_matrix,
    asked,
    items,
    latest,
    outcomes,
    output,
    rows,
    told_cleanly,
)

MISUSED = pytest.ExitCode.USAGE_ERROR


def matrix_of(project: pytest.Pytester) -> Path:
    return project.path / "world" / "matrix.toml"


BROKEN_MATRICES = [
    pytest.param("[models\n", r"mine\.toml: not valid TOML: .*line 1", id="broken TOML"),
    pytest.param(
        '[models.a]\nweights = "./a"\nreleased = 2025-01-01\n[checkpoints.x]\nmodel = "b"\n',
        r"\[checkpoints\.x\]: unknown model 'b'.*Known: a",
        id="unknown model",
    ),
    pytest.param(
        '[models.a]\nweight = "./a"\nreleased = 2025-01-01\n',
        r"unknown key 'weight'. Did you mean 'weights'\?",
        id="misspelt key",
    ),
    pytest.param("", r"no \[checkpoints\.ID\] table", id="empty"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN_MATRICES)
def test_a_broken_matrix_on_the_command_line(
    project: pytest.Pytester, content: str, message: str
) -> None:
    (project.path / "mine.toml").write_text(content)
    result = project.runpytest("evals", "--eval-matrix", "mine.toml")
    assert result.ret == MISUSED
    assert re.search(message, output(result))
    assert told_cleanly(result)
    assert len(output(result).strip().splitlines()) == 1


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_broken_matrix_in_the_ini_when_evals_ask_for_it(
    project: pytest.Pytester, workers: str
) -> None:
    matrix_of(project).write_text("[models\n")
    result = project.runpytest("evals", "-n", workers)
    assert result.ret == MISUSED
    assert output(result).count("not valid TOML") == 1
    assert told_cleanly(result)
    assert not (project.path / "reports").exists()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_unknown_matrix(project: pytest.Pytester, workers: str) -> None:
    result = project.runpytest("evals", "--eval-matrix", "absent.toml", "-n", workers)
    assert result.ret == MISUSED
    assert output(result).count("absent.toml: matrix file can't be read") == 1
    assert told_cleanly(result)


def add_line(project: pytest.Pytester, name: str, line: str) -> None:
    path = project.path / "world" / name
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")


BROKEN_DATA = [
    pytest.param("marc_ja", "reviews.jsonl", '{"text": ', r":11: not valid JSON", id="malformed"),
    pytest.param(
        "marc_ja", "reviews.jsonl", '{"text": "品"}', r":11: label None", id="no label"
    ),
    pytest.param(
        "marc_ja", "reviews.jsonl", '{"label": "positive"}', r":11: 'text' is missing", id="no text"
    ),
    pytest.param(
        "marc_ja",
        "reviews.jsonl",
        '{"review_id": "r3", "text": "品", "label": "positive"}',
        r":(11:| line 11:).*'r3' was used before",
        id="review twice",
    ),
    pytest.param("knowledge", "knowledge.jsonl", "[1, 2]", r":11: expected a JSON object", id="list"),
    pytest.param(
        "knowledge", "knowledge.jsonl", '{"question": "何円"}', r":11: 'answer' is missing",
        id="no answer",
    ),
    pytest.param(
        "knowledge",
        "knowledge.jsonl",
        '{"id": "d0/1", "question": "何円", "answer": "5円"}',
        r":(11:| line 11:).*'d0/1' was used before",
        id="question twice",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("task", "name", "line", "message"), BROKEN_DATA)
def test_a_broken_line_is_told_once_with_file_and_line(
    project: pytest.Pytester, task: str, name: str, line: str, message: str
) -> None:
    add_line(project, name, line)
    result = project.runpytest("evals")
    assert result.ret == MISUSED
    told = [line for line in result.outlines if line.startswith("DataError: ")]
    assert len(told) == 1
    assert re.search(re.escape(name) + message, told[0])
    assert told_cleanly(result)
    assert outcomes(result) == {"failed": 1, "skipped": 3, "passed": 8}
    assert {k[1]: i["status"] for k, i in items(latest(project)).items() if k[1] != task} == {
        other: "measured" for other in ("jsquad", "knowledge", "marc_ja") if other != task
    }
    assert {i["status"] for k, i in items(latest(project)).items() if k[1] == task} == {"error"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param('{"data": [\n{"x": }]}', r"reading\.json:2: not valid JSON", id="malformed"),
        pytest.param('{"data": []}', r"reading\.json: no samples", id="empty"),
        pytest.param('{"rows": []}', r"reading\.json: not in SQuAD 1\.1 form", id="another format"),
    ],
)
def test_a_broken_reading_file(project: pytest.Pytester, content: str, message: str) -> None:
    (project.path / "world" / "reading.json").write_text(content)
    result = project.runpytest("evals", "-k", "base")
    assert result.ret == MISUSED
    assert re.search(message, output(result))
    assert told_cleanly(result)
    assert outcomes(result) == {"failed": 1, "passed": 2}


def test_a_question_without_answers_is_named_by_its_place(project: pytest.Pytester) -> None:
    path = project.path / "world" / "reading.json"
    document = json.loads(path.read_text("utf-8"))
    document["data"][3]["paragraphs"][0]["qas"][0]["answers"] = []
    path.write_text(json.dumps(document), "utf-8")
    result = project.runpytest("evals", "-k", "base and jsquad")
    assert result.ret == MISUSED
    assert "data[3].paragraphs[0].qas[0]" in output(result)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_data_set(project: pytest.Pytester, content: str) -> None:
    (project.path / "world" / "reviews.jsonl").write_text(content)
    result = project.runpytest("evals", "-k", "base")
    assert result.ret == MISUSED
    assert "reviews.jsonl: no samples in it" in output(result)
    assert told_cleanly(result)
    assert outcomes(result) == {"failed": 1, "passed": 2}


def test_a_data_file_that_is_not_there(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "base", "--eval-data", "jsquad=absent.json")
    assert result.ret == MISUSED
    assert "absent.json: can't be read: No such file" in output(result)
    assert told_cleanly(result)
    assert outcomes(result) == {"failed": 1, "passed": 2}


def test_a_task_without_data_says_how_to_name_some(project: pytest.Pytester) -> None:
    matrix_of(project).write_text(matrix_of(project).read_text().split("[data.marc_ja]")[0])
    result = project.runpytest("evals", "-k", "base")
    assert result.ret == MISUSED
    assert "--eval-data marc_ja=PATH" in output(result)
    assert told_cleanly(result)


def test_nothing_is_asked_on_broken_data(project: pytest.Pytester) -> None:
    add_line(project, "reviews.jsonl", "{")
    project.runpytest("evals", "-k", "marc_ja")
    assert asked(project) == []


def test_a_failed_gate_beside_broken_data_is_a_failed_test(project: pytest.Pytester) -> None:
    add_line(project, "reviews.jsonl", "{")
    (project.path / "evals" / "test_jsquad.py").write_text(
        "from harness.tasks.jsquad import JSQuAD\n"
        "def test_jsquad(evaluate):\n    assert evaluate(JSQuAD()).value('f1') > .99\n"
    )
    assert project.runpytest("evals", "-k", "base").ret == pytest.ExitCode.TESTS_FAILED


def test_a_missing_adapter_is_told_and_other_checkpoints_are_measured(
    project: pytest.Pytester,
) -> None:
    add_to_matrix(project, '[checkpoints.gone]\nmodel = "one"\nadapter = "./gone"\n')
    result = project.runpytest("evals")
    assert result.ret == MISUSED
    text = output(result)
    assert re.search(r"michi: checkpoint gone: not found: adapter .*world/gone", text)
    assert len([line for line in result.outlines if line.startswith("ConfigError: ")]) == 1
    assert told_cleanly(result)
    assert outcomes(result) == {"passed": 12, "failed": 1, "skipped": 2}
    assert len(rows(latest(project) / "results.jsonl")) == 15
    assert items(latest(project))["gone", "jsquad"]["status"] == "error"


def test_missing_weights_are_told(project: pytest.Pytester) -> None:
    (project.path / "world" / "two").rename(project.path / "world" / "away")
    result = project.runpytest("evals", "-k", "jsquad")
    assert result.ret == MISUSED
    assert re.search(r"checkpoint other .*not found: weights .*world/two", output(result))
    assert outcomes(result) == {"passed": 3, "failed": 1}


@pytest.mark.parametrize("name", ["one/model.safetensors", "tuned/adapter_model.safetensors"])
def test_truncated_weights_name_the_file(project: pytest.Pytester, name: str) -> None:
    path = project.path / "world" / name
    path.write_bytes(path.read_bytes()[:-3])
    result = project.runpytest("evals", "-k", "jsquad")
    assert result.ret == MISUSED
    told = [line for line in result.outlines if line.startswith("WeightsError: ")]
    assert len(told) == 1
    assert f"{name}: damaged: it has" in told[0]
    assert told_cleanly(result)
    assert items(latest(project))["other", "jsquad"]["status"] == "measured"


def test_the_second_checkpoint_with_the_same_fault_says_where_it_is_told(
    project: pytest.Pytester,
) -> None:
    add_line(project, "reviews.jsonl", "{")
    result = project.runpytest("evals", "-k", "marc_ja", "-rs")
    assert "same DataError as evals/test_marc_ja.py::test_marc_ja[base]" in output(result)


def test_lf_after_a_mended_file_measures_it(project: pytest.Pytester) -> None:
    path = project.path / "world" / "reviews.jsonl"
    whole = path.read_text("utf-8")
    add_line(project, "reviews.jsonl", "{")
    project.runpytest("evals", "-k", "marc_ja")
    path.write_text(whole, "utf-8")
    assert project.runpytest("evals", "-k", "marc_ja", "--lf").ret == 0
    assert items(latest(project))["base", "marc_ja"]["status"] == "measured"
