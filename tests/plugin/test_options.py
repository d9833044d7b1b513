"""The plugin's options and their places in the configuration file; the command line wins."""

from __future__ import annotations

import json

import pytest

from tests.conftest import make_world, reading, write_rows
from tests.plugin.helpers import (
    asked,
    figures,
    forget_asked,
    items,
    latest,
    output,
    report,
    rows,
    set_ini,
    told_cleanly,
)

ONE = ("-k", "base and jsquad")


def write_reading(project: pytest.Pytester, place: str, size: int) -> None:
    path = project.path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(reading(size), ensure_ascii=False), "utf-8")


def measured_on(project: pytest.Pytester) -> int:
    """How many samples the latest run's first result stands on."""
    n: int = report(latest(project))["results"][0]["n"]
    return n


def test_limit_asks_so_many_samples_an_item(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "base", "--eval-limit", "4")
    assert len(asked(project)) == 12
    assert len(rows(latest(project) / "samples" / "base" / "jsquad.jsonl")) == 4


def test_a_limited_run_is_part_of_the_whole_one(project: pytest.Pytester) -> None:
    project.runpytest("evals", *ONE, "--eval-limit", "4")
    project.runpytest("evals", *ONE)
    assert len(asked(project)) == len(set(asked(project))) == 10


def test_the_limit_stands_in_the_tables(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", *ONE, "--eval-limit", "4")
    assert "at most 4 samples" in output(result)


@pytest.mark.parametrize("limit", ["0", "-3"])
def test_a_limit_below_one_is_refused(project: pytest.Pytester, limit: str) -> None:
    result = project.runpytest("evals", f"--eval-limit={limit}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--eval-limit {limit}: must be at least 1" in output(result)
    assert told_cleanly(result)


def test_limit_in_the_ini_and_the_command_line_wins(project: pytest.Pytester) -> None:
    set_ini(project, "eval_limit = 3")
    assert project.runpytest("evals", *ONE).ret == 0
    assert measured_on(project) == 3
    project.runpytest("evals", *ONE, "--eval-limit", "7")
    assert measured_on(project) == 7


def test_limit_in_an_ini_file_of_the_old_kind(project: pytest.Pytester) -> None:
    (project.path / "pyproject.toml").unlink()
    project.makeini("[pytest]\neval_matrix = world/matrix.toml\neval_limit = 3\n")
    project.runpytest("evals", *ONE)
    assert measured_on(project) == 3


def test_a_limit_in_the_ini_that_is_no_number_is_told_as_such(project: pytest.Pytester) -> None:
    set_ini(project, 'eval_limit = "many"')
    result = project.runpytest("evals", *ONE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "eval_limit" in output(result)
    assert "many" in output(result)
    assert told_cleanly(result)


def test_data_of_ones_own_relative_to_where_pytest_was_called(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_reading(project, "sub/mine.json", 5)
    monkeypatch.chdir(project.path / "sub")
    result = project.runpytest("../evals", *ONE, "--eval-data", "jsquad=mine.json")
    assert result.ret == 0
    assert measured_on(project) == 5
    assert report(latest(project))["results"][0]["identity"]["data"] == "mine.json"


def test_data_of_ones_own_lose_the_label_of_the_matrix(project: pytest.Pytester) -> None:
    write_reading(project, "mine.json", 5)
    result = project.runpytest("evals", "-k", "base", "--eval-data", "jsquad=mine.json")
    data = report(latest(project))["run"]["data"]
    assert (data["jsquad"]["label"], data["marc_ja"]["label"]) == ("mine.json", "test data")
    assert "jsquad: mine.json" in output(result)


def test_data_for_two_tasks(project: pytest.Pytester) -> None:
    write_reading(project, "mine.json", 5)
    write_rows(
        project.path / "hub.jsonl", [{"sentence": f"品{i}", "label": i % 2} for i in range(6)]
    )
    project.runpytest(
        "evals", "-k", "base", "--eval-data", "jsquad=mine.json",
        "--eval-data", "marc_ja=hub.jsonl",
    )  # fmt: skip
    sizes = {r["task"]: r["n"] for r in report(latest(project))["results"]}
    assert (sizes["jsquad"], sizes["marc_ja"]) == (5, 6)


def test_data_in_the_ini_stand_at_the_root_and_the_command_line_wins(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_ini(project, 'eval_data = ["jsquad=five.json"]')
    write_reading(project, "five.json", 5)
    write_reading(project, "sub/six.json", 6)
    monkeypatch.chdir(project.path / "sub")
    project.runpytest("../evals", *ONE)
    assert measured_on(project) == 5
    project.runpytest("../evals", *ONE, "--eval-data", "jsquad=six.json")
    assert measured_on(project) == 6


@pytest.mark.parametrize("option", ["jsquad", "=mine.json", "jsquad="])
def test_a_data_option_without_task_or_path_is_refused(
    project: pytest.Pytester, option: str
) -> None:
    result = project.runpytest("evals", f"--eval-data={option}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "expected TASK=PATH" in output(result)
    assert told_cleanly(result)


def test_another_matrix_relative_to_where_pytest_was_called(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = make_world(project.path / "sub" / "theirs")
    matrix.write_text(matrix.read_text().replace("checkpoints.base", "checkpoints.plain"))
    monkeypatch.chdir(project.path / "sub")
    result = project.runpytest("../evals", "--eval-matrix", "theirs/matrix.toml", "-k", "plain")
    assert result.ret == 0
    assert {checkpoint for checkpoint, _ in items(latest(project))} == {"plain"}


def test_run_dir_names_the_folder_of_the_run(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.mkdir("sub"))
    result = project.runpytest("../evals", *ONE, "--eval-run-dir", "here")
    folder = project.path / "sub" / "here"
    assert figures(folder)["base", "jsquad", "f1"] == 0.4
    assert {p.name for p in folder.iterdir()} == {
        "run.json", "results.jsonl", "samples", "report.json", "badge.json", "report.html", "summary.md",
    }  # fmt: skip
    assert "report: here/report.html" in result.outlines


def test_a_run_dir_used_again_adds_to_the_run(project: pytest.Pytester) -> None:
    for suite in ("jsquad", "marc_ja", "jsquad"):
        project.runpytest("evals", "-k", f"base and {suite}", "--eval-run-dir", "mine")
    assert set(items(project.path / "mine")) == {("base", "jsquad"), ("base", "marc_ja")}


def test_run_dir_is_shared_with_workers(project: pytest.Pytester) -> None:
    project.runpytest("evals", "-k", "jsquad", "-n", "2", "--eval-run-dir", "mine")
    assert len(items(project.path / "mine")) == 4
    assert not (project.path / "reports" / "runs").exists()


def test_reports_may_lie_elsewhere(project: pytest.Pytester) -> None:
    set_ini(project, 'eval_reports = "elsewhere"')
    result = project.runpytest("evals", *ONE)
    assert "report: elsewhere/latest/report.html" in result.outlines
    assert not (project.path / "reports").exists()


def test_fresh_asks_everything_again(project: pytest.Pytester) -> None:
    project.runpytest("evals", *ONE)
    forget_asked(project)
    project.runpytest("evals", *ONE, "--eval-fresh")
    assert len(asked(project)) == 10


def test_resume_is_the_default_and_undoes_an_earlier_fresh(project: pytest.Pytester) -> None:
    project.runpytest("evals", *ONE)
    forget_asked(project)
    project.runpytest("evals", *ONE, "--eval-fresh", "--eval-resume")
    assert asked(project) == []
