"""lm-eval's tasks asked of an OpenAI-compatible server, which may not be able to answer them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lm_eval.world import make_tasks
from tests.openai_server import Asked, ScriptedServer, completion, error, raw_completion
from tests.plugin import helpers
from tests.plugin.test_lm_eval import SUITE

pytest.importorskip("lm_eval.evaluator", reason="lm-eval is not here")

CHAT_ONLY = (
    "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use "
    "v1/chat/completions?"
)
AZURE = "The completion operation does not work with the specified model, m-1. Choose another."
MATRIX = """
[models.served]
engine = "api"
weights = "m-1"
released = 2024-02-21
[models.served.api]
base_url = "{url}"
prompt_logprobs = true
concurrency = 2
[checkpoints.served]
model = "served"
[suites.lm_eval]
tasks = [{tasks}]
include_path = "../tasks"
"""


@pytest.fixture
def quiz(project: pytest.Pytester) -> pytest.Pytester:
    make_tasks(project.path / "tasks")
    (project.path / "evals" / "test_lm_eval.py").write_text(SUITE, "utf-8")
    return project


def run(quiz: pytest.Pytester, url: str, *tasks: str) -> pytest.RunResult:
    helpers.add_to_matrix(quiz, MATRIX.format(url=url, tasks=json.dumps(tasks)[1:-1]))
    return quiz.runpytest("evals/test_lm_eval.py", "-k", "served", "-rs")


@pytest.mark.parametrize(("status", "said"), [(404, CHAT_ONLY), (400, AZURE)])
def test_a_server_that_takes_chats_only_skips_them(
    quiz: pytest.Pytester, openai_server: ScriptedServer, status: int, said: str
) -> None:
    openai_server.behaviour = lambda asked: (
        completion("はい") if asked.path.endswith("/chat/completions") else error(status, said)
    )

    result = run(quiz, openai_server.url, "quiz_write")

    assert result.ret == 0
    result.assert_outcomes(skipped=1)
    assert "completes no raw text with m-1, which answers in chats only" in helpers.output(result)


def test_a_model_that_is_not_there_is_no_chat_model(
    quiz: pytest.Pytester, openai_server: ScriptedServer
) -> None:
    openai_server.behaviour = lambda asked: error(404, "The model `m-1` does not exist.")

    result = run(quiz, openai_server.url, "quiz_write")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "has no model 'm-1' (404)" in helpers.output(result)


def ranked(asked: Asked, **rank: Any) -> dict[str, Any]:
    """Prompt log-probabilities as vLLM gives them, a token a character."""
    entries = [{str(ord(c)): {"logprob": -1.0, "decoded_token": c, **rank}} for c in asked.text]
    return raw_completion(" ", prompt_logprobs=[None, *entries])


def exact_choices(folder: Path) -> None:
    yaml = (folder / "quiz_choose.yaml").read_text("utf-8").replace("quiz_choose", "quiz_exact")
    exact = "metric: exact_match, aggregation: mean"
    yaml = yaml.replace("metric: acc_norm, aggregation: mean", exact)
    (folder / "quiz_exact.yaml").write_text(yaml, "utf-8")


@pytest.mark.parametrize("task", ["quiz_likely", "quiz_exact"])
def test_a_server_that_tells_no_ranks_is_not_asked_to_the_end(
    quiz: pytest.Pytester, openai_server: ScriptedServer, task: str
) -> None:
    exact_choices(quiz.path / "tasks")
    openai_server.behaviour = ranked

    result = run(quiz, openai_server.url, task)

    result.assert_outcomes(skipped=1)
    assert "does not tell whether a text is the one that it would write" in helpers.output(result)
    all_of_them = 6 * (2 if task == "quiz_likely" else 4)  # questions times what is read for each
    assert len(openai_server.requests) < all_of_them


def test_choices_without_exact_match_need_no_ranks(
    quiz: pytest.Pytester, openai_server: ScriptedServer
) -> None:
    openai_server.behaviour = ranked

    result = run(quiz, openai_server.url, "quiz_choose")

    result.assert_outcomes(passed=1)
