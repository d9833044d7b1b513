"""The hallucination suite over a model behind an API that tells token log-probabilities."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_rows
from tests.openai_server import Asked, ScriptedServer, completion, with_logprobs
from tests.plugin.helpers import (
    add_to_matrix,
    figures,
    latest,
    output,
    report,
    rows,
    told_cleanly,
)

N = 24
RUN = ("evals", "-k", "remote and hallucination")
# Of a value's token, of twelve products after one another: right where even; of one wrong value it is
# surer than of half of the right ones, and by the margin of one surer than of all of them.
DOUBT = (0.1, 0.35, 0.2, 0.7, 0.3, 0.8, 0.4, 0.9, 0.5, 1.0, 0.6, 1.1)
MARGIN = (2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 3.0)


@pytest.fixture
def server(openai_server: ScriptedServer) -> ScriptedServer:
    openai_server.behaviour = telling
    return openai_server


@pytest.fixture
def asking(project: pytest.Pytester, server: ScriptedServer) -> pytest.Pytester:
    """A project with the hallucination suite, questions on as many documents, and the API."""
    suite = Path(__file__).parents[2] / "evals" / "test_hallucination.py"
    (project.path / "evals" / suite.name).write_text(suite.read_text("utf-8"), "utf-8")
    write_rows(project.path / "world" / "knowledge.jsonl", [
        {"id": f"d{i}/0", "question": f"商品{i}の価格はいくらですか。", "answer": f"{1000 + i}円です。",
         "document": f"d{i}", "form": "seen", "fact": {"type": "money", "text": f"{1000 + i}円"}}
        for i in range(N)
    ])  # fmt: skip
    add_to_matrix(
        project,
        f'[models.remote]\nweights = "remote-1"\nengine = "api"\nreleased = 2025-06-01\n'
        f'[models.remote.api]\nbase_url = "{server.url}"\nconcurrency = 1\nretries = 0\n'
        'logprobs = true\n[checkpoints.remote]\nmodel = "remote"\n',
    )
    return project


def answer(asked: Asked) -> tuple[int, str]:
    number = int(re.findall(r"\d+", asked.text)[0])
    return number, str(1000 + number if number % 2 == 0 else 2000 + number)


def silent(asked: Asked) -> Any:
    return completion(f"{answer(asked)[1]}円です。")


def telling(asked: Asked) -> Any:
    number, value = answer(asked)
    doubt, margin = DOUBT[number % 12], MARGIN[number % 12]
    return with_logprobs(silent(asked), [
        (value.encode(), -doubt, (-doubt, -doubt - margin, -doubt - margin - 1)),
        ("円です。".encode(), -0.05, (-0.05, -3.05, -4.0)),
        (b"<end_of_turn>", -0.05, (-0.05, -3.05, -4.0)),
    ])  # fmt: skip


def signals(project: pytest.Pytester) -> dict[str, float]:
    found = figures(latest(project))
    return {
        metric.removeprefix("auroc_"): value
        for (checkpoint, task, metric), value in found.items()
        if (checkpoint, task) == ("remote", "hallucination") and metric.startswith("auroc_")
    }


def test_signals_of_tokens_are_told_but_for_the_entropy(
    asking: pytest.Pytester, server: ScriptedServer
) -> None:
    assert asking.runpytest(*RUN).ret == 0
    # Of 36 pairs of a wrong answer and a right one the doubts order 33, margins 30, lengths none.
    of_doubt = dict.fromkeys(("mean_nll", "slot_nll", "least"), pytest.approx(33 / 36))
    expected = {**of_doubt, "margin": pytest.approx(30 / 36), "length": 0.5}
    assert signals(asking) == expected
    first = rows(latest(asking) / "samples" / "remote" / "hallucination.jsonl")[0]
    assert first["figures"] == {
        "mean_nll": pytest.approx(0.2 / 3, abs=1e-4),
        "slot_nll": pytest.approx(0.15 / 2, abs=1e-4),  # the value's unit belongs to it
        "least": 0.1,
        "margin": pytest.approx(-8 / 3, abs=1e-4),
        "length": 3.0,
    }
    details = report(latest(asking))["details"]["remote"]["hallucination"]
    assert details["told"] == details["n"] == N
    # One of the two controls is the question's own likelihood, which nobody read.
    assert details["detection"]["trained"]["slot_nll"]["clears"] is None
    said = " ".join((latest(asking) / "summary.md").read_text("utf-8").split())
    assert "behind an API the question alone is not read" in said
    # All of it is in the store.
    assert asking.runpytest(*RUN).ret == 0
    assert len(server.requests) == N
    assert signals(asking) == expected


def test_stored_answers_serve_as_they_are_until_all_is_asked_again(
    asking: pytest.Pytester, server: ScriptedServer
) -> None:
    path = asking.path / "world" / "matrix.toml"
    matrix = path.read_text("utf-8")
    path.write_text(matrix.replace("logprobs = true\n", ""), "utf-8")
    assert asking.runpytest(*RUN).ret == 0
    assert "logprobs" not in server.requests[0].body
    path.write_text(matrix, "utf-8")
    result = asking.runpytest(*RUN)
    assert result.ret == 0
    assert len(server.requests) == N
    assert signals(asking) == {}
    assert "how sure it was is not told" in " ".join(output(result).split())
    assert asking.runpytest(*RUN, "--eval-fresh").ret == 0
    assert len(server.requests) == 2 * N
    assert signals(asking)["least"] == pytest.approx(33 / 36)


def test_a_server_that_tells_none_ends_the_run_and_loses_no_answer(
    asking: pytest.Pytester, server: ScriptedServer
) -> None:
    server.behaviour = silent
    result = asking.runpytest(*RUN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told_cleanly(result)
    said = " ".join(output(result).split())
    assert "127.0.0.1 returned no token log-probabilities that spell its answers" in said
    assert "take logprobs = true out of [models.remote.api]" in said
    stored = [row for path in asking.path.glob("reports/store/*.jsonl") for row in rows(path)]
    assert len(stored) == len(server.requests) == 5
