"""lm-eval's tasks as items of pytest: a scripted engine answers, lm-eval judges."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.comparison import acquisition, categories, relative, retrieval, reviewed, twins
from harness.review.events import GradeEvent, sample_key
from harness.review.files import append
from tests.lm_eval.world import make_tasks
from tests.openai_server import ScriptedServer, error, raw_completion
from tests.plugin import helpers

pytest.importorskip("lm_eval.evaluator", reason="lm-eval is not here")

SUITE = """
from harness import Evaluate
from harness.tasks import Task


def test_lm_eval(lm_eval_task: Task, evaluate: Evaluate) -> None:
    evaluate(lm_eval_task)
"""
TABLE = """
[suites.lm_eval]
tasks = ["quiz_choose", "quiz_write"]
include_path = "../tasks"
"""


@pytest.fixture
def quiz(project: pytest.Pytester) -> pytest.Pytester:
    """The small world with two tasks of lm-eval beside it."""
    make_tasks(project.path / "tasks")
    (project.path / "evals" / "test_lm_eval.py").write_text(SUITE, "utf-8")
    helpers.add_to_matrix(project, TABLE)
    return project


def test_an_item_is_a_checkpoint_and_a_task(quiz: pytest.Pytester) -> None:
    result = quiz.runpytest("evals/test_lm_eval.py", "--co", "-q")

    checkpoints = ("base", "tuned", "tuned-long", "other")
    assert [line for line in result.outlines if "::" in line] == [
        f"evals/test_lm_eval.py::test_lm_eval[{checkpoint}-{task}]"
        for checkpoint in checkpoints
        for task in ("quiz_choose", "quiz_write")
    ]


def test_a_matrix_without_them_has_no_items(project: pytest.Pytester) -> None:
    (project.path / "evals" / "test_lm_eval.py").write_text(SUITE, "utf-8")

    result = project.runpytest("evals", "--co", "-q")

    assert result.ret == 0
    assert "test_lm_eval" not in helpers.output(result)
    assert "12 tests collected" in helpers.output(result)


def test_collecting_does_not_import_lm_eval(quiz: pytest.Pytester) -> None:
    code = (
        "import sys, pytest\n"
        "assert pytest.main(['evals', '--co', '-q']) == 0\n"
        "assert 'lm_eval' not in sys.modules and 'datasets' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=quiz.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_figures_are_recorded_and_nothing_is_asked_twice(quiz: pytest.Pytester) -> None:
    first = quiz.runpytest("evals/test_lm_eval.py", "-k", "base")
    figures = helpers.figures(helpers.latest(quiz))
    asked = helpers.asked(quiz)
    helpers.forget_asked(quiz)
    second = quiz.runpytest("evals/test_lm_eval.py", "-k", "base")

    assert helpers.outcomes(first) == helpers.outcomes(second) == {"passed": 2}
    assert len(asked) == 12
    assert helpers.asked(quiz) == []
    assert helpers.figures(helpers.latest(quiz)) == figures
    assert {metric for _, task, metric in figures if task == "quiz_write"} == {
        "exact_match,strict",
        "exact_match,digits",
    }
    assert 0 <= figures["base", "quiz_choose", "acc"] <= 1
    identity = helpers.report(helpers.latest(quiz))["results"][0]["identity"]
    assert (identity["lm_eval_task"], identity["version"]) == ("quiz_choose", "1.0")


def test_the_reports_tell_figures_that_are_no_shares_as_they_are(quiz: pytest.Pytester) -> None:
    quiz.runpytest("evals/test_lm_eval.py", "-k", "base-quiz_choose")

    value = helpers.figures(helpers.latest(quiz))["base", "quiz_choose", "brier_score"]
    summary = (helpers.latest(quiz) / "summary.md").read_text("utf-8")
    assert f"| {value:.3f} " in summary
    assert f"| {100 * value:.1f} " not in summary
    assert "## Tasks of lm-eval" in summary


def test_a_gate_holds_a_task_of_lm_eval(quiz: pytest.Pytester) -> None:
    helpers.add_to_matrix(quiz, "[gates.quiz_choose.acc]\nmargin = 0.9\n")

    result = quiz.runpytest("evals/test_lm_eval.py", "-k", "tuned-quiz_choose", "-q")

    gated = {r["metric"]: r for r in helpers.report(helpers.latest(quiz))["results"] if r["gate"]}
    assert list(gated) == ["acc"], helpers.output(result)
    assert (gated["acc"]["gate"]["against"], gated["acc"]["gate"]["n"]) == ("base", 6)


def test_a_gate_on_what_is_no_mean_names_those_that_are(quiz: pytest.Pytester) -> None:
    helpers.add_to_matrix(quiz, "[gates.quiz_choose.brier_score]\nmargin = 0.1\n")

    result = quiz.runpytest("evals/test_lm_eval.py", "-k", "tuned-quiz_choose")

    assert result.ret == 4
    assert "Gates can be set for: acc, acc_norm" in helpers.output(result)


def test_a_blessed_run_is_the_baseline_of_the_next(quiz: pytest.Pytester) -> None:
    quiz.runpytest("evals/test_lm_eval.py", "-k", "base")
    blessed = quiz.run(sys.executable, "-m", "harness", "bless", "reports/latest", "--allow-dirty")
    helpers.add_to_matrix(
        quiz, "[gates.quiz_choose.acc]\n[gates.quiz_write.'exact_match,strict']\n"
    )

    result = quiz.runpytest(
        "evals/test_lm_eval.py", "-k", "base", "--eval-baseline", "reports/baselines/main.json"
    )

    assert "quiz_choose (6 samples, 1 checkpoints)" in helpers.output(blessed)
    assert helpers.outcomes(result).get("passed") == 2
    results = helpers.report(helpers.latest(quiz))["results"]
    assert {r["metric"] for r in results if r["gate"]} == {"acc", "exact_match,strict"}


def test_a_limit_is_kept(quiz: pytest.Pytester) -> None:
    quiz.runpytest("evals/test_lm_eval.py", "-k", "base-quiz_choose", "--eval-limit", "3")

    assert {r["n"] for r in helpers.report(helpers.latest(quiz))["results"]} == {3}


def test_data_of_a_task_of_lm_eval_are_its_yamls_to_name(quiz: pytest.Pytester) -> None:
    result = quiz.runpytest("evals", "--eval-data", "quiz_choose=other.jsonl")

    assert result.ret == 4
    assert "whose YAML file says where its data lie" in helpers.output(result)


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ('["quiz_lost"]', "nobody/lost (here) is not on this machine"),
        # All of lm-eval's own are read before it is said.
        pytest.param('["quiz_wrong"]', "there is no task 'quiz_wrong'", marks=pytest.mark.slow),
        ('["quiz"]', "is a group of 2 tasks"),
    ],
)
def test_what_is_wrong_is_told_once_and_cleanly(
    quiz: pytest.Pytester, tasks: str, said: str
) -> None:
    path = quiz.path / "world" / "matrix.toml"
    path.write_text(
        path.read_text("utf-8").replace('["quiz_choose", "quiz_write"]', tasks), "utf-8"
    )

    result = quiz.runpytest("evals/test_lm_eval.py", "-k", "base")

    assert result.ret == 4
    assert said in helpers.output(result)
    assert helpers.told_cleanly(result)


def test_without_lm_eval_items_are_skipped_with_the_reason(
    quiz: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)

    result = quiz.runpytest("evals/test_lm_eval.py", "-k", "base", "-rs")

    assert helpers.outcomes(result) == {"skipped": 2}
    assert "pip install 'pytest-michi[lm-eval]'" in helpers.output(result)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[suites.lm_eval]\ntasks = []", "expected names"),
        ('[suites.lm_eval]\ntasks = ["a b"]', "names are made of letters"),
        ('[suites.lm_eval]\ntasks = ["a", "a"]', "each once"),
        ('[suites.lm_eval]\ntasks = ["jsquad"]', "is a task with [data.jsquad], too"),
        *(
            (f'[suites.lm_eval]\ntasks = ["{derived.TASK}"]', "figures of their own")
            for derived in (acquisition, categories, relative, retrieval, reviewed, twins)
        ),
        ('[suites.lm_eval]\ntasks = ["a"]\nlimit = 0', "must be at least 1"),
        ('[suites.lm_eval]\ntasks = ["a"]\nshots = 2', "unknown key 'shots'"),
        ('[suites.jsquad]\nprompts = "lm-eval"', 'fewshot = "./FILE"'),
        ('[suites.jsquad]\nprompts = "alpaca"\nfewshot = "./x"', "expected one of lm-eval"),
        ('[suites.dates]\nprompts = "lm-eval"', "unknown key 'dates'"),
    ],
)
def test_mistakes_in_the_table_are_named(project: pytest.Pytester, table: str, said: str) -> None:
    helpers.add_to_matrix(project, table)

    result = project.runpytest("evals")

    assert result.ret == 4
    assert said in helpers.output(result)


def test_suites_ask_with_lm_evals_prompts_where_the_matrix_says_so(
    project: pytest.Pytester,
) -> None:
    helpers.add_to_matrix(
        project, '[suites.jsquad]\nprompts = "lm-eval"\nfewshot = "./reading.json"\n'
    )

    result = project.runpytest("evals", "-k", "base and (jsquad or marc_ja)")

    results = helpers.report(helpers.latest(project))["results"]
    asking = {r["task"]: r["identity"].get("prompts") for r in results if r["task"] != "relative"}
    assert helpers.outcomes(result) == {"passed": 2}
    assert asking == {"jsquad": "lm-eval ja_leaderboard_jsquad", "marc_ja": None}
    assert sum("### 応答：" in line for line in helpers.asked(project)) == 10


def test_a_gate_of_such_a_suite_holds_prompts_like_with_like(project: pytest.Pytester) -> None:
    helpers.add_to_matrix(
        project,
        '[suites.jsquad]\nprompts = "lm-eval"\nfewshot = "./reading.json"\n'
        "[gates.jsquad.exact_match_lm_eval]\nmargin = 0.9\n",
    )

    project.runpytest("evals", "-k", "tuned and jsquad")

    gated = [r for r in helpers.report(helpers.latest(project))["results"] if r["gate"]]
    assert {(r["metric"], r["gate"]["n"]) for r in gated} == {("exact_match_lm_eval", 10)}


def test_what_people_said_of_an_answer_stands_beside_lm_evals_word(quiz: pytest.Pytester) -> None:
    quiz.runpytest("evals/test_lm_eval.py", "-k", "base-quiz_write")
    before = helpers.figures(helpers.latest(quiz))
    path = Path("samples/base/quiz_write.jsonl")
    row = helpers.rows(helpers.latest(quiz) / path)[0]
    event = GradeEvent(
        event="0" * 32,
        sample=sample_key("quiz_write", row["id"], row["prompt"], row["response"]),
        suite="quiz_write",
        item=row["id"],
        verdict="right",
        author="花子",
        time="2026-11-26T01:02:03.456Z",
        rubric="default/1",
        picked="queue",
    )
    append(quiz.path / "reports" / "grades", [event])

    quiz.runpytest("evals/test_lm_eval.py", "-k", "base-quiz_write")

    seen = helpers.rows(helpers.latest(quiz) / path)[0]
    assert (row["correct"], seen["correct"]) == (False, True)
    assert (seen["author"], seen["rule"]["author"]) == ("human:花子", row["author"])
    after = helpers.figures(helpers.latest(quiz))
    assert {key: after[key] for key in before} == before  # lm-eval's figures are no opinion
    assert after["base", "review", "counted_quiz_write"] == pytest.approx(1 / 6)


REMOTE = """
[models.remote]
weights = "remote-1"
engine = "api"
released = 2025-06-01
[models.remote.api]
base_url = "{url}"
price = {{ prompt = 10.0, answer = 30.0 }}
max_cost = {most}
[checkpoints.remote]
model = "remote"
"""


def test_its_tasks_too_are_estimated_before_anything_is_asked(
    quiz: pytest.Pytester, openai_server: ScriptedServer
) -> None:
    helpers.add_to_matrix(quiz, REMOTE.format(url=openai_server.url, most=0.0001))
    result = quiz.runpytest("evals", "-k", "remote and (quiz_write or knowledge)")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "knowledge on remote and quiz_write on remote: " in helpers.output(result)
    assert openai_server.requests == []


def test_a_request_that_a_server_would_not_take_is_an_empty_answer_to_lm_eval(
    quiz: pytest.Pytester, openai_server: ScriptedServer
) -> None:
    openai_server.behaviour = lambda asked: (
        error(413, "too large") if asked.number == 1 else raw_completion("はい")
    )
    remote = REMOTE.format(url=openai_server.url, most=5).replace("price", "concurrency = 1\nprice")
    helpers.add_to_matrix(quiz, remote)
    result = quiz.runpytest("evals", "-k", "remote and quiz_write")
    assert result.ret == 0
    said = " ".join(helpers.output(result).split())
    assert "quiz_write on remote: the server would not take 1 of" in said
    found = helpers.rows(helpers.latest(quiz) / "samples" / "remote" / "quiz_write.jsonl")
    (refused,) = (row for row in found if row["finish"] == "untaken")
    assert (refused["response"], refused["correct"]) == ("413: too large", False)
    assert refused["detail"]["filtered"] == {"strict": [""], "digits": ["[invalid]"]}
