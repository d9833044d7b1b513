"""`bless` and the baseline file: what is refused, what is told, and where a file may come from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.plugin.gating import GATED, bless, blessed, forgetful, many_samples
from tests.plugin.helpers import items, latest, output, report, set_ini


@pytest.fixture(autouse=True)
def _many_samples(project: pytest.Pytester) -> None:
    many_samples(project)


def git(project: pytest.Pytester, *command: str) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *name, *command], cwd=project.path, check=True, capture_output=True)


def commit_all(project: pytest.Pytester) -> None:
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "x")


def test_blessed_twice_is_the_same_file(project: pytest.Pytester) -> None:
    blessed(project)
    first = (project.path / "main.json").read_bytes()
    blessed_again = bless(project)
    assert blessed_again.returncode == 0
    assert (project.path / "main.json").read_bytes() == first


def test_a_run_whose_gates_failed_is_blessed_with_a_word(project: pytest.Pytester) -> None:
    blessed(project)
    forgetful(project, share=5)
    assert project.runpytest(*GATED, "--eval-fresh").ret == 1
    done = bless(project)
    assert done.returncode == 0
    assert "Blessed although it failed: marc_ja[tuned]." in done.stderr
    assert project.runpytest(*GATED).ret == 0


def test_what_a_smaller_run_takes_out_of_the_file_is_said(project: pytest.Pytester) -> None:
    blessed(project)
    assert "No longer in it" not in bless(project).stderr
    project.runpytest("evals", "-k", "marc_ja and not other")
    done = bless(project)
    gone = "jsquad[base], jsquad[other], jsquad[tuned-long], jsquad[tuned], marc_ja[other]."
    assert f"No longer in it, for this run has none: {gone}" in done.stderr
    assert done.returncode == 0


def test_a_run_outside_git_is_blessed_with_a_word_and_one_of_a_commit_without(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    project.runpytest("evals", "-k", "marc_ja")
    assert "Which commit was measured is not known" in bless(project).stderr
    commit_all(project)
    project.runpytest("evals", "-k", "marc_ja")
    assert bless(project).stderr == ""


def test_earlier_runs_are_no_change_of_the_working_tree(project: pytest.Pytester) -> None:
    (project.path / ".gitignore").write_text("asked.log\n__pycache__\n")
    commit_all(project)
    for _ in range(2):
        project.runpytest("evals", "-k", "marc_ja")
        assert (
            json.loads((latest(project) / "run.json").read_text("utf-8"))["tree"]["dirty"] is False
        )
    (project.path / "reports" / "own.txt").write_text("")
    project.runpytest("evals", "-k", "marc_ja")
    assert json.loads((latest(project) / "run.json").read_text("utf-8"))["tree"]["dirty"] is True


@pytest.mark.parametrize("content", [None, "[]", "{}", "{"])
def test_a_folder_that_is_no_run_is_told(project: pytest.Pytester, content: str | None) -> None:
    if content is not None:
        latest(project).mkdir(parents=True)
        (latest(project) / "run.json").write_text(content)
    refused = bless(project)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "run.json" in refused.stderr


def test_where_the_file_can_not_be_written_another_is_asked_for(project: pytest.Pytester) -> None:
    blessed(project)
    (project.path / "taken").mkdir()
    (project.path / "file").write_text("")
    for place in ("taken", "file/main.json"):
        refused = bless(project, "--out", place)
        assert refused.returncode == 2
        assert "Name another file with --out." in refused.stderr
    assert list(project.path.glob("*.partial")) == []


@pytest.mark.parametrize(("start", "end"), [(b"", b"\r\n"), (b"\xef\xbb\xbf", b"\n")])
def test_line_ends_and_a_mark_of_windows_change_nothing(
    project: pytest.Pytester, start: bytes, end: bytes
) -> None:
    blessed(project)
    path = project.path / "main.json"
    path.write_bytes(start + path.read_bytes().replace(b"\n", end))
    assert project.runpytest(*GATED).ret == 0


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_the_file_is_found_from_where_its_name_was_written(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    blessed(project)
    forgetful(project, share=5)
    elsewhere = project.mkdir("elsewhere")
    monkeypatch.chdir(elsewhere)
    common = ("../evals", "-k", "marc_ja", "-n", workers)
    given = project.runpytest(*common, "--eval-baseline", "../main.json", "--eval-fresh")
    assert given.ret == 1
    set_ini(project, 'eval_baseline = "main.json"')
    assert project.runpytest(*common, "--eval-fresh").ret == 1
    assert items(latest(project))["tuned", "marc_ja"]["status"] == "failed"


def test_other_samples_than_the_file_holds_are_incomparable(project: pytest.Pytester) -> None:
    blessed(project)
    result = project.runpytest(*GATED, "--eval-limit", "100")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "marc_ja accuracy: n, samples not as in main.json" in output(result)


def test_a_checkpoint_that_the_run_does_not_have_is_missed_by_nobody(
    project: pytest.Pytester,
) -> None:
    blessed(project)
    matrix = project.path / "world" / "matrix.toml"
    text = matrix.read_text("utf-8")
    start, end = text.index("[checkpoints.other]"), text.index("[data.knowledge]")
    matrix.write_text(text[:start] + text[end:], "utf-8")
    assert project.runpytest(*GATED).ret == 0
    verdicts = {
        r["checkpoint"]: r["verdict"] for r in report(latest(project))["results"] if r["gate"]
    }
    assert verdicts == dict.fromkeys(("base", "tuned", "tuned-long"), "passed")


def test_a_suite_that_no_usual_gate_could_judge_is_named(project: pytest.Pytester) -> None:
    questions = project.path / "world" / "knowledge.jsonl"
    text = questions.read_text("utf-8").replace('"form": "seen"', '"form": "paraphrase"')
    questions.write_text(text, "utf-8")
    project.runpytest("evals")
    bless(project)
    result = project.runpytest("evals", "--eval-baseline", "main.json")
    assert result.ret == 0
    told = [line for line in result.outlines if line.startswith("not gated: ")]
    file = Path("world", "matrix.toml")
    assert told == [
        "not gated: knowledge: none of the usual figures was measured. Set [gates.TASK.METRIC] in "
        f"{file}."
    ]
